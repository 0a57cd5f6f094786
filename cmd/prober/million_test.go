package main

import (
	"fmt"
	"io"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/identity"
	"callbyname/internal/metrics/probes"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/page"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// years is a target as it is for days on end: it answers, about as fast each time, and now and then its pod is recreated, which costs
// it a few probes. At first that happens so often that all that is kept is full before long.
type years struct {
	target probe.Target
	began  time.Time
	pin    netip.AddrPort
	who    *identity.Report
}

func newYears() *years {
	name := "apache.localcluster"
	return &years{began: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC), target: probe.Target{
		Name: "httpd", URL: &url.URL{Scheme: "http", Host: name},
		Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns", Host: name}},
	}}
}

// restless is how many rounds there are in which a pod lives for young ones; later on it lives for old ones. For gone rounds
// nobody answers by name then.
const restless, young, old, gone = 40_000, 100, 2000, 3

// pod tells which one it is in a round, from 0, and how old.
func pod(seq uint64) (generation, age uint64) {
	if seq < restless {
		return seq / young, seq % young
	}
	return restless/young + (seq-restless)/old, (seq - restless) % old
}

func (y *years) round(seq uint64) probe.Round {
	at := time.Duration(seq) * time.Second
	generation, age := pod(seq)
	ip := netip.AddrFrom4([4]byte{10, byte(generation >> 16), byte(generation >> 8), byte(generation)})
	if age == 0 || y.who == nil {
		y.who = &identity.Report{Local: netip.AddrPortFrom(ip, 80), Identity: identity.Identity{
			IPs: []netip.Addr{ip}, Name: "pod-httpd", UID: fmt.Sprint("uid-", generation), Instance: fmt.Sprint("i-", generation), Node: "node-a",
		}}
	}
	r := probe.Round{Target: y.target.Name, Seq: seq, At: at, Wall: y.began.Add(at), Results: make([]probe.Result, 2)}
	for i, a := range y.target.Approaches {
		took := time.Duration(400+seq*7919%3000+uint64(i)) * time.Microsecond
		result := probe.Result{Outcome: probe.OK, Status: 200, Addr: netip.AddrPortFrom(ip, 80), Who: y.who, Total: took,
			Phases: probe.Phases{Connect: took / 4, FirstByte: took / 2}}
		answer := &resolve.Answer{Host: a.Host, Name: a.Host, Rcode: "NOERROR", Source: resolve.FromDNS, Addrs: []netip.Addr{ip}, TTL: 5 * time.Second}
		switch {
		case a.Pinned() && !y.pin.IsValid():
			result = probe.Result{Outcome: probe.Pending}
		case a.Pinned() && y.pin.Addr() != ip:
			result = probe.Result{Outcome: probe.ConnectTimeout, Addr: y.pin, Total: 900 * time.Millisecond, Detail: "no connection within 900ms"}
		case a.Pinned():
		case age < gone && generation > 0:
			result = probe.Result{Outcome: probe.DNSNotFound, Answer: &resolve.Answer{Host: a.Host, Rcode: "NXDOMAIN", Source: resolve.FromDNS}}
		default:
			result.Answer = answer
		}
		r.Results[i] = result
	}
	return r
}

// A prober that runs for eleven days takes what it took after one.
func TestAMillionRoundsTakeTheMemoryOfAHundredThousand(t *testing.T) {
	const soon = uint64(100_000)
	all := uint64(1_000_000)
	if raceEnabled {
		all = 150_000
	}
	y := newYears()
	run := probelog.Run{
		ID: "run", Version: "devel", Targets: []probe.Target{y.target}, Timeout: 900 * time.Millisecond, Rounds: probelog.All,
		Options: compare.Options{Interval: time.Second, Settle: 30 * time.Second, RepinAfter: time.Minute},
	}
	recorder := probelog.NewRecorder(run, probelog.NewJSON(io.Discard, run))
	counted := probes.New(run.Targets, time.Second, run.Timeout)
	registry := scrape.NewRegistry("prober", "devel")
	registry.MustRegister(counted)
	live := page.New(page.Options{Run: run, Started: y.began, Tracker: recorder.Tracker()})
	served := routes(live, registry, counted)
	look := func(path string) int {
		w := httptest.NewRecorder()
		served.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.Len()
	}
	heap := func() int64 {
		look("/metrics") // what a scrape makes once is there in both figures
		runtime.GC()
		runtime.GC() // what pools hold is gone after the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	recorder.Start(y.began)
	began := heap()
	var early int64
	for seq := uint64(1); seq <= all; seq++ {
		round := y.round(seq)
		seen, err := recorder.Observe(round)
		if err != nil {
			t.Fatal(err)
		}
		live.Observe(round, seen)
		counted.Observe(round, seen)
		for _, pin := range seen.Pins {
			y.pin = pin.Addr
		}
		if seq == soon {
			early = heap() - began
		}
	}
	late := heap() - began
	t.Logf("%d KB after %d rounds, %d KB after %d", early>>10, soon, late>>10, all)
	// What is bounded by count, such as the last recreations, differs a little in size from one time to the next.
	if late > early+64<<10 || late > 2<<20 {
		t.Errorf("the heap grew from %d to %d KB", early>>10, late>>10)
	}
	sum := compare.TargetSummary{Name: y.target.Name}
	recorder.Tracker().Update(&sum)
	if sum.Rounds != all || sum.Recreated < restless/young || look("/api/v1/targets/httpd") > 512<<10 {
		t.Errorf("%d rounds with %d recreations", sum.Rounds, sum.Recreated)
	}
	runtime.KeepAlive(served)
}
