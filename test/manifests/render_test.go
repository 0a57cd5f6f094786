// Package manifests checks what users apply to their clusters, without a cluster: that all of it renders, holds nothing that
// Kubernetes does not know, is admitted, and does what it is for. The folders are those at the repository's top. What
// only a cluster can tell is left to package e2e.
//
// Go's test cache does not look at files outside the module, and these are: go test -count=1 ./manifests
package manifests

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	root      = "../.."
	configs   = root + "/manifests/configs"
	overlays  = root + "/manifests/overlays"
	namespace = "localcluster"
)

// kustomizations are all folders that a user can apply: the tutorial's, and each overlay.
func kustomizations(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(overlays + "/*")
	if err != nil || len(all) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	return append([]string{configs}, all...)
}

// each runs a test on every kustomization.
func each(t *testing.T, test func(*testing.T, objects)) {
	for _, dir := range kustomizations(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) { test(t, render(t, dir)) })
	}
}

// objects are those that a folder makes, in the order in which they are made.
type objects []runtime.Object

// render does what `kubectl kustomize` does, with the same library.
func render(t *testing.T, dir string) objects {
	t.Helper()
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var all objects
	for _, r := range rendered.Resources() {
		doc, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, decode(t, doc))
	}
	return all
}

// decode refuses fields that the kind does not have.
func decode(t *testing.T, doc []byte) runtime.Object {
	t.Helper()
	o, _, err := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer().Decode(doc, nil, nil)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, doc)
	}
	return o
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// of are the objects of one kind.
func of[T runtime.Object](all objects) []T {
	var found []T
	for _, o := range all {
		if o, ok := o.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// only is the one object of its kind.
func only[T runtime.Object](t *testing.T, all objects) T {
	t.Helper()
	found := of[T](all)
	if len(found) != 1 {
		t.Fatalf("%d of %T, not 1", len(found), *new(T))
	}
	return found[0]
}

// pods are all pods that the objects are, or make. Their names are those of the objects that they come from.
func (all objects) pods() []corev1.Pod {
	var pods []corev1.Pod
	add := func(name string, template corev1.PodTemplateSpec) {
		pod := corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		pod.Name, pod.Namespace = name, namespace
		pods = append(pods, pod)
	}
	for _, o := range all {
		switch o := o.(type) {
		case *corev1.Pod:
			pods = append(pods, *o)
		case *appsv1.Deployment:
			add(o.Name, o.Spec.Template)
		case *appsv1.DaemonSet:
			add(o.Name, o.Spec.Template)
		}
	}
	return pods
}

// with are the pods that have a container of that name.
func with(pods []corev1.Pod, container string) []corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return find(p, container) == nil })
}

// find is the container of that name, or nil.
func find(p corev1.Pod, container string) *corev1.Container {
	for i := range p.Spec.Containers {
		if p.Spec.Containers[i].Name == container {
			return &p.Spec.Containers[i]
		}
	}
	return nil
}

// env is the value of a variable, or nothing.
func env(c *corev1.Container, name string) string {
	for _, v := range c.Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}
