package compare_test

import (
	"math/rand/v2"
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
	// before are the states before each round.
	before []compare.State
	atStop []compare.Event
	at     time.Duration
	wall   time.Time
	// summary is that at the end.
	summary compare.Summary
}

func play(t testing.TB, sc comparetest.Scenario) story {
	t.Helper()
	var st story
	tr := tracker(sc)
	st.at, st.wall = sc.Play(func(r probe.Round) []probe.Pin {
		before, ok := tr.State(r.Target)
		if !ok {
			t.Fatalf("no state of %q", r.Target)
		}
		o, err := tr.Observe(r)
		if err != nil {
			t.Fatal(err)
		}
		st.rounds, st.seen, st.before = append(st.rounds, r), append(st.seen, o), append(st.before, before)
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
	for _, sc := range append(comparetest.Scenarios, randomScenarios(20)...) {
		t.Run(sc.Name, func(t *testing.T) {
			st := play(t, sc)
			for cut := range st.rounds {
				tr := tracker(sc)
				if err := tr.Restore(st.before[cut]); err != nil {
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
		st := play(t, sc)
		again := play(t, sc)
		for i := range st.before {
			if !reflect.DeepEqual(st.before[i], again.before[i]) {
				t.Errorf("%s: the state before round %d was changed by a later round", sc.Name, i+1)
			}
		}
	}
}

// randomScenarios are stories in which anything may happen, the same ones every time.
func randomScenarios(n int) []comparetest.Scenario {
	columns := map[string][]string{
		"ip":        strings.Fields("A B C A' refused no_route void A!500 ? ?!503 A^"),
		"dns":       strings.Fields("A B C A' refused dns_not_found dns_timeout void A@10.0.0.8 ? ?!503 B!404"),
		"headless":  strings.Fields("A B C B' dns_not_found dns_servfail void ? connect_timeout"),
		"cached":    strings.Fields("A B C *A *B *C connect_timeout void reset"),
		"keepalive": strings.Fields("A B C *A *B *C closed void reset"),
	}
	names := []string{"ip", "dns", "headless", "cached", "keepalive"}
	var scenarios []comparetest.Scenario
	for i := range n {
		rnd := rand.New(rand.NewPCG(uint64(i), 1))
		sc := comparetest.Scenario{
			Name: "random", Approaches: strings.Join(names, " "), Service: "10.96.0.1", Cache: 2 * time.Second,
			Pods:   "A=web-1/10.0.0.5 B=web-1/10.0.0.6 C=web-2/10.0.0.5",
			NoUID:  i%5 == 4,
			Settle: 3 * time.Second,
		}
		if i%3 == 0 {
			sc.RepinAfter = 2 * time.Second
		}
		if i%4 == 1 {
			sc.Given = "10.0.0.5:80"
		}
		var b strings.Builder
		for range 60 {
			if rnd.IntN(12) == 0 {
				b.WriteString("pause 4s\n")
			}
			for _, name := range names {
				c := columns[name]
				// Mostly what is likely, so that stories get somewhere.
				b.WriteString(c[min(rnd.IntN(len(c)), rnd.IntN(len(c)))] + " ")
			}
			b.WriteString("\n")
		}
		sc.Rounds = b.String()
		scenarios = append(scenarios, sc)
	}
	return scenarios
}

func TestFiguresAddUpWhateverHappens(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, randomScenarios(300)...) {
		st := play(t, sc)
		s := st.summary.Targets[0]
		settled := 0
		for _, e := range st.events() {
			if e.Kind == compare.Settled {
				settled++
			}
			if e.Outage != nil {
				checkOutage(t, sc, e)
			}
		}
		withdrawn := 0
		for _, r := range s.Recreations {
			if r.Withdrawn && !r.Settled.IsZero() {
				withdrawn++
			}
		}
		for i, a := range s.Approaches {
			if got := a.Probes + a.Void + a.Pending; got != len(st.rounds) {
				t.Errorf("%s: %s: %d probes for %d rounds", sc.Name, a.Name, got, len(st.rounds))
			}
			classes := 0
			for class, n := range a.Classes {
				if n <= 0 || !class.Failed() {
					t.Errorf("%s: %s: %d of class %s", sc.Name, a.Name, n, class)
				}
				classes += n
			}
			if classes != a.Lost {
				t.Errorf("%s: %s: %d lost, %d by class", sc.Name, a.Name, a.Lost, classes)
			}
			if got := int(a.Latency.Count()); got != a.Probes-a.Lost {
				t.Errorf("%s: %s: %d latencies for %d successes", sc.Name, a.Name, got, a.Probes-a.Lost)
			}
			verdicts := 0
			for _, n := range a.Verdicts {
				verdicts += n
			}
			if len(s.Recreations) < 32 && verdicts != settled-withdrawn {
				t.Errorf("%s: %s: %d verdicts for %d settled, %d of them withdrawn", sc.Name, a.Name, verdicts, settled, withdrawn)
			}
			if came := a.Verdicts[compare.Came]; int(a.Recovery.Count()) != came && len(s.Recreations) < 32 {
				t.Errorf("%s: %s: %d times to recover for %d recovered", sc.Name, a.Name, a.Recovery.Count(), came)
			}
			if a.Longest > a.Out || a.Out > st.at {
				t.Errorf("%s: %s (%d): longest %v, together %v, in %v", sc.Name, a.Name, i, a.Longest, a.Out, st.at)
			}
		}
	}
}

func checkOutage(t *testing.T, sc comparetest.Scenario, e compare.Event) {
	t.Helper()
	o := e.Outage
	shortest, longest := o.Bounds()
	if d := o.Duration(); d < shortest || d > longest {
		if e.Kind != compare.Corrected || o.Lost > 0 {
			t.Errorf("%s: %s: duration %v is not within %v and %v", sc.Name, comparetest.Brief(e), d, shortest, longest)
		}
	}
	if o.WrongPod > o.Lost || o.Lost < 0 || len(o.Classes) == 0 && o.Lost > 0 {
		t.Errorf("%s: %s: %+v", sc.Name, comparetest.Brief(e), o)
	}
}

func TestARoundThatCannotBeIsRefused(t *testing.T) {
	sc := comparetest.Scenarios[0]
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
