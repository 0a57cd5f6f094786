package probelog_test

import (
	"bytes"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// readBack reads the only record that write wrote into a run's log.
func readBack(t testing.TB, run probelog.Run, write func(*probelog.JSON) error) *probelog.Record {
	t.Helper()
	var log bytes.Buffer
	if err := write(probelog.NewJSON(&log, run)); err != nil {
		t.Fatal(err)
	}
	rec, err := probelog.NewReader(bytes.NewReader(log.Bytes())).Next()
	if err != nil {
		t.Fatalf("%v in %s", err, log.Bytes())
	}
	if rec.ID != run.ID {
		t.Errorf("run %q", rec.ID)
	}
	return rec
}

func fullRun(flags uint) probelog.Run {
	run, _ := filled[probelog.Run](flags, 0)
	for i := range run.Targets {
		for name, values := range run.Targets[i].Header {
			for k := range values {
				run.Targets[i].Header[name][k] = "xxxxx" // values are secrets
			}
		}
	}
	return run
}

func TestEveryFieldOfARunComesBack(t *testing.T) {
	for _, flags := range flagSets() {
		run := fullRun(flags)
		rec := readBack(t, run, func(log *probelog.JSON) error { return log.Start(comparetest.Start) })
		if d := diff(*rec.Run, run); d != "" || rec.Kind != probelog.StartRecord || rec.Wall != comparetest.Start || rec.At != 0 {
			t.Errorf("flags %x: %s (%+v)", flags, d, rec)
		}
	}
}

func TestACacheThatIsKeptForeverComesBack(t *testing.T) {
	run := quietRun(probelog.All)
	run.Targets[0].Approaches[1].Cache = probe.Forever
	rec := readBack(t, run, func(log *probelog.JSON) error { return log.Start(comparetest.Start) })
	if cache := rec.Run.Targets[0].Approaches[1].Cache; cache != probe.Forever {
		t.Errorf("cache %v", cache)
	}
}

func TestEveryFieldOfAStateComesBack(t *testing.T) {
	for _, flags := range flagSets() {
		run := fullRun(0)
		s, _ := filled[compare.State](flags, 0)
		s.Target = run.Targets[1].Name
		rec := readBack(t, run, func(log *probelog.JSON) error { return log.State(s) })
		if d := diff(*rec.State, s); d != "" || rec.At != s.Last.At || rec.Wall != s.Last.Wall {
			t.Errorf("flags %x: %s", flags, d)
		}
		alone := run
		alone.Targets = run.Targets[1:2]
		if d := diff(*rec.Run, alone); d != "" {
			t.Errorf("flags %x: run %s", flags, d)
		}
	}
}

func TestEveryFieldOfAnEventComesBack(t *testing.T) {
	for _, flags := range flagSets() {
		for _, kind := range compare.Kinds {
			e, _ := filled[compare.Event](flags, 0)
			e.Kind, e.Took = kind, 0 // an event is the round's, and no probe's
			rec := readBack(t, fullRun(0), func(log *probelog.JSON) error { return log.Event(e) })
			if d := diff(*rec.Event, e); d != "" || rec.Sentence != e.Sentence() || rec.At != e.At {
				t.Errorf("%s, flags %x: %s %q", kind, flags, d, rec.Sentence)
			}
		}
	}
}

func TestTheStopComesBack(t *testing.T) {
	s := probelog.Stop{At: 3*time.Hour + 1234567*time.Microsecond, Wall: comparetest.Start, Reason: "SIGTERM", Lost: 3}
	rec := readBack(t, fullRun(0), func(log *probelog.JSON) error { return log.Stop(s) })
	if d := diff(*rec.Stop, s); d != "" {
		t.Error(d)
	}
}

func fullRound(run probelog.Run, seq uint64, flags uint, other int) (probe.Round, []compare.Judged, int) {
	r := probe.Round{Target: run.Targets[0].Name, Seq: seq, At: time.Duration(seq) * time.Second, Wall: comparetest.Start}
	result, things := filled[probe.Result](flags, other)
	r.Results = []probe.Result{result, result}
	return r, []compare.Judged{{Outcome: result.Outcome}, {Outcome: probe.WrongPod}}, things
}

func TestEveryFieldOfARoundComesBack(t *testing.T) {
	run := fullRun(0)
	for _, flags := range flagSets() {
		r, judged, _ := fullRound(run, 7, flags, 0)
		rec := readBack(t, run, func(log *probelog.JSON) error { return log.Round(r, judged) })
		if d := diff(*rec.Round, r); d != "" || rec.Partial {
			t.Errorf("flags %x: %s", flags, d)
		}
		if rec.Judged[0] != judged[0].Outcome || rec.Judged[1] != probe.WrongPod {
			t.Errorf("judged %v", rec.Judged)
		}
	}
}

// Whatever differs from the round before, be it one field only, comes back: nothing is taken for the same that is not.
func TestEveryDifferenceToTheRoundBeforeComesBack(t *testing.T) {
	run := fullRun(0)
	first, judged, things := fullRound(run, 1, 0, 0)
	for _, flags := range []uint{0, 1<<16 - 1} {
		for other := range things + 1 {
			second, _, _ := fullRound(run, 2, flags, other)
			var log bytes.Buffer
			j := probelog.NewJSON(&log, run)
			for _, r := range []probe.Round{first, second} {
				if err := j.Round(r, judged); err != nil {
					t.Fatal(err)
				}
			}
			reader := probelog.NewReader(&log)
			for _, want := range []probe.Round{first, second} {
				rec, err := reader.Next()
				if err != nil {
					t.Fatal(err)
				}
				if d := diff(*rec.Round, want); d != "" || rec.Partial {
					t.Errorf("thing %d, round %d: %s", other, want.Seq, d)
				}
			}
		}
	}
}

func TestARoundThatLeansOnAnUnseenOneIsPartial(t *testing.T) {
	var log bytes.Buffer
	j := probelog.NewJSON(&log, quietRun(probelog.All))
	for seq := range uint64(5) {
		if err := j.Round(quietRound(seq+1), []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}}); err != nil {
			t.Fatal(err)
		}
	}
	lines := bytes.SplitAfter(log.Bytes(), []byte("\n"))
	if a, b := len(lines[0]), len(lines[1]); b > a/2 {
		t.Errorf("a round that is like the one before takes %d bytes of %d", b, a)
	}
	for name, test := range map[string]struct {
		lines   []int
		partial []bool
	}{
		"all of them":            {[]int{0, 1, 2}, []bool{false, false, false}},
		"begun in the middle":    {[]int{1, 2}, []bool{true, true}},
		"one line missing":       {[]int{0, 2, 3}, []bool{false, true, true}},
		"lines in another order": {[]int{0, 2, 1}, []bool{false, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var some bytes.Buffer
			for _, i := range test.lines {
				some.Write(lines[i])
			}
			r := probelog.NewReader(&some)
			for i, want := range test.partial {
				rec, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if rec.Partial != want {
					t.Errorf("record %d: partial %v", i, rec.Partial)
				}
				if !want {
					if d := diff(*rec.Round, quietRound(uint64(test.lines[i])+1)); d != "" {
						t.Error(d)
					}
				}
			}
		})
	}
}

func TestTimesAreExactToTheMicrosecond(t *testing.T) {
	run := quietRun(probelog.All)
	for _, at := range []time.Duration{
		time.Microsecond, 999 * time.Microsecond, 1001 * time.Microsecond, time.Hour + 17*time.Microsecond,
		365*24*time.Hour + 123457*time.Microsecond, 20*365*24*time.Hour + 999999*time.Microsecond,
	} {
		r := quietRound(1)
		r.At, r.Wall = at, comparetest.Start.Add(at)
		r.Results[0].Total, r.Results[1].Phases.Read = at, at
		rec := readBack(t, run, func(log *probelog.JSON) error {
			return log.Round(r, []compare.Judged{{Outcome: probe.OK}, {Outcome: probe.OK}})
		})
		if d := diff(*rec.Round, r); d != "" {
			t.Errorf("%v: %s", at, d)
		}
	}
}
