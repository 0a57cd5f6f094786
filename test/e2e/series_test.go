package e2e

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// Fifty recreations in a row, each measured because the pin moves on after the one before: fifty verdicts, each about the right
// pods, and each what the rows say. A second to settle is enough for what is to be seen, that ip stays broken. The old pod is
// deleted by force, so that it may still serve when the successor is Ready, and then dns has not lost a probe. On a busy
// machine a probe of dns may be lost again just when the verdict is due: that is broken, and recovered by the next probe.
func TestFiftyRecreationsInARowGiveFiftyRightVerdicts(t *testing.T) {
	const n = 50
	t.Parallel()
	s := newSpace(t, "configs", flags("--log-format=json", "--interval=250ms", "--timeout=225ms", "--settle=1s", "--repin-after=250ms"))
	l := s.prober("pod-prober")
	l.steady(10)
	began := time.Now()
	var outages []time.Duration
	for i := range n {
		old := s.pod("pod-httpd")
		s.replaceNow(old)
		r := l.event(patience, compare.Settled, "").Recreation
		successor := s.pod("pod-httpd")
		l.checkRecreation(r, old, successor)
		ip, dns := r.Effects[0], r.Effects[1]
		if r.N != i+1 || ip.Verdict != compare.Broken || !l.isRight(ip, r.Settled.Seq) || !l.isRight(dns, r.Settled.Seq) {
			t.Fatalf("recreation %d, the %dth, did %+v; ip %s; dns %s", r.N, i+1, r.Effects, l.sequence("ip"), l.sequence("dns"))
		}
		outages = append(outages, dns.For)
		repinned := l.event(patience, compare.Repinned, "")
		if repinned.Pod.UID != string(successor.UID) || repinned.Addr.Addr().String() != successor.Status.PodIP {
			t.Errorf("pinned anew %v %s, where Kubernetes has %s %s", repinned.Addr, repinned.Pod.UID, successor.Status.PodIP, successor.UID)
		}
		l.mark = wait(l, patience, "the new pin", func(since []*probelog.Record) (int, bool) {
			at := slices.IndexFunc(since, func(r *probelog.Record) bool { return isEvent(r, compare.Repinned, "") })
			return l.mark + at + 1, at >= 0
		})
		l.steady(3)
	}
	sum := l.summary()
	ip, dns := sum.Approaches[0], sum.Approaches[1]
	if sum.Recreated != n || ip.Verdicts[compare.Broken] != n || dns.Verdicts[compare.Came]+dns.Verdicts[compare.Survived] != n {
		t.Errorf("%d recreations; ip %v, dns %v", sum.Recreated, ip.Verdicts, dns.Verdicts)
	}
	slices.Sort(outages)
	t.Logf("%d recreations in %v; dns was out for %v, %v, %v (least, median, most), and lost %d of %d probes; ip lost %d", n,
		time.Since(began).Round(time.Second), outages[0], outages[n/2], outages[n-1], dns.Lost, dns.Probes, ip.Lost)
}

// isRight reports whether a verdict is what the rows say from the mark to the round in which it was given.
func (l *tail) isRight(e compare.Effect, settled uint64) bool {
	lost, last := 0, probe.OK
	_, rows := l.rows(e.Approach)
	for _, row := range rows {
		if row.Seq <= settled && row.outcome != probe.Void {
			last = row.outcome
			if last.Failed() {
				lost++
			}
		}
	}
	want := compare.Came
	switch {
	case last.Failed():
		want = compare.Broken
	case lost == 0:
		want = compare.Survived
	}
	return e.Verdict == want && e.Lost == lost
}

// replaceNow deletes a pod by force, and creates it anew as soon as its name is free.
func (s *space) replaceNow(old *corev1.Pod) {
	s.Helper()
	pods, now := s.client.CoreV1().Pods(s.name), int64(0)
	if err := pods.Delete(s.Context(), old.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		s.Fatal(err)
	}
	successor := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: old.Name, Labels: old.Labels}, Spec: *old.Spec.DeepCopy()}
	successor.Spec.NodeName = ""
	s.await(patience, "the name to be free", func() string {
		if _, err := pods.Create(s.Context(), successor, metav1.CreateOptions{}); err != nil {
			return err.Error()
		}
		return ""
	})
}
