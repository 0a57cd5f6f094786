package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// patience bounds what a cluster does in its own time: pulling, scheduling, starting. It bounds no promise of ours.
const patience = 90 * time.Second

// space is a namespace of a test's own, with what the API server said of it since it was made.
type space struct {
	*testing.T
	name   string
	client kubernetes.Interface
	pods   *history[*corev1.Pod]
	slices *history[*discoveryv1.EndpointSlice]
	tails  []*tail
}

// newSpace makes a namespace, applies a folder of manifests with the edits to it, and deletes it at the test's end. When the
// test failed, it shows first what there was.
func newSpace(t *testing.T, folder string, edits ...edit) *space {
	t.Helper()
	s := emptySpace(t)
	s.apply(edited(t, kustomize(t, folder, s.name), edits...))
	return s
}

// emptySpace has a name, and nothing has been applied to it.
func emptySpace(t *testing.T) *space {
	t.Helper()
	s := &space{T: t, name: "e2e-" + strings.ToLower(rand.Text()[:6]), client: connect(t)}
	s.pods = follow[*corev1.Pod](t, s.client.CoreV1().Pods(s.name).Watch)
	s.slices = follow[*discoveryv1.EndpointSlice](t, s.client.DiscoveryV1().EndpointSlices(s.name).Watch)
	t.Cleanup(func() {
		if t.Failed() {
			s.dump()
		}
		// It goes on in the background: a pod may take half a minute to end.
		ctx := context.Background()
		now, background := int64(0), metav1.DeletePropagationBackground
		s.client.CoreV1().Pods(s.name).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		err := s.client.CoreV1().Namespaces().Delete(ctx, s.name, metav1.DeleteOptions{PropagationPolicy: &background})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("deleting the namespace: %v", err)
		}
	})
	return s
}

// connect is a client for the cluster in $KUBECONFIG.
func connect(t *testing.T) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		t.Fatalf("reading $KUBECONFIG: %v", err)
	}
	config.QPS = -1                           // no waiting of the client's own: it would be taken for the cluster's
	config.WarningHandler = rest.NoWarnings{} // kubectl shows them
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// url is that of the Service as users call it.
func (s *space) url() string { return "http://apache." + s.name }

// kubectl is what a user would type, in the namespace; it fails the test when it fails.
func (s *space) kubectl(args ...string) string {
	s.Helper()
	out, err := s.tryKubectl("", args...)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// tryKubectl returns what was printed to standard output. The error is that of the program, with what it printed otherwise.
func (s *space) tryKubectl(stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"--namespace", s.name}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out), err
}

func (s *space) apply(yaml string) {
	s.Helper()
	if _, err := s.tryKubectl(yaml, "apply", "-f", "-"); err != nil {
		s.Fatal(err)
	}
}

// applyFile applies one file of the manifests.
func (s *space) applyFile(file string) {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(manifests, file))
	if err != nil {
		s.Fatal(err)
	}
	s.apply(strings.ReplaceAll(string(text), users, s.name))
}

// await waits until check returns "": what it returns else is what is missing.
func (s *space) await(limit time.Duration, what string, check func() (missing string)) {
	s.Helper()
	began := time.Now()
	for {
		missing := check()
		if missing == "" {
			return
		}
		if time.Since(began) > limit {
			s.Fatalf("%s: not within %v: %s", what, limit, missing)
		}
		select {
		case <-s.Context().Done():
			s.Fatal("stopped while waiting for ", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// pod is a pod as it is now.
func (s *space) pod(name string) *corev1.Pod {
	s.Helper()
	p, err := s.client.CoreV1().Pods(s.name).Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// service is a Service as it is now.
func (s *space) service(name string) *corev1.Service {
	s.Helper()
	service, err := s.client.CoreV1().Services(s.name).Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return service
}

// ready waits until n pods with the recommended name are Ready, and no others are there, and returns them in the order of their
// names; with 0 it waits until none is Ready.
func (s *space) ready(name string, n int) []*corev1.Pod {
	s.Helper()
	var found []*corev1.Pod
	s.await(patience, fmt.Sprintf("%d Ready pods of %s", n, name), func() string {
		list, err := s.client.CoreV1().Pods(s.name).List(s.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + name})
		if err != nil {
			return err.Error()
		}
		found = nil
		for i := range list.Items {
			p := &list.Items[i]
			s.hasImage(p)
			if n > 0 && (!isReady(p) || p.DeletionTimestamp != nil) {
				return p.Name + " is " + string(p.Status.Phase)
			}
			if isReady(p) {
				found = append(found, p)
			}
		}
		if len(found) != n {
			return fmt.Sprintf("there are %d", len(found))
		}
		return ""
	})
	return found
}

// hasImage ends the test when a pod waits for an image that nobody will bring.
func (s *space) hasImage(p *corev1.Pod) {
	s.Helper()
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && strings.Contains(w.Reason, "Image") {
			s.Fatalf("the cluster does not have the image %q (%s: %s): make images writes it to bin/, and docs/kubernetes.md says how to load it",
				c.Image, w.Reason, w.Message)
		}
	}
}

func isReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// recreate deletes pod-httpd and creates it again, as `make recreate` does. It returns the old pod.
func (s *space) recreate() (old *corev1.Pod) {
	s.Helper()
	old = s.pod("pod-httpd")
	manifest := s.kubectl("apply", "view-last-applied", "pod", "pod-httpd")
	if _, err := s.tryKubectl(manifest, "replace", "--force", "--save-config", "-f", "-"); err != nil {
		s.Fatal(err)
	}
	return old
}

// dump shows what there is to see of a failure, and keeps the whole logs for who runs with -artifacts.
func (s *space) dump() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, args := range [][]string{
		{"get", "pods,services,endpointslices", "-o", "wide"},
		{"get", "events", "--sort-by=.metadata.creationTimestamp"},
		{"logs", "--selector=app.kubernetes.io/name=httpd", "--tail=10", "--prefix"},
	} {
		out, _ := exec.CommandContext(ctx, "kubectl", append([]string{"--namespace", s.name}, args...)...).CombinedOutput()
		s.Logf("kubectl %s\n%s", strings.Join(args, " "), out)
	}
	for i, l := range s.tails {
		raw := l.raw()
		s.Logf("the end of the log of %s:\n%s", l.pod, lastLines(raw, 60))
		if err := os.WriteFile(filepath.Join(s.ArtifactDir(), fmt.Sprintf("%d-%s.log", i, l.pod)), []byte(raw), 0o644); err != nil {
			s.Error(err)
		}
	}
	s.Logf("EndpointSlices:\n%s", s.slices)
}

func lastLines(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}
