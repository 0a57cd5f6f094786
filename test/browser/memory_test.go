package browser

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// restless is a target whose pod is replaced time and again.
type restless struct {
	target probe.Target
	number uint64
	pin    netip.AddrPort
}

// life is how many rounds a pod lives; for as many as gone the name leads nowhere then.
const life, gone = 100, 3

func newRestless(number uint64) *restless {
	r := &restless{target: comparetest.Scenario{Approaches: "ip headless"}.Target(), number: number}
	r.target.Name = fmt.Sprintf("target-%02d", number)
	return r
}

// round is a round of the target. Pods of different targets are not replaced at the same time.
func (r *restless) round(seq uint64, at time.Duration, started time.Time, results []probe.Result) probe.Round {
	generation, age := (seq+7*r.number)/life, (seq+7*r.number)%life
	ip := netip.AddrFrom4([4]byte{10, byte(generation >> 8), byte(generation), byte(r.number)})
	who := &identity.Report{Local: netip.AddrPortFrom(ip, 80)}
	who.Name, who.UID, who.Instance, who.IPs = "pod-httpd", fmt.Sprint("uid-", generation), fmt.Sprint("i-", generation), []netip.Addr{ip}
	took := time.Duration(500+seq%50*10) * time.Microsecond
	for i, a := range r.target.Approaches {
		ok := probe.Result{Outcome: probe.OK, Status: 200, Total: took, Who: who, Addr: netip.AddrPortFrom(ip, 80)}
		switch {
		case !a.Pinned() && age < gone:
			ok = probe.Result{Outcome: probe.DNSNotFound, Answer: &resolve.Answer{Host: a.Host, Rcode: "NXDOMAIN", Source: resolve.FromDNS}}
		case !a.Pinned():
			ok.Answer = &resolve.Answer{Host: a.Host, Rcode: "NOERROR", Source: resolve.FromDNS, Addrs: []netip.Addr{ip}, TTL: 5 * time.Second}
		case !r.pin.IsValid():
			ok = probe.Result{Outcome: probe.Pending}
		case r.pin.Addr() != ip || age < gone:
			ok = probe.Result{Outcome: probe.ConnectTimeout, Addr: r.pin, Detail: "no connection within 900ms"}
		}
		results[i] = ok
	}
	return probe.Round{Target: r.target.Name, Seq: seq, At: at, Wall: started.Add(at), Results: results}
}

// memory is what a page takes in the browser.
type memory struct{ heap, nodes, listeners float64 }

func (m memory) String() string {
	return fmt.Sprintf("%.0f KB of JavaScript heap, %.0f DOM nodes, %.0f listeners", m.heap/1024, m.nodes, m.listeners)
}

// memory is what the page takes after all is thrown away that it does not hold.
func (b *tab) memory() (m memory) {
	b.Helper()
	call(b, heapprofiler.CollectGarbage, struct{}{})
	for _, metric := range call(b, performance.GetMetrics, struct{}{}).Metrics {
		switch metric.Name {
		case "JSHeapUsedSize":
			m.heap = metric.Value
		case "Nodes":
			m.nodes = metric.Value
		case "JSEventListeners":
			m.listeners = metric.Value
		}
	}
	return m
}

// The page gets every round, one by one, as it would in a day. It is not parallel: it needs the machine for itself.
func TestADayOfRoundsOfFiftyTargetsDoesNotMakeThePageGrow(t *testing.T) {
	const (
		interval = 5 * time.Second
		n        = 50
		rounds   = uint64(24 * time.Hour / interval)
		step     = 200 // rounds at a time: fewer than the server keeps for who is behind
	)
	var all []*restless
	var targets []probe.Target
	for i := range uint64(n) {
		all = append(all, newRestless(i))
		targets = append(targets, all[i].target)
	}
	opt := compare.Options{Interval: interval, Settle: 30 * time.Second, RepinAfter: 30 * time.Second}
	s := newStand(t, "127.0.0.1:0", "run1", opt, 24*time.Hour, targets...)
	b := open(t, s.url+"/#target=target-00", light)
	b.until("it is live", func(s shown) bool { return s.Link == "live" && len(s.Targets) == n })
	// Who looks on must not be what grows.
	call(b, dom.Disable, struct{}{})
	call(b, css.Disable, struct{}{})
	call(b, network.Disable, struct{}{})
	call(b, performance.Enable, performance.EnableParams{})

	const seq = `import('/store.js').then((m) => m.store.target?.seq ?? 0)`
	var half memory
	began := time.Now()
	for from := uint64(1); from <= rounds; from += step {
		for at := from; at < min(from+step, rounds+1); at++ {
			for _, r := range all {
				for _, pin := range s.observe(r.round(at, time.Duration(at-1)*interval, s.started, make([]probe.Result, 2))) {
					r.pin = pin.Addr
				}
			}
		}
		eventually(t, "the page has got all rounds", func() bool { return eval[float64](b, seq) >= float64(min(from+step-1, rounds)) })
		if half == (memory{}) && from >= rounds/2 {
			half = b.memory()
		}
	}
	took := time.Since(began)
	full := b.memory()
	var server runtime.MemStats
	runtime.ReadMemStats(&server)
	t.Logf("%d rounds in %v; after half a day %v; after a day %v; the server's process %d MB",
		s.observed(), took.Round(time.Second), half, full, server.HeapAlloc>>20)

	end := b.until("all is drawn", func(s shown) bool { return s.calls("headless") == int(rounds) })
	if f := get[struct{ Recreated int }](t, s.url+"/api/v1/targets/target-00"); f.Recreated < 100 || len(end.Changes) == 0 {
		t.Errorf("%d recreations, %d are shown: too little happened", f.Recreated, len(end.Changes))
	}
	b.picture("fifty")
	b.look(narrow)
	b.fits()
	b.picture("fifty")
	// A tenth, and a little, is what two looks at the same page may differ by.
	for _, m := range []struct {
		what               string
		half, full, little float64
	}{{"JavaScript heap", half.heap, full.heap, 512 << 10}, {"DOM nodes", half.nodes, full.nodes, 200}, {"event listeners", half.listeners, full.listeners, 5}} {
		if m.full > m.half*1.1+m.little {
			t.Errorf("%s: %.0f after half a day, %.0f after a day", m.what, m.half, m.full)
		}
	}
	if full.heap > 8<<20 || full.nodes > 8000 {
		t.Errorf("the page takes %v", full)
	}
}
