package compare_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

func TestFiguresAddUpWhateverHappens(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(300)...) {
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
			if a.Longest > a.Out || a.Out > st.at+comparetest.Interval { // the last probe ends after the last round began
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

// counted is one approach's results added up as anybody would who has only the judged rounds, a pencil, and a list of
// when nobody looked.
type counted struct {
	lost, outages int
	out, longest  time.Duration
}

func countByHand(st story, i int) (c counted) {
	var open bool
	var first, last, seen time.Duration
	end := func(at time.Duration) {
		c.out += at - first
		c.longest = max(c.longest, at-first)
		open = false
	}
	for k, o := range st.seen {
		if k > 0 {
			gap := st.rounds[k].At - st.rounds[k-1].At
			if gap > comparetest.Interval*5/2 {
				gap = comparetest.Interval
			}
			seen += gap
		}
		switch outcome := o.Judged[i].Outcome; {
		case outcome.Failed():
			c.lost++
			if last = seen; !open {
				open, first = true, seen
				c.outages++
			}
		case outcome == probe.OK && open:
			end(seen + st.rounds[k].Results[i].Total)
		}
		repinned := slices.ContainsFunc(o.Events, func(e compare.Event) bool { return e.Kind == compare.Repinned })
		if repinned && open && i == 0 { // ip is the first approach of all stories
			end(seen)
		}
	}
	if open {
		end(last)
	}
	return c
}

func TestTheSummaryIsWhatOneCountsByHand(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(300)...) {
		st := play(t, sc)
		for i, a := range st.summary.Targets[0].Approaches {
			if of(st, compare.Corrected, a.Name) != nil || strings.Contains(sc.Approaches, "ip-keepalive") {
				continue // counted anew, which the stories have figures of
			}
			got := counted{a.Lost, a.Outages, a.Out, a.Longest}
			if want := countByHand(st, i); got != want {
				t.Errorf("%s: %s: %+v, by hand %+v", sc.Name, a.Name, got, want)
			}
			share, ok := a.Availability()
			if ok != (a.Probes > 0) || ok && share != float64(a.Probes-a.Lost)/float64(a.Probes) {
				t.Errorf("%s: %s: availability %v of %d probes, %d lost", sc.Name, a.Name, share, a.Probes, a.Lost)
			}
		}
	}
}

func TestTotalsAreTheSummarysAfterEachRound(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(100)...) {
		tr := tracker(sc)
		sc.Play(func(r probe.Round) []probe.Pin {
			o, err := tr.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			sum := tr.Summary().Targets[0]
			want := compare.Totals{Recreated: sum.Recreated, Restarts: sum.Restarts, DNSChanges: sum.DNSChanges, Paused: sum.Paused}
			for _, a := range sum.Approaches {
				want.Approaches = append(want.Approaches, compare.ApproachTotals{
					OK: a.Probes - a.Lost, Lost: a.Lost, Outages: a.Outages, Out: a.Out})
			}
			if !reflect.DeepEqual(o.Totals, want) {
				t.Fatalf("%s: after round %d %+v, want %+v", sc.Name, r.Seq, o.Totals, want)
			}
			return o.Pins
		})
	}
}

// of is the first event of a kind about an approach, nil when there is none.
func of(st story, kind compare.Kind, approach string) *compare.Event {
	for _, e := range st.events() {
		if e.Kind == kind && e.Approach == approach {
			return &e
		}
	}
	return nil
}

// lostIn counts an approach's lost probes after one round up to another, and tells the last outcome that counts. Answers
// of a wrong pod are left out when an event took some back.
func lostIn(st story, i int, approach string, after, to uint64) (lost int, last probe.Outcome) {
	corrected := of(st, compare.Corrected, approach) != nil
	for k, o := range st.seen {
		outcome := o.Judged[i].Outcome
		if seq := st.rounds[k].Seq; seq <= after || seq > to || outcome == probe.WrongPod && corrected {
			continue
		}
		if outcome.Failed() {
			lost++
		}
		if outcome.Failed() || outcome == probe.OK {
			last = outcome
		}
	}
	return lost, last
}

func TestAVerdictIsWhatTheRoundsShow(t *testing.T) {
	judged := map[compare.Verdict]int{}
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(600)...) {
		st := play(t, sc)
		for _, e := range st.events() {
			if e.Kind != compare.Settled || e.Recreation.Reason == compare.ByNext {
				continue
			}
			for i, f := range e.Recreation.Effects {
				judged[f.Verdict]++
				lost, last := lostIn(st, i, f.Approach, e.Recreation.LastOld.Seq, e.Recreation.Settled.Seq)
				fail := func(what string) {
					t.Errorf("%s: recreation %d (after round %d, settled %d): %s %s with %d lost, though the rounds show %d, last %s: %s",
						sc.Name, e.Recreation.N, e.Recreation.LastOld.Seq, e.Seq, f.Approach, f.Verdict, f.Lost, lost, last, what)
				}
				corrected := of(st, compare.Corrected, f.Approach) != nil
				switch f.Verdict {
				case compare.Survived, compare.Unmeasured:
					if lost > 0 || f.Lost != 0 || f.For != 0 {
						fail("it lost probes")
					}
				case compare.Came:
					if f.Lost == 0 || last.Failed() && !corrected {
						fail("it did not come back")
					}
				case compare.Broken:
					if f.Lost == 0 || !last.Failed() && !corrected {
						fail("it is not out")
					}
				}
				if f.Lost < lost {
					fail("too few")
				}
			}
		}
	}
	for _, v := range compare.Verdicts {
		if judged[v] == 0 {
			t.Errorf("no story has the verdict %s", v)
		}
	}
}

func TestNoPodIsGoneThatAnswersAtItsIP(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(600)...) {
		st := play(t, sc)
		for k, o := range st.seen {
			for _, e := range o.Events {
				switch e.Kind {
				case compare.Recreated, compare.PresumedRecreated, compare.Lost:
				default:
					continue
				}
				for _, r := range st.rounds[k].Results {
					if r.Who != nil && !r.Reused && e.Was.UID != "" && r.Who.UID == e.Was.UID && slices.Contains(r.Who.IPs, e.Was.IP) && r.Status != 0 {
						t.Errorf("%s: %s, though it answers in that round", sc.Name, comparetest.Brief(e))
					}
				}
			}
		}
	}
}

func TestEachRecreationSettlesOnceUnlessItIsWithdrawn(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(600)...) {
		st := play(t, sc)
		settled := map[int]int{}
		numbered, open := 0, false
		for _, e := range st.events() {
			switch e.Kind {
			case compare.Moved, compare.Recreated, compare.PresumedRecreated:
				if numbered++; e.Recreation.N != numbered || open {
					t.Errorf("%s: %s is number %d, not %d, or comes before the last one settled", sc.Name, comparetest.Brief(e), e.Recreation.N, numbered)
				}
				open = true
			case compare.Settled:
				if settled[e.Recreation.N]++; settled[e.Recreation.N] > 1 || !open || e.Recreation.N != numbered {
					t.Errorf("%s: %s: not the one that was open", sc.Name, comparetest.Brief(e))
				}
				open = false
			case compare.Withdrawn, compare.Disowned:
				if e.Recreation != nil && e.Recreation.N == numbered {
					open = false
				}
			}
		}
		if open {
			t.Errorf("%s: recreation %d never settled", sc.Name, numbered)
		}
	}
}

func TestAnApproachThatNeverFailedSurvivesEverything(t *testing.T) {
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(300)...) {
		st := play(t, sc)
		taken := of(st, compare.Disowned, "") != nil // then successes were a stranger's, as was seen too late to take them back
		for _, a := range st.summary.Targets[0].Approaches {
			for v, n := range a.Verdicts {
				if a.Lost == 0 && v != compare.Survived && v != compare.Unmeasured && !(taken && v == compare.Misrouted) {
					t.Errorf("%s: %s lost nothing, and was %s %d times", sc.Name, a.Name, v, n)
				}
			}
		}
	}
}
