package main

import (
	"fmt"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

// The log is read as rounds a second, and bytes.
func BenchmarkReport(b *testing.B) {
	const rounds = 10_000
	s := tell(b, comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: fmt.Sprintf("- A\nA A x%d", rounds-1)}, "storyrun12", probelog.All)
	b.SetBytes(int64(len(s.log)))
	b.ReportAllocs()
	for b.Loop() {
		if code, _, stderr := reported(b, s.log); code != reportOK {
			b.Fatal(stderr)
		}
	}
	b.ReportMetric(float64(b.N*rounds)/b.Elapsed().Seconds(), "rounds/s")
}
