package e2e

import (
	"bufio"
	"encoding/json"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// report is what the helper says of its load.
type report struct {
	Requests, Failed, Fresh int
	Took, Slowest           time.Duration
	Pods, Errors            map[string]int
}

// The promise that httpd's drain is made for: the Deployment is updated under load through the Service, half of it over kept
// connections, and not one request fails. The test runs alone, so that the load is what was asked for.
func TestARollingUpdateUnderLoadFailsNoRequest(t *testing.T) {
	s := newSpace(t, "overlays/deployment")
	old := s.ready("httpd", 1)[0]
	prober := s.ready("prober", 1)[0]
	// kube-proxy follows a second later: who calls a Service before, is refused. Its node's has when a few calls in a row are
	// answered.
	calls := 0
	s.await(patience, "the Service to answer", func() string {
		if _, err := s.tryKubectl("", "exec", "pod-prober", "--", "curl", "-sf", "-o", "/dev/null", "-m", "2", s.url()); err != nil {
			calls = 0
			return err.Error()
		}
		if calls++; calls < 3 {
			return "a few times in a row"
		}
		return ""
	})
	s.addReplica(prober, "load", func(o runtime.Object) { // with the prober's labels: the NetworkPolicy admits it
		pod := o.(*corev1.Pod)
		pod.Spec.NodeName, pod.Spec.RestartPolicy = prober.Spec.NodeName, corev1.RestartPolicyNever
		c := &pod.Spec.Containers[0]
		c.Name, c.Image, c.Args = "helper", helperImage, []string{"load", "--rate=600", "--for=25s", s.url()}
	})
	stream := s.open("load", "helper")
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	if !lines.Scan() {
		t.Fatalf("the load did not begin: %v", lines.Err())
	}
	began := time.Now()
	s.kubectl("rollout", "restart", "deployment/httpd")
	s.kubectl("rollout", "status", "deployment/httpd", "--timeout=60s")
	updated := time.Since(began)
	successor := s.ready("httpd", 1)[0]
	var r report
	if !lines.Scan() {
		t.Fatalf("the load did not end: %v", lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, lines.Bytes())
	}
	var oldGone time.Duration
	for _, seen := range s.pods.all() {
		if seen.object.UID == old.UID && seen.gone {
			oldGone = seen.at.Sub(began)
		}
	}
	rate := float64(r.Requests) / r.Took.Seconds()
	t.Logf("%d requests in %v (%.0f/s), %d on new connections, slowest %v: %d failed; updated after %v, the old pod gone after %v; it "+
		"answered %d, the new one %d", r.Requests, ms(r.Took), rate, r.Fresh, ms(r.Slowest), r.Failed,
		ms(updated), ms(oldGone), r.Pods[string(old.UID)], r.Pods[string(successor.UID)])
	if r.Failed > 0 {
		t.Errorf("failed requests: %v", r.Errors)
	}
	if rate < 500 || r.Took < 20*time.Second || oldGone == 0 || oldGone > r.Took {
		t.Error("that was no load of 500/s for 20 s that outlasts the old pod")
	}
	if a, b := r.Pods[string(old.UID)], r.Pods[string(successor.UID)]; a == 0 || b == 0 || a+b != r.Requests {
		t.Errorf("answers by pod: %v, not only by %s and %s", r.Pods, old.UID, successor.UID)
	}
}
