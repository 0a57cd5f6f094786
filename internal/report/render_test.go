package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/report"
)

// stories are the told ones, and many in which anything may happen.
var stories = slices.Concat(comparetest.Scenarios, comparetest.Random(50))

// run is the head of the run that a story is.
func run(sc comparetest.Scenario, id string) report.Run {
	o := sc.Options()
	return report.Run{ID: id, Host: "pod-prober", Version: "v1.2.3", Interval: report.Millis(o.Interval), Timeout: report.Millis(900 * time.Millisecond),
		Settle: report.Millis(o.Settle), Started: comparetest.Start, Stopped: comparetest.Start.Add(time.Hour), Reason: "SIGTERM"}
}

// document is the report of a story.
func document(t testing.TB, sc comparetest.Scenario) (report.Document, compare.Summary) {
	p, sum := play(t, sc, nil)
	all := compare.Summary{Interval: comparetest.Interval, Targets: []compare.TargetSummary{sum}}
	return report.New("v1.2.3", report.Observed{Run: run(sc, "storyrun12"), Summary: all, History: p.history}), all
}

// written is a document in a form.
func written(t testing.TB, d report.Document, f report.Form, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b, f, report.TextOptions{Width: width}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportsAreReadByPeople(t *testing.T) {
	for name, how := range map[string]struct {
		form  report.Form
		width int
	}{"report-80": {report.AsText, 80}, "report-120": {report.AsText, 120}, "report-markdown": {report.AsMarkdown, 0}} {
		t.Run(name, func(t *testing.T) {
			var all bytes.Buffer
			for _, story := range []string{
				"a single pod is recreated with another IP", "a cached address is given to a stranger", "the pin moves on and the next recreation is measured too",
				"a pod that drains goes on answering by IP while its name already fails", "a pause in the middle of a recreation",
				"the container restarts and is not Ready for a while", "a target without identity and without a headless name has no pin",
			} {
				d, _ := document(t, comparetest.Named(story))
				fmt.Fprintf(&all, "==== %s\n\n%s\n", story, written(t, d, how.form, how.width))
			}
			golden(t, name, all.Bytes())
		})
	}
}

func TestAReportIsReadByPrograms(t *testing.T) {
	d, _ := document(t, comparetest.Named("a cached address is given to a stranger"))
	d.Log = &report.Log{Lines: 80, Skipped: 3, Where: []report.Skip{{File: "a.log", From: 7, To: 9, Why: "not a record of the prober"}}}
	golden(t, "report-json", []byte(written(t, d, report.AsJSON, 0)))
}

// What the prober says at its stop and what the report says of the same rounds are the same figures, to the letter.
func TestTheReportAndTheLastComparisonAgreeToTheLetter(t *testing.T) {
	gaps := regexp.MustCompile(` {2,}`)
	cells := func(line string) []string { return gaps.Split(strings.TrimSpace(line), -1) }
	for i, sc := range stories {
		d, sum := document(t, sc)
		var stop bytes.Buffer
		if err := report.Text(&stop, sum, 200); err != nil {
			t.Fatal(err)
		}
		full := strings.Split(written(t, d, report.AsText, 200), "\n")
		last := strings.Split(stop.String(), "\n")
		if full[0] != last[0] {
			t.Fatalf("%s %d: %q, at the stop %q", sc.Name, i, full[0], last[0])
		}
		a, b := cells(full[1]), cells(last[1])
		for row := range sum.Targets[0].Approaches {
			mine, stops := cells(full[2+row]), cells(last[2+row])
			for k, head := range b {
				title := map[string]string{"recreations": "verdicts", "p50": "", "p99": ""}[head]
				if _, other := map[string]bool{"recreations": true, "p50": true, "p99": true}[head]; !other {
					title = head
				}
				if at := slices.Index(a, title); at >= 0 && mine[at] != stops[k] {
					t.Errorf("%s %d: %s is %s, at the stop %s", sc.Name, i, head, mine[at], stops[k])
				}
				if title != "" && title != "verdicts" && !slices.Contains(a, title) {
					t.Errorf("%s %d: no column %s in %q", sc.Name, i, title, full[1])
				}
			}
			total := d.Runs[0].Targets[0].Approaches[row].Latency[report.Total]
			if total.Count > 0 && (total.P50.String() != stops[len(stops)-2] || total.P99.String() != stops[len(stops)-1]) {
				t.Errorf("%s %d: %+v, at the stop %q", sc.Name, i, total, stops)
			}
		}
		words := func(lines []string) string { return strings.Join(strings.Fields(strings.Join(lines, " ")), " ") }
		if conclusion := words(last[2+len(sum.Targets[0].Approaches):]); !strings.Contains(words(full), conclusion) {
			t.Errorf("%s %d: the conclusion is not %q", sc.Name, i, conclusion)
		}
	}
}

func TestADocumentIsWrittenTheSameAfterItsWayThroughJSON(t *testing.T) {
	for i, sc := range stories {
		d, _ := document(t, sc)
		var again report.Document
		if err := json.Unmarshal([]byte(written(t, d, report.AsJSON, 0)), &again); err != nil {
			t.Fatal(err)
		}
		for _, f := range []report.Form{report.AsText, report.AsMarkdown, report.AsJSON} {
			if got, want := written(t, again, f, 100), written(t, d, f, 100); got != want {
				t.Fatalf("%s %d: as %s\n%s\nwant\n%s", sc.Name, i, f, got, want)
			}
		}
	}
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	for i, sc := range stories {
		d, _ := document(t, sc)
		for _, width := range []int{1, 60, 80, 120, 240, 100_000} {
			for line := range strings.Lines(written(t, d, report.AsText, width)) {
				if n := report.Cells(strings.TrimRight(line, "\n")); n > max(width, 60) {
					t.Fatalf("%s %d: %d cells of %d: %s", sc.Name, i, n, width, line)
				}
			}
		}
	}
}

// several is the report of two probers that saw the same, and one that saw something else.
func several(t testing.TB) report.Document {
	var all []report.Observed
	for i, name := range []string{"a single pod is recreated with another IP", "a single pod is recreated with another IP", "a pod moves to another IP with its UID"} {
		sc := comparetest.Named(name)
		p, sum := play(t, sc, nil)
		o := report.Observed{Run: run(sc, fmt.Sprintf("storyrun%d", i)), Summary: compare.Summary{Interval: time.Second, Targets: []compare.TargetSummary{sum}}, History: p.history}
		o.Run.Host = fmt.Sprintf("prober-%d", i)
		all = append(all, o)
	}
	return report.New("v1.2.3", all...)
}

// The wall clock may be set while a prober runs. What it says is told, and measures nothing.
func TestAWallClockThatJumpedMakesNoTimeLongerOrNegative(t *testing.T) {
	sc := comparetest.Named("a single pod is recreated with another IP")
	straight := several(t).Together[0]
	for _, jump := range []time.Duration{-26 * time.Hour, 9000 * time.Hour} {
		var all []report.Observed
		for i := range 2 {
			p, sum := play(t, sc, nil)
			sum.Last.Wall = sum.Last.Wall.Add(jump)
			for _, lane := range p.history.Target(sum.Name).Lanes {
				for k := range lane.Stretches {
					lane.Stretches[k].Wall = lane.Stretches[k].Wall.Add(jump)
				}
			}
			o := report.Observed{Run: run(sc, fmt.Sprintf("storyrun%d", i)), Summary: compare.Summary{Interval: time.Second, Targets: []compare.TargetSummary{sum}}, History: p.history}
			all = append(all, o)
		}
		d := report.New("v1.2.3", all...)
		if one, both := d.Runs[0].Targets[0], d.Together[0]; one.Span != straight.Span || both.Span != straight.Span || !both.First.Before(both.Last) {
			t.Errorf("jumped by %v: spans of %v and %v, want %v; from %v to %v", jump, one.Span, both.Span, straight.Span, both.First, both.Last)
		}
		text := written(t, d, report.AsText, 240)
		want := fmt.Sprintf("and its wall clock jumped by %v", report.Millis(jump))
		if n := strings.Count(text, want); n != 2 {
			t.Errorf("%q stands %d times, want 2, in\n%s", want, n, text)
		}
		if n := strings.Count(text, "....TTUUUUUUUUUUU"); n != 4 {
			t.Errorf("the lane of each run is drawn %d times, alone and together, want 4, in\n%s", n, text)
		}
	}
}

func TestWhatSeveralProbersSawIsAddedUp(t *testing.T) {
	d := several(t)
	if len(d.Together) != 1 || len(d.Runs) != 3 {
		t.Fatalf("%d together, %d runs", len(d.Together), len(d.Runs))
	}
	for i, sum := range d.Together[0].Approaches {
		one := d.Runs[0].Targets[0].Approaches[i]
		if sum.Probes != 2*one.Probes || sum.Lost != 2*one.Lost || sum.Outages != 2*one.Outages || sum.Longest != one.Longest || sum.Out != 2*one.Out {
			t.Errorf("%+v of two times %+v", sum, one)
		}
		for p, q := range one.Latency {
			if both := sum.Latency[p]; both.Count != 2*q.Count || both.P50 != q.P50 {
				t.Errorf("%s: %+v of two times %+v", p, both, q)
			}
		}
		if r := one.Recovery; r != nil && (sum.Recovery.Count != 2*r.Count || sum.Recovery.Max != r.Max) {
			t.Errorf("%+v of two times %+v", sum.Recovery, r)
		}
	}
	golden(t, "report-several", []byte(written(t, d, report.AsText, 100)))
	again := several(t)
	if a, b := written(t, d, report.AsJSON, 0), written(t, again, report.AsJSON, 0); a != b {
		t.Error("adding up changes what is added up")
	}
}
