package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// manifests is the folder of what users apply, as seen from here.
const manifests = "../../manifests"

// users is the namespace in the manifests; each test has another one.
const users = "localcluster"

// helperImage is that of the program ../helper.
const helperImage = "callbyname/e2e"

// edit changes an object before it is applied: what makes a test's setup unlike the users'.
type edit func(runtime.Object)

// kustomize renders a folder below manifests for a namespace.
func kustomize(t *testing.T, folder, namespace string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "kubectl", "kustomize", filepath.Join(manifests, folder))
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("kubectl kustomize %s: %v\n%s", folder, err, &stderr)
	}
	return strings.ReplaceAll(string(out), users, namespace)
}

// edited is rendered YAML after the edits.
func edited(t *testing.T, rendered string, edits ...edit) string {
	t.Helper()
	var out strings.Builder
	for _, o := range objects(t, rendered) {
		for _, change := range edits {
			change(o)
		}
		out.WriteString("---\n" + encode(t, o))
	}
	return out.String()
}

func objects(t *testing.T, rendered string) []runtime.Object {
	t.Helper()
	var all []runtime.Object
	for r := yamlstream.NewYAMLReader(bufio.NewReader(strings.NewReader(rendered))); ; {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		o, _, err := scheme.Codecs.UniversalDeserializer().Decode(doc, nil, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		all = append(all, o)
	}
}

func encode(t *testing.T, o runtime.Object) string {
	t.Helper()
	raw, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// podSpec is the pod that an object is, or makes; nil for others.
func podSpec(o runtime.Object) *corev1.PodSpec {
	switch o := o.(type) {
	case *corev1.Pod:
		return &o.Spec
	case *appsv1.Deployment:
		return &o.Spec.Template.Spec
	case *appsv1.DaemonSet:
		return &o.Spec.Template.Spec
	}
	return nil
}

// container changes the containers of that name.
func container(name string, change func(*corev1.Container)) edit {
	return func(o runtime.Object) {
		if spec := podSpec(o); spec != nil {
			for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
				for i := range list {
					if list[i].Name == name {
						change(&list[i])
					}
				}
			}
		}
	}
}

// flags are given to the prober after those that the manifest gives: the last one wins.
func flags(args ...string) edit {
	return container("prober", func(c *corev1.Container) { c.Args = append(c.Args, args...) })
}

// on puts the pods with that container on a node.
func on(node, name string) edit {
	return func(o runtime.Object) {
		container(name, func(*corev1.Container) { podSpec(o).NodeName = node })(o)
	}
}
