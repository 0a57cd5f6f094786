package page_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// restless is a target whose pod is replaced every four rounds.
type restless struct {
	target probe.Target
	pin    netip.AddrPort
}

func newRestless(name string) *restless {
	sc := comparetest.Scenario{Approaches: "ip headless cached"}
	r := &restless{target: sc.Target()}
	r.target.Name = name
	return r
}

func (r *restless) round(seq uint64, interval time.Duration) probe.Round {
	at := time.Duration(seq-1) * interval
	round := probe.Round{Target: r.target.Name, Seq: seq, At: at, Wall: comparetest.Start.Add(at)}
	generation, in := seq/4, seq%4
	ip := netip.AddrFrom4([4]byte{10, byte(generation >> 8), byte(generation), 1})
	who := &identity.Report{Local: netip.AddrPortFrom(ip, 80)}
	who.Name, who.UID, who.Instance, who.IPs = "pod-httpd", fmt.Sprint("uid-", generation), fmt.Sprint("i-", generation), []netip.Addr{ip}
	for _, a := range r.target.Approaches {
		result := probe.Result{Outcome: probe.OK, Status: 200, Total: time.Duration(500+seq%50*10) * time.Microsecond, Who: who,
			Addr: netip.AddrPortFrom(ip, 80), Answer: &resolve.Answer{Host: a.Host, Rcode: "NOERROR", Source: resolve.FromDNS, Addrs: []netip.Addr{ip}}}
		switch {
		case a.Pinned() && !r.pin.IsValid():
			result = probe.Result{Outcome: probe.Pending}
		case a.Pinned() && r.pin.Addr() != ip:
			result = probe.Result{Outcome: probe.ConnectTimeout, Addr: r.pin}
		case a.Pinned():
			result.Answer = nil
		case in < 1 && generation > 0:
			result = probe.Result{Outcome: probe.DNSNotFound, Answer: &resolve.Answer{Host: a.Host, Rcode: "NXDOMAIN", Source: resolve.FromDNS}}
		}
		round.Results = append(round.Results, result)
	}
	return round
}

// However many rounds there are, and however much happens in them, what is kept of them does not grow.
func TestADayOfFiftyTargetsFitsIntoTheMemoryOfHalfADay(t *testing.T) {
	const interval, n = time.Minute, 50
	var all []*restless
	var targets []probe.Target
	for i := range n {
		all = append(all, newRestless(fmt.Sprintf("target-%02d", i)))
		targets = append(targets, all[i].target)
	}
	s := show(compare.Options{Interval: interval, Settle: 2 * time.Minute, RepinAfter: time.Second}, nil, targets...)
	b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=target-00"}
	b.connect()
	b.next()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var half uint64
	const rounds = uint64(24 * time.Hour / interval)
	for seq := uint64(1); seq <= rounds; seq++ {
		for _, r := range all {
			for _, pin := range s.observe(t, r.round(seq, interval)) {
				r.pin = pin.Addr
			}
		}
		if seq == rounds/2 {
			half = heap()
		}
	}
	full := heap()
	t.Logf("%d rounds: %d KB after half a day, %d KB after a day", n*rounds, (half-before)>>10, (full-before)>>10)
	if full-before > (half-before)*11/10 || full-before > 64<<20 {
		t.Errorf("it grew from %d to %d KB", (half-before)>>10, (full-before)>>10)
	}
	b.lose()
	if recreated := s.json(t, "/api/v1/targets/target-00")["recreated"].(float64); recreated < 100 {
		t.Errorf("only %v recreations", recreated)
	}
	if body := s.get("/api/v1/targets/target-00").Body.Len(); body > 1<<20 {
		t.Errorf("a target takes %d KB", body>>10)
	}
}
