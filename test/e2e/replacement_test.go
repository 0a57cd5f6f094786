package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// A pod is deleted by force while its replacement is Ready: whoever looks the name up finds the replacement, and the connection
// that is kept to the old pod tells what it costs.
//
// When the process ends, its kernel closes the connection, which the prober sees before it uses it again: nothing is lost. When
// the pod is cut off first, as by a node that lost its power, nobody says a word: exactly one probe is lost, the one that waits
// in vain on that connection. The next one looks the name up, which leads to the replacement alone, as the deletion took the
// old pod out of it. (Only the kept connection has a number that can be foretold. By the Service a probe is lost if it comes
// before kube-proxy has followed, and is sent to the old pod; by a headless name none, since the addresses are tried one after
// the other.)
func TestAForcedDeletionWithAReplacementReadyCostsAKeptConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cutOff bool
		lost   int
	}{
		"nothing when the process ends":   {false, 0},
		"one probe when the pod is muted": {true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSpace(t, "overlays/approaches", often(), withMute)
			l := s.prober("pod-prober")
			l.steady(20) // until then a replica that is seen for the first time may have been there before
			old := s.pod("pod-httpd")
			s.addReplica(old, "pod-httpd-2")
			replacement := s.ready("httpd", 2)[1]
			wait(l, patience, "the replacement to be found by the Service", func(since []*probelog.Record) (bool, bool) {
				found := slices.ContainsFunc(since, func(r *probelog.Record) bool { return answeredBy(r, "dns", replacement.UID) })
				return found, found
			})
			l.steady(4)
			if c.cutOff {
				s.kubectl("exec", "pod-httpd", "--container=helper", "--", "/helper", "mute")
			}
			now := int64(0)
			if err := s.client.CoreV1().Pods(s.name).Delete(t.Context(), "pod-httpd", metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
				t.Fatal(err)
			}
			r := l.event(patience, compare.Settled, "").Recreation
			l.checkRecreation(r, old, replacement)
			for _, e := range r.Effects {
				t.Logf("%-10s %-10s lost %2d: %s", e.Approach, e.Verdict, e.Lost, l.sequence(e.Approach))
			}
			ip, keepalive, want := r.Effects[0], r.Effects[5], compare.Came
			if keepalive.Lost == 0 {
				want = compare.Survived
			}
			// On a busy machine the probe that waits in vain may be void: a prober that was starved blames nobody.
			_, rows := l.rows("keepalive")
			void := slices.ContainsFunc(rows, func(r row) bool { return r.outcome == probe.Void })
			if ip.Verdict != compare.Broken || keepalive.Verdict != want || keepalive.Lost > c.lost || keepalive.Lost < c.lost && !void {
				t.Errorf("ip %s, keepalive %s with %d lost, not %d", ip.Verdict, keepalive.Verdict, keepalive.Lost, c.lost)
			}
		})
	}
}

// Of three replicas the pinned one goes: whoever has its number is out, the name leads to the others.
func TestOneOfThreeReplicasTakesItsIPAlong(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/replicas", often(), flags("--log-format=json", "--settle=10s"))
	before := s.ready("httpd", 3)
	l := s.prober("pod-prober")
	pinned := l.event(patience, compare.Pinned, "")
	l.steady(24) // longer than --settle: later, a pod that is seen for the first time is new
	i := slices.IndexFunc(before, func(p *corev1.Pod) bool { return string(p.UID) == pinned.Pod.UID })
	if i < 0 || before[i].Status.PodIP != pinned.Addr.Addr().String() {
		t.Fatalf("pinned %+v, which Kubernetes does not have", pinned.Pod)
	}
	s.kubectl("delete", "pod", before[i].Name)
	r := l.event(patience, compare.Settled, "").Recreation
	after := s.ready("httpd", 3)
	isNew := func(p *corev1.Pod) bool {
		return !slices.ContainsFunc(before, func(b *corev1.Pod) bool { return b.UID == p.UID })
	}
	l.checkRecreation(r, before[i], after[slices.IndexFunc(after, isNew)])
	l.checkVerdicts(r, map[string]compare.Verdict{"ip": compare.Broken, "dns": compare.Survived})
}

// withMute puts the helper beside httpd, with the right to take the pod's interface down, which a namespace for users refuses.
func withMute(o runtime.Object) {
	switch o := o.(type) {
	case *corev1.Namespace:
		o.Labels["pod-security.kubernetes.io/enforce"] = "privileged"
	case *corev1.Pod:
		if o.Name != "pod-httpd" {
			return
		}
		root, may := int64(0), false
		o.Spec.Containers = append(o.Spec.Containers, corev1.Container{
			Name: "helper", Image: helperImage, ImagePullPolicy: corev1.PullIfNotPresent, Args: []string{"wait"},
			SecurityContext: &corev1.SecurityContext{
				RunAsUser: &root, RunAsNonRoot: &may,
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_ADMIN"}},
			},
		})
	}
}

// addReplica creates a copy of a pod under another name.
func (s *space) addReplica(p *corev1.Pod, name string, edits ...edit) {
	s.Helper()
	replica := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: p.Labels}, Spec: *p.Spec.DeepCopy()}
	replica.Spec.Hostname, replica.Spec.NodeName = name, ""
	for _, change := range edits {
		change(replica)
	}
	if _, err := s.client.CoreV1().Pods(s.name).Create(s.Context(), replica, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
}
