package probelog_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

// follow reads a log back as replay does, and decodes the states only that the Replay does not know.
func follow(t *testing.T, log []byte) (replayed told, known, taken int) {
	t.Helper()
	var p probelog.Replay
	r := probelog.NewReader(bytes.NewReader(log))
	r.Known = p.Knows
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Kind == probelog.StateRecord && rec.State == nil {
			known++
		} else if rec.Kind == probelog.StateRecord {
			taken++
		}
		o, err := p.Feed(rec)
		if err != nil {
			t.Fatal(err)
		}
		replayed.events = append(replayed.events, o.Events...)
	}
	for _, run := range p.Runs() {
		replayed.summary = run.Summary()
	}
	return replayed, known, taken
}

func TestAStateThatIsKnownIsPassedOverAndNothingIsMissed(t *testing.T) {
	for _, sc := range append(comparetest.Random(20), comparetest.Scenarios...) {
		var log bytes.Buffer
		live, _ := record(t, sc, probelog.All, &log)
		states := bytes.Count(log.Bytes(), []byte(`"record":"state"`))
		replayed, known, taken := follow(t, log.Bytes())
		if known != states || taken != 0 {
			t.Errorf("%s: %d of %d states were known, %d taken", sc.Name, known, states, taken)
		}
		sameEvents(t, sc.Name, replayed.events, live.events)
		sameSummary(t, replayed.summary, live.summary)
	}
}

func TestAStateThatStandsInForRoundsIsTaken(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		var log bytes.Buffer
		live, _ := record(t, sc, probelog.Changes, &log)
		lines := bytes.SplitAfter(log.Bytes(), []byte("\n"))
		replayed, _, _ := follow(t, log.Bytes())
		sameEvents(t, sc.Name, replayed.events, live.events)
		sameSummary(t, replayed.summary, live.summary)
		for i, line := range lines {
			if !bytes.Contains(line, []byte(`"record":"state"`)) {
				continue
			}
			replayed, _, taken := follow(t, bytes.Join(lines[i:], nil))
			if taken == 0 {
				t.Errorf("%s: from line %d on no state was taken", sc.Name, i+1)
			}
			sameSummary(t, replayed.summary, live.summary)
		}
	}
}

func TestAStateThatIsKnownMustBeWhole(t *testing.T) {
	state := full(t)
	r := probelog.NewReader(strings.NewReader(state[:len(state)-2] + "\n" + strings.Replace(state, `"schema":1`, `"schema":2`, 1) + "\n" + state))
	r.Known = func(string, string, uint64) bool { return true }
	for _, newer := range []bool{false, true} {
		if rec, err := r.Next(); err == nil || errors.Is(err, probelog.ErrNewer) != newer {
			t.Errorf("%+v, %v", rec, err)
		}
	}
	if rec, err := r.Next(); err != nil || rec.Kind != probelog.StateRecord || rec.State != nil || rec.ID != "run1" || rec.Wall.IsZero() {
		t.Errorf("%+v, %v", rec, err)
	}
}

func TestWhatAReplayDoesNotFollowItDoesNotKnow(t *testing.T) {
	var log bytes.Buffer
	record(t, story(t, "a single pod is recreated with another IP"), probelog.All, &log)
	var p probelog.Replay
	r := probelog.NewReader(&log)
	var seq uint64
	for range 30 {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if rec.Round != nil && rec.Round.Seq == 5 {
			rec.Round.Seq = 9 // so that four are missing
		}
		if _, err := p.Feed(rec); err != nil {
			t.Fatal(err)
		}
		if rec.Round != nil {
			if seq = rec.Round.Seq; seq == 9 {
				break
			}
		}
	}
	for _, tt := range []struct {
		run, target string
		seq         uint64
		want        bool
	}{
		{"run1", "httpd", 3, true}, {"run1", "httpd", 4, false}, {"run1", "httpd", 9, false}, {"run1", "nginx", 1, false}, {"run2", "httpd", 1, false},
	} {
		if got := p.Knows(tt.run, tt.target, tt.seq); got != tt.want {
			t.Errorf("after round 4 and a gap, round %d of %s in %s: known %t", tt.seq, tt.target, tt.run, got)
		}
	}
	p.Feed(&probelog.Record{Kind: probelog.StopRecord, ID: "run1", Stop: &probelog.Stop{}})
	if !p.Knows("run1", "httpd", 10) {
		t.Error("what a run that has ended would still say is wanted")
	}
}
