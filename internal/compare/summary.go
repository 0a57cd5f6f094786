package compare

import (
	"maps"
	"slices"
	"time"

	"callbyname/internal/probe"
)

// Summary adds up everything that was observed.
type Summary struct {
	// Interval is the run's, and so the uncertainty of every duration of an outage.
	Interval time.Duration
	Targets  []TargetSummary
}

// TargetSummary adds up one target.
type TargetSummary struct {
	Name, URL string
	// First and Last are the first and the last round; zero when there was none.
	First, Last Moment
	Rounds      uint64
	Paused      time.Duration
	// Recreated counts recreations that were not withdrawn (Moved ones included); Recreations are the last of them.
	Recreated   int
	Recreations []Recreation
	Restarts    int
	DNSChanges  int
	// Lost is true while the pod is lost: it no longer answers, and no successor was found.
	Lost       bool
	Approaches []ApproachSummary
}

// ApproachSummary adds up one approach.
type ApproachSummary struct {
	Name string
	// Address is what it dials: a host name, or the pin ("" while pending).
	Address string
	Pinned  bool
	// Probes counts successes and lost probes; Void and Pending ones are counted apart.
	Probes, Lost, Void, Pending int
	// Classes are the lost probes by class.
	Classes map[probe.Outcome]int
	// Outages counts all, the one that lasts (Open) included.
	Outages int
	Longest time.Duration
	// Out is how long all outages lasted, together.
	Out  time.Duration
	Open *Outage
	// Verdicts counts the settled recreations by what they did to this approach.
	Verdicts          map[Verdict]int
	Latency, Recovery Histogram
}

// Totals are the counts of a TargetSummary after one round. Those that an event may take back can be less than they were
// a round before.
type Totals struct {
	Recreated, Restarts, DNSChanges int
	// Paused is for how long nobody looked.
	Paused time.Duration
	// Approaches stand in declared order.
	Approaches []ApproachTotals
}

// ApproachTotals are the counts of one approach.
type ApproachTotals struct {
	// OK and Lost are the probes that count.
	OK, Lost int
	// Outages counts all, the one that lasts included; Out is how long they lasted, together.
	Outages int
	Out     time.Duration
}

func (s *State) totals() Totals {
	t := Totals{Recreated: s.RecreationCount, Restarts: s.Restarts, DNSChanges: s.DNSChanges, Paused: s.Last.Paused,
		Approaches: make([]ApproachTotals, len(s.Approaches))}
	for i := range s.Approaches {
		t.Approaches[i] = s.Approaches[i].totals()
	}
	return t
}

func (a *ApproachState) totals() ApproachTotals {
	t := ApproachTotals{OK: a.OK, Lost: a.Lost, Outages: a.Outages, Out: a.Out}
	if a.Outage != nil {
		t.Outages++
		t.Out += a.Outage.Duration()
	}
	return t
}

// Availability is the share of counted probes that succeeded, 0 to 1; 0 with ok false when none counted.
func (a *ApproachSummary) Availability() (share float64, ok bool) {
	if a.Probes == 0 {
		return 0, false
	}
	return float64(a.Probes-a.Lost) / float64(a.Probes), true
}

// summary takes from an earlier one what is still true and dear to copy: before may be the zero one.
func (f *follower) summary(before TargetSummary) TargetSummary {
	s := &f.state
	t := TargetSummary{
		Name: f.target.Name, First: s.First, Last: s.Last, Paused: s.Last.Paused,
		Recreated: s.RecreationCount, Recreations: before.Recreations, Restarts: s.Restarts, DNSChanges: s.DNSChanges,
		Lost: s.Lost,
	}
	if !slices.EqualFunc(before.Recreations, s.Recreations, unchanged) {
		t.Recreations = cloneRecreations(s.Recreations)
	}
	if f.target.URL != nil {
		t.URL = f.target.URL.Redacted()
	}
	for i := range s.Approaches {
		a, spec := &s.Approaches[i], f.target.Approaches[i]
		total := a.totals()
		sum := ApproachSummary{
			Name: spec.Name, Address: spec.Host, Pinned: spec.Pinned(),
			Probes: a.OK + a.Lost, Lost: a.Lost, Void: a.Void, Pending: a.Pending, Classes: maps.Clone(a.Classes),
			Outages: total.Outages, Longest: a.Longest, Out: total.Out, Open: a.Outage.clone(),
			Verdicts: maps.Clone(a.Verdicts), Latency: a.Latency.Clone(), Recovery: a.Recovery.Clone(),
		}
		if spec.Pinned() && s.Pin.Addr.IsValid() {
			sum.Address = s.Pin.Addr.String()
		}
		if o := a.Outage; o != nil {
			sum.Longest = max(sum.Longest, o.Duration())
		}
		t.Approaches = append(t.Approaches, sum)
		t.Rounds = max(t.Rounds, uint64(a.OK+a.Lost+a.Void+a.Pending))
	}
	return t
}

// unchanged reports whether a recreation is as it was, in all that can change once it has begun.
func unchanged(was, is Recreation) bool {
	return was.N == is.N && was.Settled == is.Settled && was.Withdrawn == is.Withdrawn &&
		slices.EqualFunc(was.Effects, is.Effects, func(a, b Effect) bool {
			return a.Verdict == b.Verdict && a.Lost == b.Lost && a.For == b.For && len(a.Classes) == len(b.Classes)
		})
}
