package probelog_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

// quietLog is the log of so many rounds in which all is well.
func quietLog(t *testing.T, mode probelog.Mode, rounds uint64) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	run := quietRun(mode)
	rec := probelog.NewRecorder(run, probelog.NewJSON(&log, run))
	rec.Start(comparetest.Start)
	for i := range rounds {
		if _, err := rec.Observe(quietRound(i + 1)); err != nil {
			t.Fatal(err)
		}
	}
	rec.Stop(time.Duration(rounds)*time.Second, comparetest.Start.Add(time.Duration(rounds)*time.Second), "SIGTERM")
	return &log
}

func TestAQuietHourLogsNextToNothingWithChanges(t *testing.T) {
	log := quietLog(t, probelog.Changes, 3600)
	got, _ := kinds(t, bytes.NewReader(log.Bytes()))
	counts := map[string]int{}
	for _, k := range got {
		counts[k]++
	}
	// Twelve times five minutes, after the first event, and at the stop.
	if counts["round"] > 3 || counts["state"] > 15 || log.Len() > 50_000 {
		t.Errorf("%v in %d bytes", counts, log.Len())
	}
}

func TestAStateIsNeverFarAway(t *testing.T) {
	for _, mode := range []probelog.Mode{probelog.All, probelog.Changes} {
		r := probelog.NewReader(quietLog(t, mode, 1000))
		var last time.Duration
		var states, stop int
		for {
			rec, err := r.Next()
			if err != nil {
				break
			}
			if rec.Kind == probelog.StateRecord {
				if gap := rec.At - last; gap > 5*time.Minute+time.Second {
					t.Errorf("%s: %v without a state", mode, gap)
				}
				last = rec.At
				states++
			}
			if stop++; rec.Kind == probelog.StopRecord {
				stop = 0
			}
		}
		if states < 4 || stop != 0 {
			t.Errorf("%s: %d states, %d records after the stop", mode, states, stop)
		}
	}
}

func TestARefusedRoundLeavesNoTrace(t *testing.T) {
	var log bytes.Buffer
	run := quietRun(probelog.All)
	rec := probelog.NewRecorder(run, probelog.NewJSON(&log, run))
	again, unknown, short := quietRound(1), quietRound(2), quietRound(2)
	unknown.Target = "nobody"
	short.Results = short.Results[:1]
	if _, err := rec.Observe(quietRound(1)); err != nil {
		t.Fatal(err)
	}
	before := log.Len()
	for _, r := range []struct {
		name string
		err  error
	}{
		{"again", second(rec.Observe(again))}, {"unknown", second(rec.Observe(unknown))}, {"short", second(rec.Observe(short))},
	} {
		if r.err == nil {
			t.Errorf("%s: no error", r.name)
		}
	}
	if log.Len() != before {
		t.Errorf("written: %s", log.Bytes()[before:])
	}
	if lost, err := rec.Lost(); lost != 0 || err != nil {
		t.Errorf("lost %d, %v", lost, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhatCannotBeWrittenIsCountedAndToldAtTheStop(t *testing.T) {
	run := quietRun(probelog.All)
	var text, jsonLog bytes.Buffer
	log := &failing{refuse: func(n int) bool { return n == 3 || n == 5 }}
	rec := probelog.NewRecorder(run, probelog.Tee(probelog.NewJSON(&jsonLog, run), probelog.NewText(&text, run, probelog.TextOptions{}),
		probelog.NewJSON(log, run)))
	rec.Start(comparetest.Start)
	for i := range uint64(6) {
		if _, err := rec.Observe(quietRound(i + 1)); err != nil {
			t.Fatal(err)
		}
	}
	rec.Stop(6*time.Second, comparetest.Start, "SIGTERM")
	if lost, err := rec.Lost(); lost != 2 || !errors.Is(err, errFull) {
		t.Errorf("lost %d, %v", lost, err)
	}
	if !strings.Contains(text.String(), "2 records of this log could not be written") {
		t.Errorf("%s", text.String())
	}
	if !strings.Contains(jsonLog.String(), `"lost_records":2`) {
		t.Errorf("%s", jsonLog.String())
	}
}

func TestRunIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := probelog.NewID()
		if len(id) != 10 || strings.ToLower(id) != id || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
