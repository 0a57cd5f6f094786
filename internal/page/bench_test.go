package page_test

import (
	"net/http/httptest"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// BenchmarkRound is what a quiet round costs on top of the tracker's own work: when nobody watches, and when somebody does.
func BenchmarkRound(b *testing.B) {
	for _, watched := range []bool{false, true} {
		name := map[bool]string{false: "nobody watches", true: "watched"}[watched]
		b.Run(name, func(b *testing.B) {
			target, round := steady("httpd")
			s := show(options, nil, target)
			s.observe(b, round(1))
			if watched {
				server := httptest.NewServer(s.Handler())
				defer server.Close()
				w := &browser{t: b, url: server.URL + "/api/v1/events?target=httpd"}
				w.connect()
				w.next()
				defer w.lose()
			}
			o, err := s.tracker.Observe(round(2))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			seq := uint64(2)
			for b.Loop() {
				seq++
				s.Observe(round(seq), o)
			}
		})
	}
}

// BenchmarkTracker is what the tracker does for the same round, for comparison.
func BenchmarkTracker(b *testing.B) {
	target, round := steady("httpd")
	tr := compare.NewTracker([]probe.Target{target}, options)
	b.ReportAllocs()
	seq := uint64(0)
	for b.Loop() {
		seq++
		if _, err := tr.Observe(round(seq)); err != nil {
			b.Fatal(err)
		}
	}
}
