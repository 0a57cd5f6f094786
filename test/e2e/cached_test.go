package e2e

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probelog"
)

// Where DNS caches (as older clusters have it, and NodeLocal DNSCache), the name of a pod leads to the old one until the answer is
// too old. Its TTL, which counts down, tells in advance when that is. A Service's name leads to an address that stays, and does
// not care.
func TestWithCachedNamesAPodsNameIsStaleUntilItsTTLIsOver(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	l.steady(5)
	// The pod is recreated, in some seconds, while the old answer is good for longer.
	wait(l, patience, "an answer that is good for more than 15 s", func(since []*probelog.Record) (bool, bool) {
		if len(since) == 0 {
			return false, false
		}
		last := since[len(since)-1]
		i := slices.Index(last.Approaches, "headless")
		found := i >= 0 && last.Round.Results[i].Answer != nil && last.Round.Results[i].Answer.TTL > 15*time.Second
		return found, found
	})
	old := s.recreate()
	r := l.event(patience, compare.Recreated, "").Recreation
	successor := s.ready("httpd", 1)[0]
	l.checkRecreation(r, old, successor)
	l.event(patience, compare.Recovered, "dns")
	l.checkOutage("dns", "apache")
	ready := s.unready("apache-pods", r.LastOld.Wall).to

	interval := l.run().Options.Interval
	for _, approach := range []string{"headless", "pod-dns"} {
		outage := l.event(patience, compare.Recovered, approach).Outage
		_, rows := l.rows(approach)
		var over time.Time
		for _, row := range rows {
			if a := row.result.Answer; row.Seq < outage.End.Seq && a != nil {
				over = row.Wall.Add(a.TTL)
			}
		}
		t.Logf("%-10s back %v after the pod was, when its answer was over: %s", approach, ms(outage.End.Wall.Sub(ready)), l.sequence(approach))
		// CoreDNS counts in whole seconds, and rounds.
		if late := outage.End.Wall.Sub(over); late < -time.Second || late > interval+time.Second {
			t.Errorf("%s: back %v after the answer was over", approach, late)
		}
		for _, class := range outage.Classes {
			if !slices.Contains(gone, class) {
				t.Errorf("%s failed by %s, which is not what a stale address does", approach, class)
			}
		}
	}
	changed := l.event(patience, compare.DNSChanged, "")
	t.Log(changed.Sentence())
	is := func(addrs []netip.Addr, ip string) bool { return len(addrs) == 1 && addrs[0].String() == ip }
	if !is(changed.WasAddrs, old.Status.PodIP) || !is(changed.Addrs, successor.Status.PodIP) || changed.Wall.Sub(ready) < time.Second {
		t.Errorf("DNS changed at %v, the successor is ready since %v", changed.Wall, ready)
	}
	for _, approach := range []string{"cached", "keepalive"} {
		t.Log(l.event(patience, compare.Recovered, approach).Sentence())
	}
}
