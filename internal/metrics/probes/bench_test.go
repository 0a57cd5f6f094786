package probes_test

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/metrics/probes"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// quiet is a target that is well, and one of its rounds as it is, phases and all.
var quiet = comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: "- A\nA A\nA A"}

func lastRound(b *testing.B, tr *compare.Tracker) (last probe.Round) {
	quiet.Play(func(r probe.Round) []probe.Pin {
		o, err := tr.Observe(r)
		if err != nil {
			b.Fatal(err)
		}
		last = r
		return o.Pins
	})
	for i := range last.Results {
		last.Results[i].Phases = probe.Phases{Connect: 80 * time.Microsecond, Write: 20 * time.Microsecond, FirstByte: 200 * time.Microsecond, Read: 10 * time.Microsecond}
	}
	last.Results[1].Phases.Resolve = 300 * time.Microsecond
	last.Results[1].Answer = &resolve.Answer{Source: resolve.FromDNS, Addrs: last.Results[1].Answer.Addrs, TTL: 5 * time.Second}
	return last
}

// BenchmarkObserve is what metrics add to a quiet round of two approaches, beside the tracker's own share.
func BenchmarkObserve(b *testing.B) {
	targets := []probe.Target{quiet.Target()}
	for _, with := range []bool{false, true} {
		b.Run(map[bool]string{false: "tracker", true: "tracker and metrics"}[with], func(b *testing.B) {
			tr, m := compare.NewTracker(targets, quiet.Options()), probes.New(targets, time.Second, time.Second/2)
			r := lastRound(b, tr)
			b.ReportAllocs()
			for b.Loop() {
				r.Seq++
				r.At += time.Second
				r.Wall = r.Wall.Add(time.Second)
				o, err := tr.Observe(r)
				if err != nil {
					b.Fatal(err)
				}
				if with {
					m.Observe(r, o)
				}
			}
		})
	}
}

// BenchmarkTargets is what metrics of many targets take: memory for each, and a scrape.
func BenchmarkTargets(b *testing.B) {
	const n = 2000
	var targets []probe.Target
	for i := range n {
		t := quiet.Target()
		t.Name = fmt.Sprintf("target-%04d", i)
		targets = append(targets, t)
	}
	tr := compare.NewTracker(targets, quiet.Options())
	round := lastRound(b, compare.NewTracker([]probe.Target{quiet.Target()}, quiet.Options()))
	seen := make([]compare.Observation, n)
	for i := range targets {
		round.Target = targets[i].Name
		var err error
		if seen[i], err = tr.Observe(round); err != nil {
			b.Fatal(err)
		}
	}
	before := heap()
	m := probes.New(targets, time.Second, time.Second/2)
	for i := range targets {
		round.Target = targets[i].Name
		m.Observe(round, seen[i])
	}
	used := heap() - before
	reg := prometheus.NewRegistry()
	reg.MustRegister(m)
	h := scrape.Stream(reg, m.Families)
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		size = w.Body.Len()
	}
	b.ReportMetric(float64(used)/n, "memory-B/target")
	b.ReportMetric(float64(size)/n, "scrape-B/target")
	runtime.KeepAlive(seen)
	runtime.KeepAlive(tr)
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
