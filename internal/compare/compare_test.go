package compare_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

// lines are a scenario's wanted events, one each.
func lines(s string) []string {
	var l []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			l = append(l, line)
		}
	}
	return l
}

func tracker(sc comparetest.Scenario) *compare.Tracker {
	return compare.NewTracker([]probe.Target{sc.Target()}, sc.Options())
}

// story is a scenario as it was played: its rounds, and what each meant.
type story struct {
	rounds []probe.Round
	seen   []compare.Observation
	atStop []compare.Event
	at     time.Duration
	wall   time.Time
	// summary is that at the end.
	summary compare.Summary
}

func play(t testing.TB, sc comparetest.Scenario) story {
	t.Helper()
	return playOn(t, sc, tracker(sc), func() {})
}

// playStates plays a story and takes the state before each round.
func playStates(t testing.TB, sc comparetest.Scenario) (st story, before []compare.State) {
	t.Helper()
	tr := tracker(sc)
	st = playOn(t, sc, tr, func() {
		s, ok := tr.State(sc.Target().Name)
		if !ok {
			t.Fatal("no state")
		}
		before = append(before, s)
	})
	return st, before
}

func playOn(t testing.TB, sc comparetest.Scenario, tr *compare.Tracker, before func()) (st story) {
	t.Helper()
	st.at, st.wall = sc.Play(func(r probe.Round) []probe.Pin {
		before()
		o, err := tr.Observe(r)
		if err != nil {
			t.Fatal(err)
		}
		st.rounds, st.seen = append(st.rounds, r), append(st.seen, o)
		return o.Pins
	})
	st.atStop = tr.Stop(st.at, st.wall)
	st.summary = tr.Summary()
	return st
}

func (st story) events() []compare.Event {
	var all []compare.Event
	for _, o := range st.seen {
		all = append(all, o.Events...)
	}
	return append(all, st.atStop...)
}

func TestEachStoryGivesItsEvents(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			var got []string
			for _, e := range play(t, sc).events() {
				got = append(got, comparetest.Brief(e))
				if s := e.Sentence(); s == "" || s == string(e.Kind) || strings.ContainsAny(s, "%\n") || strings.Contains(s, "<nil>") {
					t.Errorf("%s: sentence %q", comparetest.Brief(e), s)
				}
			}
			if want := lines(sc.Want); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
		})
	}
}

func TestAStateInTheMiddleContinuesTheSameStory(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(20)...) {
		t.Run(sc.Name, func(t *testing.T) {
			st, before := playStates(t, sc)
			for cut := range st.rounds {
				tr := tracker(sc)
				if err := tr.Restore(before[cut]); err != nil {
					t.Fatalf("before round %d: %v", cut+1, err)
				}
				for i := cut; i < len(st.rounds); i++ {
					o, err := tr.Observe(st.rounds[i])
					if err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(o, st.seen[i]) {
						t.Fatalf("restored before round %d: round %d means %+v, not %+v", cut+1, i+1, o, st.seen[i])
					}
				}
				if got := tr.Stop(st.at, st.wall); !reflect.DeepEqual(got, st.atStop) {
					t.Fatalf("restored before round %d: at the stop %+v, not %+v", cut+1, got, st.atStop)
				}
				if got := tr.Summary(); !reflect.DeepEqual(got, st.summary) {
					t.Fatalf("restored before round %d: summary %+v, not %+v", cut+1, got, st.summary)
				}
			}
		})
	}
}

func TestAStateOnceTakenNeverChanges(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		_, before := playStates(t, sc)
		_, again := playStates(t, sc)
		for i := range before {
			if !reflect.DeepEqual(before[i], again[i]) {
				t.Errorf("%s: the state before round %d was changed by a later round", sc.Name, i+1)
			}
		}
	}
}

func TestARoundThatCannotBeIsRefused(t *testing.T) {
	sc := comparetest.Named("a single pod is recreated with another IP")
	st := play(t, sc)
	last := st.rounds[len(st.rounds)-1]
	for name, change := range map[string]func(*probe.Round){
		"no such target":        func(r *probe.Round) { r.Target = "nobody" },
		"2 results":             func(r *probe.Round) { r.Results = r.Results[:2] },
		"not after round":       func(r *probe.Round) { r.Seq = 3 },
		"at 1s: not after":      func(r *probe.Round) { r.Seq++; r.At = time.Second },
		"6 results for 5 appro": func(r *probe.Round) { r.Seq++; r.Results = append(r.Results[:5:5], probe.Result{}) },
	} {
		tr := tracker(sc)
		for _, r := range st.rounds {
			if _, err := tr.Observe(r); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := tr.State("httpd")
		bad := last
		change(&bad)
		if _, err := tr.Observe(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
		if after, _ := tr.State("httpd"); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: the state was changed", name)
		}
	}
}
