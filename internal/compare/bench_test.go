package compare_test

import (
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

// BenchmarkQuietRound is what one more round of a target that is well costs: two approaches, or all six.
func BenchmarkQuietRound(b *testing.B) {
	for name, sc := range map[string]comparetest.Scenario{
		"ip+dns": {Approaches: "ip dns", Rounds: "- A\nA A\nA A"},
		"six":    {Approaches: "ip dns headless pod-dns cached keepalive", Rounds: "- A A A *A *A\nA A A A A A\nA A A A A A"},
	} {
		sc.Name, sc.Pods, sc.Service = name, "A=pod-httpd/10.0.0.5", "10.96.0.1"
		b.Run(name, func(b *testing.B) {
			tr := compare.NewTracker([]probe.Target{sc.Target()}, sc.Options())
			var last probe.Round
			sc.Play(func(r probe.Round) []probe.Pin {
				last = r
				o, err := tr.Observe(r)
				if err != nil {
					b.Fatal(err)
				}
				return o.Pins
			})
			b.ReportAllocs()
			for b.Loop() {
				last.Seq++
				last.At += time.Second
				last.Wall = last.Wall.Add(time.Second)
				o, err := tr.Observe(last)
				if err != nil || !o.Quiet {
					b.Fatal(err, o)
				}
			}
		})
	}
}
