package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

const benchRounds = 10_000

// The log is read as rounds a second, and bytes.
func BenchmarkReport(b *testing.B) {
	benchmarkReport(b, comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: fmt.Sprintf("- A\nA A x%d", benchRounds-1)})
}

// BenchmarkReportOfManyRecreations reads a log of which two fifths are states: one is written after each event, and holds all that is
// remembered of the recreations before.
func BenchmarkReportOfManyRecreations(b *testing.B) {
	const pods = 25
	sc := comparetest.Scenario{Approaches: "ip dns", Service: "10.96.0.1", RepinAfter: 10 * time.Second}
	var rounds strings.Builder
	for i := range pods {
		pod := string(rune('A' + i))
		sc.Pods += fmt.Sprintf(" %s=pod-httpd/10.0.0.%d", pod, 5+i)
		lost := 22 // by the time that the pin moves on
		fmt.Fprintf(&rounds, "refused refused x2\nrefused %s x%d\n%[1]s %[1]s x%[3]d\n", pod, lost-2, benchRounds/pods-lost)
	}
	sc.Rounds = strings.Replace(rounds.String(), "refused refused x2\nrefused A x20", "- A\nA A x21", 1)
	benchmarkReport(b, sc)
}

func benchmarkReport(b *testing.B, sc comparetest.Scenario) {
	s := tell(b, sc, "storyrun12", probelog.All)
	b.SetBytes(int64(len(s.log)))
	b.ReportAllocs()
	for b.Loop() {
		if code, _, stderr := reported(b, s.log); code != reportOK {
			b.Fatal(stderr)
		}
	}
	b.ReportMetric(float64(b.N*benchRounds)/b.Elapsed().Seconds(), "rounds/s")
}
