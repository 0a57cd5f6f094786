package e2e

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"callbyname/internal/compare"
)

// Where DNS caches (as older clusters have it, and NodeLocal DNSCache), the name of a pod leads to the old one until the answer
// is too old. Its TTL, which counts down, tells in advance when that is. A Service's name leads to an address that stays, and
// does not care.
func TestWithCachedNamesAPodsNameIsStaleUntilItsTTLIsOver(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	l.steady(8)
	all, _ := l.rows("headless")
	ttl := func(r row) time.Duration {
		if r.result.Answer == nil { // a void probe's
			return 0
		}
		return r.result.Answer.TTL
	}
	if last := all[len(all)-8:]; !slices.ContainsFunc(last, func(r row) bool { return ttl(r) != ttl(last[0]) }) {
		s.Skipf("for seven rounds the TTL of the pod's name was %v: this cluster's DNS does not cache it", ttl(last[0]))
	}
	s.await(patience, "an answer that is good for longer than a recreation takes", func() string {
		if all, _ := l.rows("headless"); ttl(all[len(all)-1]) <= 15*time.Second {
			return ttl(all[len(all)-1]).String()
		}
		return ""
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
