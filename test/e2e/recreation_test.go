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
	l.checkOutage("dns", s.unready("apache")[0])
	l.checkOutage("headless", s.unready("apache-pods")[0])
	l.checkOutage("pod-dns", s.unready("apache-pods")[0])

	headless, keepalive := l.event(0, compare.Recovered, "headless").Outage, l.event(0, compare.Recovered, "keepalive").Outage
	if keepalive.End.Seq > headless.End.Seq+1 {
		t.Errorf("keepalive came back in round %d, headless in round %d", keepalive.End.Seq, headless.End.Seq)
	}
	l.checkCache("cached", headless.End)
}

// checkCache checks that an approach kept its address as long as it should and no longer, given when the name was back.
func (l *tail) checkCache(approach string, back compare.Moment) {
	l.Helper()
	outage := l.event(0, compare.Recovered, approach).Outage
	all, _ := l.rows(approach)
	asked := slices.IndexFunc(all, func(r row) bool { return r.Seq == outage.First.Seq })
	for asked--; asked >= 0 && all[asked].result.FromCache; asked-- {
	}
	if asked < 0 || all[asked].outcome != probe.OK {
		l.Fatalf("%s: no success that was resolved before round %d", approach, outage.First.Seq)
	}
	var kept, interval time.Duration
	run := l.run()
	for _, a := range run.Targets[0].Approaches {
		if a.Name == approach {
			kept = a.Cache
		}
	}
	interval = run.Options.Interval
	over := all[asked].At + kept
	l.Logf("%-10s asked DNS at %v for %v, the name was back at %v, and it at %v", approach, all[asked].At.Round(time.Millisecond), kept,
		back.At.Round(time.Millisecond), outage.End.At.Round(time.Millisecond))
	// The cache is over some milliseconds after the round in which it began, and so the next round may be the first to notice.
	if late := outage.End.At - max(over, back.At); kept == 0 || late < -interval/2 || late > interval+interval/2 {
		l.Errorf("%s came back %v after its cache was over, and the name back", approach, late)
	}
}
