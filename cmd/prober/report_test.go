package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/report"
)

// told is what a story is as a log, and as the prober that wrote it knows it.
type story struct {
	log string
	run probelog.Run
	// live is the report that the prober itself would make.
	live report.Document
}

func tell(t testing.TB, sc comparetest.Scenario, id string, mode probelog.Mode) story {
	t.Helper()
	var log bytes.Buffer
	run := probelog.Run{ID: id, Host: "host-of-" + id, Version: "v1", Targets: []probe.Target{sc.Target()}, Options: sc.Options(),
		Timeout: 900 * time.Millisecond, Rounds: mode}
	r := probelog.NewRecorder(run, probelog.NewJSON(&log, run))
	h := history.New(run.Targets, history.Options{Interval: run.Options.Interval, Phases: true})
	tracker := compare.NewTracker(run.Targets, run.Options) // a Recorder keeps the events of the stop to its log
	r.Start(comparetest.Start)
	at, wall := sc.Play(func(round probe.Round) []probe.Pin {
		o, err := r.Observe(round)
		if err != nil {
			t.Fatal(err)
		}
		h.Observe(round, o)
		tracker.Observe(round)
		return o.Pins
	})
	h.Tell(tracker.Stop(at, wall))
	sum := r.Stop(at, wall, "SIGTERM")
	head := reportRun(run)
	head.Started, head.Stopped, head.Reason = comparetest.Start, wall.UTC(), "SIGTERM"
	return story{log.String(), run, report.New("devel", report.Observed{Run: head, Summary: sum, History: h})}
}

func single(t testing.TB) story {
	return tell(t, comparetest.Named("a single pod is recreated with another IP"), "storyrun12", probelog.All)
}

// reported runs prober report.
func reported(t testing.TB, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runReport(t.Context(), args, environ(), strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// document runs prober report for its JSON.
func document(t testing.TB, stdin string, args ...string) report.Document {
	t.Helper()
	code, out, stderr := reported(t, stdin, append(args, "-o", "json")...)
	if code != reportOK || stderr != "" {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	var d report.Document
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// same compares documents as they are written, but for how a log was read and by which program.
func same(t testing.TB, what string, got, want report.Document) {
	t.Helper()
	write := func(d report.Document) string {
		d.Log, d.Version = nil, ""
		var b bytes.Buffer
		if err := d.Write(&b, report.AsJSON, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	a, b := strings.Split(write(got), "\n"), strings.Split(write(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s: line %d is\n%s\nwant\n%s", what, i+1, strings.Join(a[max(i-8, 0):min(i+3, len(a))], "\n"), strings.Join(b[max(i-8, 0):min(i+3, len(b))], "\n"))
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%s: %d lines, want %d", what, len(a), len(b))
	}
}

func TestALogIsReportedAsTheProberThatWroteItKnowsIt(t *testing.T) {
	for i, sc := range append(comparetest.Random(40), comparetest.Scenarios...) {
		s := tell(t, sc, "storyrun12", probelog.All)
		same(t, fmt.Sprintf("%s %d", sc.Name, i), document(t, s.log), s.live)
	}
}

// What is not in a log of changes are quiet rounds, and so the phases of latency and the length of some stretches.
func TestALogOfChangesIsReportedInTheSameFigures(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		s := tell(t, sc, "storyrun12", probelog.Changes)
		d := document(t, s.log)
		for i := range d.Runs[0].Targets[0].Approaches {
			a, b := &d.Runs[0].Targets[0].Approaches[i], &s.live.Runs[0].Targets[0].Approaches[i]
			a.Lane, b.Lane = nil, nil
			for phase := range b.Latency {
				if phase != report.Total {
					delete(a.Latency, phase)
					delete(b.Latency, phase)
				}
			}
		}
		same(t, sc.Name, d, s.live)
	}
}

func TestALogThatBeginsAtAStateHasTheSameFigures(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		s := tell(t, sc, "storyrun12", probelog.All)
		lines := strings.SplitAfter(s.log, "\n")
		for i, line := range lines {
			if !strings.Contains(line, `"record":"state"`) {
				continue
			}
			d := document(t, strings.Join(lines[i:], ""))
			got, want := d.Runs[0].Targets[0], s.live.Runs[0].Targets[0]
			if !d.Runs[0].Started.IsZero() || got.Rounds != want.Rounds || got.Recreated != want.Recreated || got.Restarts != want.Restarts {
				t.Fatalf("%s from line %d: %+v", sc.Name, i+1, got)
			}
			for k, a := range got.Approaches {
				b := want.Approaches[k]
				if a.Probes != b.Probes || a.Lost != b.Lost || a.Longest != b.Longest || fmt.Sprint(a.Verdicts) != fmt.Sprint(b.Verdicts) ||
					fmt.Sprint(a.Recovery) != fmt.Sprint(b.Recovery) || a.Latency[report.Total] != b.Latency[report.Total] {
					t.Errorf("%s from line %d: %+v, want %+v", sc.Name, i+1, a, b)
				}
				probes := 0
				for _, st := range a.Lane {
					probes += st.OK + st.Lost
				}
				if probes != a.Probes {
					t.Errorf("%s from line %d: the lane has %d probes of %d", sc.Name, i+1, probes, a.Probes)
				}
			}
		}
	}
}

// Outages of recreations that were not seen one by one are not told as if nothing explained them.
func TestWhatARecreationExplainsIsNoOtherOutage(t *testing.T) {
	s := tell(t, comparetest.Named("the old IP is given to a stranger after the recreation settled"), "storyrun12", probelog.All)
	lines := strings.SplitAfter(s.log, "\n")
	late := 0 // the last state before the end, where the recreation has long settled
	for i, line := range lines[:len(lines)-3] {
		if strings.Contains(line, `"record":"state"`) {
			late = i
		}
	}
	if target := document(t, strings.Join(lines[late:], "")).Runs[0].Targets[0]; len(target.Outages) > 0 || target.Recreated != 1 {
		t.Errorf("%d recreations, other outages %+v", target.Recreated, target.Outages)
	}
	var pods, rounds strings.Builder
	for i, letter := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" {
		fmt.Fprintf(&pods, "%c=web/10.0.1.%d ", letter, i+1)
		fmt.Fprintf(&rounds, "%c x12\nrefused\n", letter)
	}
	sc := comparetest.Scenario{Approaches: "dns", Service: "10.96.0.1", Pods: pods.String(), Rounds: rounds.String() + "9 x3\n"}
	target := tell(t, sc, "storyrun12", probelog.All).live.Runs[0].Targets[0]
	if len(target.Recreations) != 32 || target.Recreated != 35 || len(target.Outages) != 1 || target.Outages[0].Begin.Time.Before(target.Last.Add(-time.Minute)) {
		t.Errorf("%d recreations of %d, other outages %+v", len(target.Recreations), target.Recreated, target.Outages)
	}
}

// files writes parts of a log into a directory.
func files(t *testing.T, parts map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, part := range parts {
		if err := os.WriteFile(filepath.Join(dir, name), part, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPipesAreReadOnce(t *testing.T) {
	s := single(t)
	lines := strings.SplitAfter(s.log, "\n")
	dir := files(t, map[string][]byte{"a": []byte(strings.Join(lines[:9], ""))})
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(pipe, []byte(strings.Join(lines[9:], "")), 0) }()
	d := document(t, "", pipe, filepath.Join(dir, "a"))
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	same(t, "a pipe and a file", d, document(t, s.log))
}

func zipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAReportIsAsWideAsTheEnvironmentSays(t *testing.T) {
	s := single(t)
	var out, stderr bytes.Buffer
	code := runReport(t.Context(), nil, environ("COLUMNS=80"), strings.NewReader(s.log), &out, &stderr)
	longest := 0
	for line := range strings.Lines(out.String()) {
		longest = max(longest, len(line)-len("\n"))
	}
	if code != reportOK || longest > 80 || longest < 70 {
		t.Errorf("exit status %d, %q, the longest line has %d columns:\n%s", code, &stderr, longest, &out)
	}
}

func TestFilesOfARotatedLogAreReadInTheirOrder(t *testing.T) {
	s := single(t)
	lines := strings.SplitAfter(s.log, "\n")
	third := len(lines) / 3
	dir := files(t, map[string][]byte{
		"0.log":           []byte("not ours\n" + strings.Join(lines[2*third:], "")), // the newest, and a quiet round may follow one of the file before
		"0.log.2.gz":      zipped(t, strings.Join(lines[:third], "")),
		"0.log.1-archive": zipped(t, strings.Join(lines[third:2*third], "")), // compressed, whatever its name
	})
	d := document(t, "", filepath.Join(dir, "0.log"), filepath.Join(dir, "0.log.1-archive"), filepath.Join(dir, "0.log.2.gz"))
	same(t, "three files", d, document(t, s.log))
	if d.Log.Skipped != 1 || d.Log.Where[0].File != filepath.Join(dir, "0.log") || d.Log.Where[0].From != 1 {
		t.Errorf("skipped %+v", d.Log.Where)
	}
}

func TestTwoProbersInOneLogAreToldApart(t *testing.T) {
	a := tell(t, comparetest.Named("a single pod is recreated with another IP"), "storyrunaa", probelog.All)
	b := tell(t, comparetest.Named("a single pod is recreated with another IP"), "storyrunbb", probelog.All)
	var mixed strings.Builder
	second := strings.SplitAfter(b.log, "\n")
	for i, line := range strings.SplitAfter(a.log, "\n") {
		mixed.WriteString(line + second[i])
	}
	d := document(t, mixed.String())
	if len(d.Runs) != 2 || len(d.Together) != 1 {
		t.Fatalf("%d runs, %d together", len(d.Runs), len(d.Together))
	}
	for i, s := range []story{a, b} {
		same(t, s.run.ID, report.Document{Schema: 1, Runs: d.Runs[i : i+1]}, s.live)
	}
}

func TestAScriptHearsByTheExitStatus(t *testing.T) {
	s := single(t)
	for _, tt := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{nil, reportOK, ""},
		{[]string{"--fail-on", "dns:broken", "--fail-on", "misrouted"}, reportOK, ""},
		{[]string{"--fail-on", "dns:broken", "--fail-on", "dns:lost>0"}, reportMet, "prober report: --fail-on dns:lost>0: httpd: dns lost 2 probes\n"},
		{[]string{"--fail-on=broken", "-o", "markdown"}, reportMet, "prober report: --fail-on broken: httpd: ip was broken by 1 recreation\n"},
	} {
		code, out, stderr := reported(t, s.log, tt.args...)
		if code != tt.code || stderr != tt.stderr || !strings.Contains(out, "apache.localcluster") {
			t.Errorf("%q: exit status %d, %q, %d bytes", tt.args, code, stderr, len(out))
		}
	}
	if code := runReport(t.Context(), nil, environ(), strings.NewReader(s.log), full{}, io.Discard); code != reportBad {
		t.Errorf("a full disk: exit status %d", code)
	}
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestTheUsageOfReportIsShown(t *testing.T) {
	code, out, stderr := reported(t, "", "--help")
	if code != reportOK || stderr != "" || !strings.Contains(out, "prober report --from http://localhost:8080") || !strings.Contains(out, "availability<PERCENT") {
		t.Errorf("exit status %d, %s%s", code, out, stderr)
	}
	for line := range strings.Lines(out) {
		if len(line) > 131 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestAProberThatRunsIsAsked(t *testing.T) {
	s := single(t)
	live := s.live
	live.Runs[0].Runs, live.Runs[0].Stopped, live.Runs[0].Reason = true, time.Time{}, ""
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/report", func(w http.ResponseWriter, r *http.Request) {
		report.Serve(w, r, func() report.Document { return live })
	})
	mux.HandleFunc("GET /page/api/v1/report", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") })
	mux.HandleFunc("GET /later/api/v1/report", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"schema":2}`) })
	server := httptest.NewServer(mux)
	defer server.Close()
	var want bytes.Buffer
	if err := live.Text(&want, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{server.URL, server.URL + "/"} {
		code, out, stderr := reported(t, "", "--from", url, "--fail-on", "dns:lost>1")
		if code != reportMet || out != want.String() || !strings.Contains(stderr, "dns lost 2 probes") {
			t.Errorf("exit status %d, %s\n%s", code, stderr, out)
		}
	}
	server2 := httptest.NewServer(http.NotFoundHandler())
	gone := server2.URL
	for url, want := range map[string]string{
		server.URL + "/page": "the answer is no report", server.URL + "/later": "a report of schema 2; this program reads up to 1",
		gone: "404 Not Found on /api/v1/report: is that the --listen address of a prober?",
	} {
		if code, _, stderr := reported(t, "", "--from", url); code != reportBad || !strings.Contains(stderr, want) {
			t.Errorf("exit status %d, %q, want %q", code, stderr, want)
		}
	}
	server2.Close()
	if code, _, stderr := reported(t, "", "--from", gone); code != reportBad || !strings.Contains(stderr, "connection refused") {
		t.Errorf("nobody there: exit status %d, %q", code, stderr)
	}
}

func TestProgressIsShownOnATerminalAndTakenAway(t *testing.T) {
	var w bytes.Buffer
	p := &progress{w: &w, since: time.Now().Add(-time.Minute)}
	p.show("a\x1b.log", 1234, func() float64 { return 0.5 })
	p.show("a.log", 2345, func() float64 { return -1 }) // too soon
	p.clear()
	if want := "\r\x1b[Kreading a?.log: 50%, 1234 lines\r\x1b[K"; w.String() != want {
		t.Errorf("%q, want %q", &w, want)
	}
	quiet := newProgress(&w)
	w.Reset()
	quiet.since = time.Now().Add(-time.Minute)
	quiet.show("a.log", 1, func() float64 { return -1 })
	quiet.clear()
	if w.Len() > 0 {
		t.Errorf("%q where there is no terminal", &w)
	}
}
