package compare_test

import (
	"strings"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

// A log may be damaged or made up: what a Tracker goes on from must be something that it could have been in.
func TestAStateThatCannotBeIsRefused(t *testing.T) {
	sc := comparetest.Named("a single pod is recreated with another IP")
	_, before := playStates(t, sc)
	for name, change := range map[string]func(*compare.State){
		"no such target":      func(s *compare.State) { s.Target = "nobody" },
		"4 approaches":        func(s *compare.State) { s.Approaches = s.Approaches[:4] },
		"0 losses":            func(s *compare.State) { s.Owned = nil },
		"2 answers":           func(s *compare.State) { s.Back = s.Back[:2] },
		"recreation 1: 0 eff": func(s *compare.State) { s.Recreations[0].Settled = s.Last },
		"recreation 1: 6 eff": func(s *compare.State) { s.Recreations[0].Effects = make([]compare.Effect, 6) },
		"4 losses by a succe": func(s *compare.State) { s.Doubt = &compare.Doubt{Losses: make([]compare.Loss, 4)} },
		"of 5 approaches and 0 rec": func(s *compare.State) {
			s.Doubt = &compare.Doubt{Losses: make([]compare.Loss, 5)}
			s.Recreations, s.Owned, s.Back = nil, nil, nil
		},
		"bucket 5 of 0": func(s *compare.State) {
			s.Approaches[1].Latency = compare.Histogram{Counts: []compare.Count{compare.CountOf(5, 0)}}
		},
		"bucket 4 of 1": func(s *compare.State) {
			s.Approaches[1].Latency = compare.Histogram{Counts: []compare.Count{compare.CountOf(4, 2), compare.CountOf(4, 1)}}
		},
		"bucket 896 of 1": func(s *compare.State) {
			s.Approaches[1].Latency = compare.Histogram{Counts: []compare.Count{compare.CountOf(compare.Buckets, 1)}}
		},
		"3 answers of a susp":  func(s *compare.State) { s.Approaches[0].Suspect = &compare.Suspect{Count: 3} },
		"0 answers of a susp":  func(s *compare.State) { s.Approaches[1].Suspect = &compare.Suspect{} },
		"1025 recreations wai": func(s *compare.State) { s.Approaches[0].Broken = make([]int, 1025) },
		"300 pods": func(s *compare.State) {
			for len(s.Pods) < 300 {
				s.Pods = append(s.Pods, compare.PodState{})
			}
		},
	} {
		tr := tracker(sc)
		s := before[9].Clone() // the recreation is not settled, ip is out
		if err := tr.Restore(s); err != nil || s.Approaches[0].Outage == nil || s.Approaches[1].Outage != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		change(&s)
		if err := tr.Restore(s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestASuspectWithoutCountsDoesNoHarm(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=a/10.0.0.5 B=b/10.0.0.5", Service: "10.96.0.1", Rounds: "- A\nA A\nB refused\nB refused\nB B"}
	st, before := playStates(t, sc)
	s := before[4]
	s.Approaches[0].Suspect.Count = 0
	s.Approaches[0].Suspect.Latency = compare.Histogram{}
	s.Approaches[0].Classes = map[probe.Outcome]int{}
	tr := tracker(sc)
	if err := tr.Restore(s); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Observe(st.rounds[4]); err != nil {
		t.Error(err)
	}
}

// A doubt is about the pod whose disappearance is watched for. A state that has the one without the other is none that a Tracker is
// ever in, but one that it gets over.
func TestADoubtAboutNobodyDoesNoHarm(t *testing.T) {
	sc := comparetest.Named("a name leads to the stranger again")
	st, before := playStates(t, sc)
	s := before[5]
	if s.Doubt == nil || s.Current == nil {
		t.Fatalf("doubt %v about %v", s.Doubt, s.Current)
	}
	s.Current = nil
	tr := tracker(sc)
	if err := tr.Restore(s); err != nil {
		t.Fatal(err)
	}
	for _, r := range st.rounds[5:] {
		if _, err := tr.Observe(r); err != nil {
			t.Fatal(err)
		}
	}
	if after, _ := tr.State(s.Target); after.Doubt != nil || after.Current == nil {
		t.Errorf("doubt %v about %v", after.Doubt, after.Current)
	}
}

// What a state holds of who answered is what that pod says of itself now.
func TestAPodThatMovedIsHeldAsItIs(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns headless", Pods: "A=a/10.0.0.5", Service: "10.96.0.1",
		Rounds: "- A A\nA A A\nrefused A@10.0.0.7 A@10.0.0.7\nrefused A@10.0.0.7 A@10.0.0.7\nrefused A@10.0.0.7 A@10.0.0.7"}
	st, before := playStates(t, sc)
	for i, a := range before[4].Approaches[1:] {
		if a.Answered == nil || a.Answered.IP.String() != "10.0.0.7" {
			t.Errorf("approach %d was answered by %+v", i+1, a.Answered)
		}
	}
	if news := st.seen[4].Judged[1].News; news {
		t.Error("the same answer is news again")
	}
}
