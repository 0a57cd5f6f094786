package report_test

import (
	"bytes"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // what people read has local times, golden files have one zone
	goleak.VerifyTestMain(m)
}

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

var start = time.Date(2026, 3, 14, 23, 59, 0, 0, time.UTC)

func moment(seq uint64) compare.Moment {
	at := time.Duration(seq-1) * time.Second
	return compare.Moment{Seq: seq, At: at, Wall: start.Add(at)}
}

func histogram(times int, d time.Duration) (h compare.Histogram) {
	for range times {
		h.Add(d)
	}
	return h
}

// effects is a recreation that cost "ip" and "dns" so many probes.
func effects(n, ip, dns int) compare.Recreation {
	r := compare.Recreation{N: n, Kind: compare.Recreated, Settled: moment(99), Reason: compare.ByTime}
	for i, lost := range []int{ip, dns} {
		e := compare.Effect{Approach: []string{"ip", "dns"}[i], Verdict: compare.Survived, Lost: lost, For: time.Duration(lost) * time.Second}
		if lost > 0 {
			e.Verdict, e.Classes = compare.Came, []probe.Outcome{probe.Refused}
		}
		if i == 0 && lost > 0 {
			e.Verdict = compare.Broken
		}
		r.Effects = append(r.Effects, e)
	}
	return r
}

func TestTheComparisonIsReadAtAGlance(t *testing.T) {
	recreated := compare.TargetSummary{
		Name: "httpd", URL: "http://apache.localcluster", First: moment(1), Last: moment(3600), Rounds: 3600, Paused: 75 * time.Second,
		Recreated: 3, Restarts: 1, Recreations: []compare.Recreation{effects(1, 31, 1), effects(2, 30, 3), effects(3, 33, 2)},
		Approaches: []compare.ApproachSummary{
			{
				Name: "ip", Address: "10.244.0.5:80", Pinned: true, Probes: 3599, Lost: 1800, Pending: 1, Outages: 3, Longest: 20 * time.Minute, Out: time.Hour,
				Classes: map[probe.Outcome]int{probe.ConnectTimeout: 1700, probe.NoRoute: 100}, Verdicts: map[compare.Verdict]int{compare.Broken: 3},
				Latency: histogram(1799, 612*time.Microsecond), Open: &compare.Outage{First: moment(1800), Lost: 1800},
			},
			{
				Name: "dns", Address: "apache.localcluster", Probes: 3598, Lost: 6, Void: 2, Outages: 3, Longest: 3 * time.Second, Out: 6 * time.Second,
				Classes: map[probe.Outcome]int{probe.Refused: 6}, Verdicts: map[compare.Verdict]int{compare.Came: 3},
				Latency: histogram(3592, 912*time.Microsecond), Recovery: histogram(1, time.Second),
			},
			{
				Name: "headless", Address: "apache-pods.localcluster", Probes: 3600, Lost: 6, Outages: 3, Longest: 3 * time.Second,
				Verdicts: map[compare.Verdict]int{compare.Came: 1, compare.Survived: 2}, Latency: histogram(3592, 30*time.Millisecond),
			},
		},
	}
	recreated.Approaches[1].Recovery.Add(2 * time.Second)
	recreated.Approaches[1].Recovery.Add(3 * time.Second)
	quiet := compare.TargetSummary{
		Name: "web", URL: "http://[2001:db8::1]:8080/", First: moment(1), Last: moment(50), Rounds: 50,
		Approaches: []compare.ApproachSummary{
			{Name: "ip", Pinned: true, Pending: 50},
			{Name: "dns", Address: "web.default", Probes: 50, Lost: 2, Outages: 1, Longest: 2 * time.Second, Latency: histogram(48, 2*time.Second),
				Classes: map[probe.Outcome]int{probe.DNSTimeout: 1, probe.Reset: 1}},
			{Name: "cached", Address: "web.default", Probes: 50, Latency: histogram(50, 5*time.Millisecond)},
			{Name: "keepalive", Address: "web.default", Probes: 50, Latency: histogram(50, 5*time.Millisecond)},
			{Name: "pod-dns", Address: "web-0.web.default", Void: 50},
		},
	}
	survived := compare.TargetSummary{
		Name: "api", URL: "https://api.default/", First: moment(1), Last: moment(500), Rounds: 500, Recreated: 1,
		Recreations: []compare.Recreation{effects(1, 0, 1)},
		Approaches: []compare.ApproachSummary{
			{Name: "ip", Address: "[fd00::5]:443", Pinned: true, Probes: 500, Lost: 3, Outages: 2, Longest: 2 * time.Second,
				Verdicts: map[compare.Verdict]int{compare.Survived: 1}, Latency: histogram(497, 4*time.Millisecond)},
			{Name: "dns", Address: "api.default", Probes: 500, Lost: 4, Outages: 3, Longest: 2 * time.Second, Open: &compare.Outage{First: moment(500), Lost: 1},
				Verdicts: map[compare.Verdict]int{compare.Came: 1}, Latency: histogram(496, 4*time.Millisecond), Recovery: histogram(1, time.Second)},
		},
	}
	tests := map[string]compare.Summary{
		"survived":  {Interval: time.Second, Targets: []compare.TargetSummary{survived}},
		"recreated": {Interval: time.Second, Targets: []compare.TargetSummary{recreated}},
		"quiet":     {Interval: 500 * time.Millisecond, Targets: []compare.TargetSummary{quiet, {Name: "none", URL: "http://none"}}},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := report.Text(&out, s, 0); err != nil {
				t.Fatal(err)
			}
			golden(t, name, out.Bytes())
		})
	}
}

func TestTheVerdictsOfARecreationAreATable(t *testing.T) {
	var out bytes.Buffer
	r := effects(1, 31, 1)
	r.Effects = append(r.Effects, compare.Effect{Approach: "cached", Verdict: compare.Misrouted, Lost: 3, For: 1500 * time.Millisecond,
		Classes: []probe.Outcome{probe.NoRoute, probe.WrongPod}}, compare.Effect{Approach: "keepalive", Verdict: compare.Unmeasured})
	if err := report.Verdicts(&out, r, 500*time.Millisecond, "    "); err != nil {
		t.Fatal(err)
	}
	golden(t, "verdicts", out.Bytes())
	out.Reset()
	if err := report.Verdicts(&out, compare.Recreation{N: 2}, time.Second, ""); err != nil || out.Len() > 0 {
		t.Errorf("unsettled: %q, %v", out.String(), err)
	}
}

// Every story ends in a report whose rows have as many columns as the heading, and that says of no approach that lost a
// probe that it was available throughout.
func TestEveryStoryCanBeReported(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			tracker := compare.NewTracker([]probe.Target{sc.Target()}, sc.Options())
			at, wall := sc.Play(func(r probe.Round) []probe.Pin {
				o, err := tracker.Observe(r)
				if err != nil {
					t.Fatal(err)
				}
				return o.Pins
			})
			tracker.Stop(at, wall)
			s := tracker.Summary()
			var out bytes.Buffer
			if err := report.Text(&out, s, 0); err != nil {
				t.Fatal(err)
			}
			for _, a := range s.Targets[0].Approaches {
				row := ""
				for line := range strings.Lines(out.String()) {
					if strings.HasPrefix(line, "  "+a.Name+" ") {
						row = line
						break
					}
				}
				if row == "" || (a.Lost > 0) == strings.Contains(row, "100%") && a.Probes > 0 {
					t.Errorf("%s lost %d of %d: %q", a.Name, a.Lost, a.Probes, row)
				}
			}
			if last := out.String(); !strings.HasSuffix(last, ".\n") {
				t.Errorf("no conclusion:\n%s", last)
			}
		})
	}
}

func TestNamesFromOutsideCannotSpoilTheTable(t *testing.T) {
	evil := "\x1b[2Jx\n" + strings.Repeat("日", 100)
	s := compare.Summary{Interval: time.Second, Targets: []compare.TargetSummary{{
		Name: evil, URL: evil, First: moment(1), Last: moment(2), Rounds: 2,
		Approaches: []compare.ApproachSummary{{Name: evil, Address: netip.MustParseAddr("fe80::1%eth0").String(), Probes: 2}},
	}}}
	var out bytes.Buffer
	if err := report.Text(&out, s, 0); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b") || strings.Count(out.String(), "\n") > 10 {
		t.Errorf("%q", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if n := report.Cells(line); n > 210 { // one word is never broken
			t.Errorf("%d cells: %s", n, line)
		}
	}
}

func TestAWriterThatFailsIsTold(t *testing.T) {
	full := errors.New("full")
	err := report.Text(failing{full}, compare.Summary{Targets: []compare.TargetSummary{{Name: "httpd"}}}, 0)
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
