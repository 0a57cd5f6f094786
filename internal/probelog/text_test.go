package probelog_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file that a person has read.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
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

func TestTextIsForPeople(t *testing.T) {
	tests := map[string]struct {
		story string
		mode  probelog.Mode
		opt   probelog.TextOptions
	}{
		"two approaches":        {"an outage goes on across a pause", probelog.All, probelog.TextOptions{}},
		"three approaches":      {"a pod that says that it is not ready loses its names", probelog.All, probelog.TextOptions{}},
		"five approaches":       {"a single pod is recreated with another IP", probelog.All, probelog.TextOptions{}},
		"five in 80 columns":    {"a single pod is recreated with another IP", probelog.Changes, probelog.TextOptions{Width: 80}},
		"replicas":              {"one of three replicas is recreated", probelog.All, probelog.TextOptions{}},
		"a stranger, in colour": {"the old IP is given to a stranger after the recreation settled", probelog.Changes, probelog.TextOptions{Colour: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := story(t, test.story)
			run := runOf(sc, test.mode)
			var out bytes.Buffer
			rec := probelog.NewRecorder(run, probelog.NewText(&out, run, test.opt))
			rec.Start(comparetest.Start)
			at, wall := sc.Play(func(r probe.Round) []probe.Pin {
				o, err := rec.Observe(r)
				if err != nil {
					t.Fatal(err)
				}
				return o.Pins
			})
			rec.Stop(at, wall, "SIGTERM")
			golden(t, strings.NewReplacer(" ", "-", ",", "").Replace(name)+".txt", out.Bytes())
		})
	}
}

func story(t testing.TB, name string) comparetest.Scenario {
	t.Helper()
	for _, sc := range comparetest.Scenarios {
		if sc.Name == name {
			return sc
		}
	}
	t.Fatalf("no story %q", name)
	return comparetest.Scenario{}
}

// A row fits the terminal, whatever happens in it, and its cells stand beneath those of the row before unless they must move.
func TestRowsFitTheTerminal(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	addrs := []string{"10.0.0.5:80", "127.0.0.2:8080", "[2001:db8:1234:5678:9abc:def0:1234:5678]:31443", "[fd00::5]:80"}
	for _, width := range []int{80, 120, 200} {
		for n := 1; n <= 9; n++ {
			run := quietRun(probelog.All)
			run.Options.Interval = 500 * time.Millisecond
			target := &run.Targets[0]
			target.Approaches = nil
			for i := range n {
				name := []string{"ip", "dns", "cached", "keepalive", "headless", "pod-dns", "日本語", "a-long-name-of-one", "x"}[i]
				target.Approaches = append(target.Approaches, probe.Approach{Name: name, Host: "x"})
			}
			for seq := range uint64(200) {
				var out bytes.Buffer
				log := probelog.NewText(&out, run, probelog.TextOptions{Width: width})
				for k := range uint64(5) {
					r := probe.Round{Target: target.Name, Seq: seq*1000 + k + 1, Wall: comparetest.Start}
					var judged []compare.Judged
					for range n {
						result := probe.Result{Outcome: probe.Outcomes[rng.IntN(len(probe.Outcomes))], Status: 503, Reason: probe.NoMemory,
							Total: time.Duration(rng.Int64N(1 << (20 + rng.IntN(20)))), Addr: netip.MustParseAddrPort(addrs[rng.IntN(len(addrs))])}
						if rng.IntN(3) == 0 {
							result.Outcome = probe.OK
							result.Who = &quietWho
						}
						r.Results = append(r.Results, result)
						judged = append(judged, compare.Judged{Outcome: result.Outcome, News: rng.IntN(4) == 0})
					}
					if err := log.Round(r, judged); err != nil {
						t.Fatal(err)
					}
				}
				for line := range strings.Lines(out.String()) {
					line = strings.TrimSuffix(line, "\n")
					if report.Cells(line) > width || strings.HasSuffix(line, " ") {
						t.Fatalf("%d approaches in %d cells, %d used:\n%s", n, width, report.Cells(line), out.String())
					}
				}
			}
		}
	}
}

func TestRowsStandBeneathEachOther(t *testing.T) {
	run := quietRun(probelog.All)
	var out bytes.Buffer
	log := probelog.NewText(&out, run, probelog.TextOptions{})
	for seq := range uint64(1200) {
		r := quietRound(seq + 1)
		judged := []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}}
		if seq%3 == 0 {
			r.Results[0].Outcome, judged[0].Outcome = probe.ConnectTimeout, probe.ConnectTimeout
			r.Results[0].Total = 900 * time.Millisecond
		}
		if err := log.Round(r, judged); err != nil {
			t.Fatal(err)
		}
	}
	at := map[int]int{}
	for line := range strings.Lines(out.String()) {
		if i := strings.Index(line, "dns "); i >= 0 {
			at[i]++
		}
	}
	if len(at) != 3 || at[66] != 201 { // one more each for #100 and #1000
		t.Errorf("dns begins at %v", at)
	}
}

func TestAnotherDayIsTold(t *testing.T) {
	run := quietRun(probelog.All)
	var out bytes.Buffer
	log := probelog.NewText(&out, run, probelog.TextOptions{})
	if err := log.Start(comparetest.Start); err != nil {
		t.Fatal(err)
	}
	for _, hours := range []time.Duration{1, 2, 15, 16, 39} {
		r := quietRound(1)
		r.Wall = comparetest.Start.Add(hours * time.Hour)
		if err := log.Round(r, []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(out.String(), "\n-- 2026-03-1"); got != 2 {
		t.Errorf("%d days:\n%s", got, out.String())
	}
}
