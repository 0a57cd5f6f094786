package probelog_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

func runOf(sc comparetest.Scenario, mode probelog.Mode) probelog.Run {
	return probelog.Run{
		ID: "run1", Version: "v1.2.3", Host: "pod-prober", System: "linux/amd64",
		Targets: []probe.Target{sc.Target()}, Options: sc.Options(), Timeout: 900 * time.Millisecond, Rounds: mode,
	}
}

// told is what a run told: its events, and the comparison at its end.
type told struct {
	events  []compare.Event
	summary compare.Summary
}

// record plays a story to a Recorder that writes to w.
func record(t testing.TB, sc comparetest.Scenario, mode probelog.Mode, w io.Writer) (told, *probelog.Recorder) {
	t.Helper()
	run := runOf(sc, mode)
	rec := probelog.NewRecorder(run, probelog.NewJSON(w, run))
	rec.Start(comparetest.Start)
	var live told
	at, wall := sc.Play(func(r probe.Round) []probe.Pin {
		o, err := rec.Observe(r)
		if err != nil {
			t.Fatal(err)
		}
		live.events = append(live.events, o.Events...)
		return o.Pins
	})
	// The Recorder keeps the events of the stop to its log, as they are nobody else's business: another tracker tells them.
	tracker := compare.NewTracker(run.Targets, run.Options)
	sc.Play(func(r probe.Round) []probe.Pin {
		o, _ := tracker.Observe(r)
		return o.Pins
	})
	live.events = append(live.events, tracker.Stop(at, wall)...)
	live.summary = rec.Stop(at, wall, "SIGTERM")
	return live, rec
}

// replay reads a log back: the events that trackers give for it, and those that it holds.
func replay(t testing.TB, log []byte) (replayed told, logged []compare.Event) {
	t.Helper()
	var p probelog.Replay
	r := probelog.NewReader(bytes.NewReader(log))
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.Feed(rec)
		if err != nil {
			t.Fatal(err)
		}
		replayed.events = append(replayed.events, o.Events...)
		if rec.Event != nil {
			logged = append(logged, *rec.Event)
		}
	}
	for _, run := range p.Runs() {
		replayed.summary = run.Summary()
	}
	return replayed, logged
}

func TestALogReplaysToTheLiveEvents(t *testing.T) {
	for _, mode := range []probelog.Mode{probelog.All, probelog.Changes} {
		for _, sc := range comparetest.Scenarios {
			t.Run(string(mode)+"/"+sc.Name, func(t *testing.T) {
				var log bytes.Buffer
				live, _ := record(t, sc, mode, &log)
				replayed, logged := replay(t, log.Bytes())
				sameEvents(t, "replayed", replayed.events, live.events)
				sameEvents(t, "logged", logged, live.events)
				sameSummary(t, replayed.summary, live.summary)
			})
		}
	}
}

func TestALogCutOffBeforeAnyStateReplaysFromThereOn(t *testing.T) {
	for _, mode := range []probelog.Mode{probelog.All, probelog.Changes} {
		for _, sc := range comparetest.Scenarios {
			t.Run(string(mode)+"/"+sc.Name, func(t *testing.T) {
				var log bytes.Buffer
				live, _ := record(t, sc, mode, &log)
				lines := bytes.SplitAfter(log.Bytes(), []byte("\n"))
				cuts := 0
				for i, line := range lines {
					if !bytes.Contains(line, []byte(`"record":"state"`)) {
						continue
					}
					cuts++
					replayed, logged := replay(t, bytes.Join(lines[i:], nil))
					sameEvents(t, "replayed", replayed.events, live.events[len(live.events)-len(logged):])
					sameSummary(t, replayed.summary, live.summary)
				}
				if cuts == 0 || cuts == 1 && len(live.events) > 0 {
					t.Errorf("%d states in the log of a story with %d events", cuts, len(live.events))
				}
			})
		}
	}
}

// failing refuses some writes, and tears every other one of those.
type failing struct {
	bytes.Buffer
	n      int
	refuse func(n int) bool
}

var errFull = errors.New("no space left")

func (f *failing) Write(b []byte) (int, error) {
	f.n++
	if !f.refuse(f.n) {
		return f.Buffer.Write(b)
	}
	if f.n%2 == 0 {
		f.Buffer.Write(b[:len(b)/2])
		return len(b) / 2, errFull
	}
	return 0, errFull
}

func TestRecordsThatCouldNotBeWrittenSpoilNoOther(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			var intact bytes.Buffer
			record(t, sc, probelog.All, &intact)
			before, _, _ := bytes.Cut(intact.Bytes(), intact.Bytes()[bytes.LastIndex(intact.Bytes(), []byte(`"record":"state"`)):])
			for begin := 0; begin < bytes.Count(before, []byte("\n"))-5; begin += 4 { // the last state is written in any case
				log := failing{refuse: func(n int) bool { return n > begin && n <= begin+5 }}
				live, rec := record(t, sc, probelog.All, &log)
				if lost, err := rec.Lost(); lost == 0 || !errors.Is(err, errFull) {
					t.Fatalf("lost %d, %v", lost, err)
				}
				var p probelog.Replay
				r := probelog.NewReader(&log.Buffer)
				for {
					rec, err := r.Next()
					if err == io.EOF {
						break
					}
					if lineErr := (*probelog.LineError)(nil); errors.As(err, &lineErr) {
						continue
					}
					if _, err = p.Feed(rec); err != nil {
						t.Fatal(err)
					}
				}
				sameSummary(t, p.Runs()[0].Summary(), live.summary)
			}
		})
	}
}

func TestRunsInterleavedReplayApart(t *testing.T) {
	var logs [2][][]byte
	var live [2]told
	for i, sc := range comparetest.Scenarios[:2] {
		var log bytes.Buffer
		live[i], _ = record(t, sc, probelog.All, &log)
		text := bytes.ReplaceAll(log.Bytes(), []byte(`"run":"run1"`), []byte(`"run":"run`+string('a'+rune(i))+`"`))
		logs[i] = bytes.SplitAfter(text, []byte("\n"))
	}
	var mixed bytes.Buffer
	for i := range max(len(logs[0]), len(logs[1])) {
		for k, log := range logs {
			if i < len(log) && len(log[i]) > 0 {
				mixed.WriteString([]string{"[pod/prober-a/prober] ", "2026-03-14T09:00:00Z stdout F "}[k])
				mixed.Write(log[i])
			}
		}
	}
	var p probelog.Replay
	r := probelog.NewReader(&mixed)
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Feed(rec); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.Runs()) != 2 {
		t.Fatalf("%d runs", len(p.Runs()))
	}
	for i, run := range p.Runs() {
		if run.Run.ID != "run"+string('a'+rune(i)) || run.Stop == nil || run.Stop.Reason != "SIGTERM" || run.Skipped != 0 {
			t.Errorf("run %d: %q, stop %+v, %d skipped", i, run.Run.ID, run.Stop, run.Skipped)
		}
		sameSummary(t, run.Summary(), live[i].summary)
	}
}

func sameEvents(t testing.TB, what string, got, want []compare.Event) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: missing %s", what, comparetest.Brief(want[i]))
		case i >= len(want):
			t.Errorf("%s: in excess: %s", what, comparetest.Brief(got[i]))
		default:
			if d := diff(got[i], want[i]); d != "" {
				t.Errorf("%s: event %d, %s: %s", what, i, comparetest.Brief(want[i]), d)
			}
		}
	}
}

func sameSummary(t testing.TB, got, want compare.Summary) {
	t.Helper()
	if d := diff(got, want); d != "" {
		t.Errorf("summary: %s", d)
	}
}
