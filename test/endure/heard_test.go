package endure

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// heard is a JSON log read back.
type heard struct {
	t       *testing.T
	started time.Time
	rounds  []*probelog.Record
	events  []compare.Event
	stop    *probelog.Stop
	run     *probelog.Replayed
	broken  int // lines that are no record
}

// hear reads a log as far as its lines are whole. Lines that are no records are counted.
func hear(t *testing.T, log []byte) *heard {
	t.Helper()
	log = log[:bytes.LastIndexByte(log, '\n')+1]
	h := &heard{t: t}
	var p probelog.Replay
	for r := probelog.NewReader(bytes.NewReader(log)); ; {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			h.broken++
			continue
		}
		if _, err := p.Feed(rec); err != nil {
			t.Fatal(err)
		}
		switch rec.Kind {
		case probelog.StartRecord:
			h.started = rec.Wall
		case probelog.RoundRecord:
			h.rounds = append(h.rounds, rec)
		case probelog.EventRecord:
			h.events = append(h.events, *rec.Event)
		case probelog.StopRecord:
			h.stop = rec.Stop
		}
	}
	if runs := p.Runs(); len(runs) == 1 {
		h.run = runs[0]
	} else if len(runs) > 1 {
		t.Fatalf("%d runs in one log", len(runs))
	}
	return h
}

// hearFile reads a log that may still be written.
func hearFile(t *testing.T, name string) *heard {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return hear(t, b)
}

// count counts results of a target (of all, if that is empty) after a round, by outcome and reason.
func (h *heard) count(target string, after uint64) map[string]int {
	n := map[string]int{}
	for _, rec := range h.rounds {
		if target != "" && rec.Round.Target != target || rec.Round.Seq <= after {
			continue
		}
		for i, o := range rec.Judged {
			n[strings.TrimSpace(string(o)+" "+string(rec.Round.Results[i].Reason))]++
		}
	}
	return n
}

// seq is a target's last round.
func (h *heard) seq(target string) (seq uint64) {
	for _, rec := range h.rounds {
		if rec.Round.Target == target {
			seq = rec.Round.Seq
		}
	}
	return seq
}

// innocent checks that nothing was held against a target that answered all the while, neither in a round nor by an event nor in the
// figures at the end. What failed while the machine gave this very test no CPU says nothing, since the target got none
// either; the figures are then what the rounds make them.
func (h *heard) innocent(w *witness, target string) {
	h.t.Helper()
	if h.only(w, target, probe.OK) > 0 {
		return
	}
	for _, e := range h.events {
		switch e.Kind {
		case compare.Paused, compare.ClockChanged, compare.Pinned, compare.NoIdentity, compare.NoUID:
		default:
			if e.Target == target {
				h.t.Errorf("event %s %s in round %d, and the target was well", e.Kind, e.Approach, e.Seq)
			}
		}
	}
	for _, sum := range h.run.Summary().Targets {
		for _, a := range sum.Approaches {
			if sum.Name == target && (a.Lost > 0 || a.Outages > 0 || a.Out > 0 || a.Probes == 0) {
				h.t.Errorf("%s: %d probes, %d lost, %d outages, out for %v", a.Name, a.Probes, a.Lost, a.Outages, a.Out)
			}
		}
	}
}

// only checks that the target's rounds came to these outcomes only, but for what was void or had no pin, and that there were some,
// unless the machine had no CPU for any. It returns how many others it excused: those while it had none for this very test.
func (h *heard) only(w *witness, target string, want ...probe.Outcome) (excused int) {
	h.t.Helper()
	found := 0
	for _, rec := range h.rounds {
		if rec.Round.Target != target {
			continue
		}
		began := h.started.Add(rec.Round.At) // whatever became of the wall clock
		for i, o := range rec.Judged {
			r := rec.Round.Results[i]
			lost := w.lost(began, began.Add(r.Total))
			switch {
			case o == probe.Void, o == probe.Pending:
			case slices.Contains(want, o):
				found++
			case lost > r.Total/8:
				excused++
			default:
				h.t.Errorf("round %d of %s at %v, %s: %s after %v (%s), want %v",
					rec.Round.Seq, target, rec.Round.At, rec.Approaches[i], o, r.Total, r.Detail, want)
			}
		}
	}
	if excused > 0 {
		h.t.Logf("%d probes of %s failed while this test got no CPU itself", excused, target)
	}
	if n := h.count(target, 0); found == 0 && excused == 0 && n["void starved"] == 0 {
		h.t.Errorf("%s: %v, want %v", target, n, want)
	}
	return excused
}

// paused is the sum of the pauses that events tell.
func (h *heard) paused() (sum time.Duration) {
	for _, e := range h.events {
		if e.Kind == compare.Paused {
			sum += e.Gap
		}
	}
	return sum
}

// wellAfter waits until so many rounds of the target after a round are wholly ok.
func wellAfter(t *testing.T, file, target string, seq uint64, rounds int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d rounds of %s after round %d are ok", rounds, target, seq), func() bool {
		n := 0
		for _, rec := range hearFile(t, file).rounds {
			if rec.Round.Target == target && rec.Round.Seq > seq && allOK(rec.Judged) {
				n++
			}
		}
		return n >= rounds
	})
}

func allOK(judged []probe.Outcome) bool {
	for _, o := range judged {
		if o != probe.OK {
			return false
		}
	}
	return true
}

// logFile is a file that a prober may write its log to.
func logFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "prober-*.log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
