package e2e

import (
	"slices"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// often is the rate of most tests: twice a second, so that a pod is never recreated between two probes.
func often() edit { return flags("--interval=500ms", "--timeout=450ms") }

// allButIP is what a recreation does to the six approaches.
var allButIP = map[string]compare.Verdict{
	"ip": compare.Broken, "dns": compare.Came, "headless": compare.Came, "pod-dns": compare.Came, "cached": compare.Came,
	"keepalive": compare.Came,
}

// The six approaches through one recreation, as `make recreate` makes it.
func TestARecreationBreaksTheIPAndNotTheNames(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	pinned := l.event(patience, compare.Pinned, "")
	l.steady(5)
	old := s.recreate()
	if pinned.Addr.Addr().String() != old.Status.PodIP || pinned.Pod.UID != string(old.UID) {
		t.Errorf("pinned %v, %s, where Kubernetes has %s, %s", pinned.Addr, pinned.Pod.UID, old.Status.PodIP, old.UID)
	}
	r := l.event(patience, compare.Settled, "").Recreation
	l.checkRecreation(r, old, s.pod("pod-httpd"))
	l.checkVerdicts(r, allButIP)
	l.checkIPClasses(r)
	l.checkOutage("dns", "apache")
	l.checkOutage("headless", "apache-pods")
	l.checkOutage("pod-dns", "apache-pods")

	back := l.event(0, compare.Recovered, "headless").Outage.End
	_, rows := l.rows("keepalive")
	if late := slices.DeleteFunc(rows, func(r row) bool { return r.Seq < back.Seq || !r.outcome.Failed() }); len(late) > 1 {
		t.Errorf("keepalive failed %d times after headless was back in round %d", len(late), back.Seq)
	}
	l.checkCache("cached", back)
}

// checkCache checks that an approach kept its address as long as it should and no longer, given when the name was back.
func (l *tail) checkCache(approach string, back compare.Moment) {
	l.Helper()
	outage := l.event(0, compare.Recovered, approach).Outage
	all, _ := l.rows(approach)
	var asked compare.Moment
	for _, r := range all {
		if r.Seq < outage.First.Seq && r.outcome == probe.OK && !r.result.FromCache {
			asked = r.Moment
		}
	}
	var kept, interval time.Duration
	run := l.run()
	for _, a := range run.Targets[0].Approaches {
		if a.Name == approach {
			kept = a.Cache
		}
	}
	interval = run.Options.Interval
	over := asked.At + kept
	l.Logf("%-10s asked DNS at %v for %v, the name was back at %v, and it at %v", approach, ms(asked.At), kept, ms(back.At), ms(outage.End.At))
	// The cache is over some milliseconds after the round in which it began, and so the next round may be the first to notice.
	if late := outage.End.At - max(over, back.At); asked.IsZero() || kept == 0 || late < -interval/2 || late > interval+interval/2 {
		l.Errorf("%s came back %v after its cache was over, and the name back", approach, late)
	}
}
