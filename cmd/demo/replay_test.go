package main

import (
	"bytes"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// witness is a Log that keeps what it is told.
type witness struct {
	run    probelog.Run
	start  time.Time
	rounds []probe.Round
	events []compare.Event
	stop   probelog.Stop
}

func (w *witness) Start(wall time.Time) error { w.start = wall; return nil }
func (w *witness) Round(r probe.Round, _ []compare.Judged) error {
	w.rounds = append(w.rounds, r)
	return nil
}
func (w *witness) Event(e compare.Event) error { w.events = append(w.events, e); return nil }
func (w *witness) State(compare.State) error   { return nil }
func (w *witness) Stop(s probelog.Stop) error  { w.stop = s; return nil }

// told are events as the log writes them.
func told(t *testing.T, run probelog.Run, events []compare.Event) string {
	t.Helper()
	var out bytes.Buffer
	log := probelog.NewJSON(&out, run)
	for _, e := range events {
		if err := log.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// replay reads a log back, and gives the events that its rounds mean.
func replay(t *testing.T, log string) (events []compare.Event, sum compare.Summary) {
	t.Helper()
	var p probelog.Replay
	for r := probelog.NewReader(strings.NewReader(log)); ; {
		rec, err := r.Next()
		if err == io.EOF {
			return events, p.Runs()[0].Summary()
		}
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.Feed(rec)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, o.Events...)
	}
}

func TestTheDemosLogReplaysToTheSameEvents(t *testing.T) {
	t.Parallel()
	var live witness
	var all bytes.Buffer
	out, code, stderr := show(t.Context(), stage{also: func(run probelog.Run) probelog.Log {
		live.run = run
		return probelog.Tee(probelog.NewJSON(&all, run), &live)
	}}, "--interval=100ms")
	if code != exitOK {
		t.Fatalf("exit status %d, %s\n%s", code, stderr, out)
	}

	// The same rounds, written by a prober that leaves quiet ones out.
	run := live.run
	run.Rounds = probelog.Changes
	var changes bytes.Buffer
	recorder := probelog.NewRecorder(run, probelog.NewJSON(&changes, run))
	recorder.Start(live.start)
	for _, r := range live.rounds {
		if _, err := recorder.Observe(r); err != nil {
			t.Fatal(err)
		}
	}
	recorder.Stop(live.stop.At, live.stop.Wall, live.stop.Reason)

	for name, log := range map[string]string{"all": all.String(), "changes": changes.String()} {
		if name == "changes" && strings.Count(log, `"record":"round"`) >= len(live.rounds) {
			t.Error("changes has left out no round")
		}
		cuts, before := 0, 0 // events before the cut
		lines := strings.SplitAfter(log, "\n")
		for i, line := range lines {
			switch {
			case strings.Contains(line, `"record":"event"`):
				before++
			case i == 0, strings.Contains(line, `"record":"state"`):
				cuts++
				events, sum := replay(t, strings.Join(lines[i:], ""))
				if got, want := told(t, live.run, events), told(t, live.run, live.events[before:]); got != want {
					t.Errorf("%s from line %d:\n%s\nwant:\n%s", name, i+1, got, want)
				}
				for k, got := range sum.Targets[0].Approaches {
					want := live.stop.Summary.Targets[0].Approaches[k]
					if got.Probes != want.Probes || got.Lost != want.Lost || got.Longest != want.Longest || !maps.Equal(got.Verdicts, want.Verdicts) {
						t.Errorf("%s from line %d: %+v, want %+v", name, i+1, got, want)
					}
				}
			}
		}
		if cuts < 10 {
			t.Errorf("%s: cut off before %d states only", name, cuts)
		}
	}
}
