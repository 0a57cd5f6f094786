package manifests

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
)

// files are those that `kubectl apply -f` takes of a folder, in its order.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir) // sorted, as kubectl sorts
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names
}

// called is kind and name: what a file is named for, and what tells objects apart.
func called(t *testing.T, o runtime.Object) string {
	t.Helper()
	m, err := meta.Accessor(o)
	if err != nil {
		t.Fatal(err)
	}
	kind := strings.ToLower(o.GetObjectKind().GroupVersionKind().Kind)
	if strings.HasPrefix(m.GetName(), kind+"-") {
		return m.GetName()
	}
	return kind + "-" + m.GetName()
}

func TestEachFileHoldsOneObjectAndIsNamedForIt(t *testing.T) {
	for _, name := range files(t, configs) {
		raw := read(t, filepath.Join(configs, name))
		o := decode(t, raw)
		want := called(t, o) + ".yml"
		if _, ok := o.(*corev1.Namespace); ok {
			want = "namespace.yml"
		}
		if name != want {
			t.Errorf("%s holds what belongs into %s", name, want)
		}
		if bytes.Contains(raw, []byte("\n---")) {
			t.Errorf("%s holds more than one object", name)
		}
	}
}

func TestAppliedFileByFileTheNamespaceComesFirst(t *testing.T) {
	first := files(t, configs)[0]
	if o, ok := decode(t, read(t, filepath.Join(configs, first))).(*corev1.Namespace); !ok || o.Name != namespace {
		t.Errorf("%s comes first", first)
	}
}

func TestByFilesAndByKustomizationTheSameIsApplied(t *testing.T) {
	var byFile, byKustomization []string
	for _, name := range files(t, configs) {
		byFile = append(byFile, called(t, decode(t, read(t, filepath.Join(configs, name)))))
	}
	for _, o := range render(t, configs) {
		byKustomization = append(byKustomization, called(t, o))
	}
	slices.Sort(byFile)
	slices.Sort(byKustomization)
	if !slices.Equal(byFile, byKustomization) {
		t.Errorf("by files %v, by kustomization %v", byFile, byKustomization)
	}
}

// Both commands take the same folder; of a kustomization with an ending, `kubectl apply -f` says that it is no object.
func TestTheTutorialsKustomizationIsNotTakenForAnObject(t *testing.T) {
	for _, name := range files(t, configs) {
		if strings.HasPrefix(strings.ToLower(name), "kustomization") {
			t.Errorf("kubectl apply -f would take %s", name)
		}
	}
}

func TestEverythingIsInTheNamespaceOfTheNamesAndLabelledAsOurs(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, o := range all {
			m, err := meta.Accessor(o)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := o.(*corev1.Namespace); !ok && m.GetNamespace() != namespace {
				t.Errorf("%s is in the namespace %q", called(t, o), m.GetNamespace())
			}
			if of := m.GetLabels()["app.kubernetes.io/part-of"]; of != "callbyname" {
				t.Errorf("%s is part of %q", called(t, o), of)
			}
		}
	})
}
