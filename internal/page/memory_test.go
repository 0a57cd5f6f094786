package page_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
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

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first one left to be swept, or in a pool
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
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

// Of many targets most are quiet: what is kept of them decides what a prober takes.
func TestAQuietTargetAmongManyTakesThreeKilobytes(t *testing.T) {
	const n, rounds, most = 2000, 80, 3 << 10 // rounds until no lane keeps more latencies
	targets, next := make([]probe.Target, n), make([]func(uint64) probe.Round, n)
	for i := range targets {
		targets[i], next[i] = steady(fmt.Sprintf("target-%04d", i))
	}
	// kept is what is in use once a tracker has seen all rounds, and a page if it is to.
	kept := func(shown bool) uint64 {
		before := heap()
		s := show(options, nil, targets...)
		if !shown {
			s.Page = nil
		}
		for seq := uint64(1); seq <= rounds; seq++ {
			for i := range next {
				r := next[i](seq)
				r.Results = slices.Clone(r.Results) // as a prober makes them
				o, err := s.tracker.Observe(r)
				if err != nil {
					t.Fatal(err)
				}
				if shown {
					s.Observe(r, o)
				}
			}
		}
		after := heap()
		runtime.KeepAlive(s)
		return after - before
	}
	tracked := kept(false)
	if page := (kept(true) - tracked) / n; page > most {
		t.Errorf("%d bytes, want %d at most", page, most)
	} else {
		t.Logf("%d bytes", page)
	}
}

func TestATargetAmongManyIsShownWithoutACurve(t *testing.T) {
	const n = 1001
	targets := make([]probe.Target, n)
	var next func(uint64) probe.Round
	for i := range targets {
		targets[i], next = steady(fmt.Sprintf("target-%04d", i))
	}
	s := show(options, nil, targets...)
	for seq := uint64(1); seq <= 3; seq++ {
		s.observe(t, next(seq))
	}
	for _, lane := range s.json(t, "/api/v1/targets/target-1000")["lanes"].([]any) {
		lane := lane.(map[string]any)
		if curve, ok := lane["curve"].([]any); !ok || len(curve) != 0 || len(lane["latency"].([]any)) != 3 {
			t.Errorf("%v", lane)
		}
	}
}
