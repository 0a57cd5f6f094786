package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// The Service goes and comes back, and the pod does not care: DNS is the one to blame, and the new address is told.
func TestADeletedServiceTakesItsNameAlong(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	l.steady(5)
	was := s.service("apache").Spec.ClusterIP
	s.kubectl("delete", "service", "apache")
	broke := l.event(patience, compare.Broke, "dns")
	t.Log(broke.Sentence())
	// CoreDNS hears of it at once. kube-proxy may be first, or a probe may be under way.
	l.awaitClass("dns", probe.DNSNotFound)
	l.event(patience, compare.DNSChanged, "")
	s.applyFile("configs/service-apache.yml")
	now := s.service("apache").Spec.ClusterIP
	recovered := l.event(patience, compare.Recovered, "dns")
	t.Logf("%s -> %s: %s: %s", was, now, recovered.Sentence(), l.sequence("dns"))
	if broke.Outage.Classes[0] == probe.DNSNotFound && broke.Outage.Likely != compare.NoService {
		t.Errorf("likely %q", broke.Outage.Likely)
	}
	changed := wait(l, 0, "the new address", func(since []*probelog.Record) (compare.Event, bool) {
		i := slices.IndexFunc(since, func(r *probelog.Record) bool { return isEvent(r, compare.DNSChanged, "") && len(r.Event.Addrs) == 1 })
		if i < 0 {
			return compare.Event{}, false
		}
		return *since[i].Event, true
	})
	t.Log(changed.Sentence())
	if changed.Addrs[0].String() != now {
		t.Errorf("DNS changed to %v, where Kubernetes has %s", changed.Addrs, now)
	}
	l.untouched("ip", "headless", "pod-dns", "cached", "keepalive")
	if n := l.count(compare.Recreated, ""); n > 0 {
		t.Errorf("%d recreations", n)
	}
}

// Whoever has to ask DNS is out while it is down, with a class that says so; whoever knows the address is not. This takes DNS
// from the whole cluster, so no other test runs beside it.
func TestWithoutDNSOnlyWhoAsksIsOut(t *testing.T) {
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	l.steady(5)
	before := s.scaleDNS(0)
	t.Cleanup(func() { s.scaleDNS(before) })
	broke := l.event(patience, compare.Broke, "dns")
	t.Log(broke.Sentence())
	l.await(patience, "ten seconds without DNS", func() string {
		if _, rows := l.rows("dns"); rows[len(rows)-1].At-broke.At < 10*time.Second {
			return "not yet"
		}
		return ""
	})
	s.scaleDNS(before)
	l.steadySince(3)
	for _, approach := range []string{"dns", "headless", "pod-dns"} {
		_, rows := l.rows(approach)
		for _, row := range rows {
			if row.outcome.Failed() && row.outcome != probe.DNSTimeout && row.outcome != probe.DNSUnreachable {
				t.Errorf("%s failed by %s", approach, row.outcome)
			}
		}
		outage := l.event(0, compare.Recovered, approach).Outage
		t.Logf("%-10s out for %v: %s", approach, outage.Duration(), l.sequence(approach))
		if outage.Likely != compare.DNSItself || outage.Duration() < 10*time.Second {
			t.Errorf("%s: out for %v, likely %q", approach, outage.Duration(), outage.Likely)
		}
	}
	l.untouched("ip", "keepalive")
	if n := l.count(compare.Recreated, "") + l.count(compare.DNSChanged, ""); n > 0 {
		t.Errorf("%d events that tell of other pods or addresses", n)
	}
}

// scaleDNS sets how many pods CoreDNS has, and returns how many it had. The context is none of the test's, which may be over.
func (s *space) scaleDNS(n int32) (before int32) {
	s.Helper()
	deployments := s.client.AppsV1().Deployments("kube-system")
	scale, err := deployments.GetScale(context.Background(), "coredns", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	before, scale.Spec.Replicas = scale.Spec.Replicas, n
	if _, err := deployments.UpdateScale(context.Background(), "coredns", scale, metav1.UpdateOptions{}); err != nil {
		s.Fatal(err)
	}
	return before
}

// untouched checks that approaches lost nothing since the mark.
func (l *tail) untouched(approaches ...string) {
	l.Helper()
	for _, approach := range approaches {
		_, rows := l.rows(approach)
		for _, row := range rows {
			if row.outcome.Failed() {
				l.Errorf("%s: %s", approach, l.sequence(approach))
				break
			}
		}
	}
}

// awaitClass waits until a probe of an approach fails with a class.
func (l *tail) awaitClass(approach string, class probe.Outcome) {
	l.Helper()
	l.await(patience, approach+" to fail with "+string(class), func() string {
		_, rows := l.rows(approach)
		if slices.ContainsFunc(rows, func(r row) bool { return r.outcome == class }) {
			return ""
		}
		return l.sequence(approach)
	})
}

// A prober's pod is recreated, and httpd's while nobody looks: the first run ends with its own word, and the second knows of
// nothing but what it sees. Time in which nobody looked is neither up nor down.
func TestARecreatedProberBeginsAnew(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	first := s.prober("pod-prober")
	first.steady(5)
	manifest := s.kubectl("get", "pod", "pod-prober", "-o", "yaml")
	s.kubectl("delete", "pod", "pod-prober")
	s.await(patience, "the first log's end", func() string {
		select {
		case <-first.done:
			return ""
		default:
			return "it goes on"
		}
	})
	if stop := first.replay.Runs()[0].Stop; stop == nil || stop.Reason != "SIGTERM" {
		t.Errorf("the first run ended with %+v", stop)
	}
	first.untouched("ip", "dns", "headless", "pod-dns", "cached", "keepalive")

	old := s.recreate()
	now := s.ready("httpd", 1)[0]
	if _, err := s.tryKubectl(manifest, "replace", "--force", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	second := s.prober("pod-prober")
	pinned := second.event(patience, compare.Pinned, "")
	second.steady(5)
	if pinned.Pod.UID != string(now.UID) || pinned.Addr.Addr().String() != now.Status.PodIP || pinned.Pod.UID == string(old.UID) {
		t.Errorf("pinned %v, %s, where Kubernetes has %s, %s", pinned.Addr, pinned.Pod.UID, now.Status.PodIP, now.UID)
	}
	if a, b := first.run().ID, second.run().ID; a == b {
		t.Errorf("both runs are %s", a)
	}
	if sum := second.summary(); sum.Recreated != 0 || sum.Paused != 0 {
		t.Errorf("%d recreations, %v paused", sum.Recreated, sum.Paused)
	}
}
