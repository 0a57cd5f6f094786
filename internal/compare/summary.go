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

// update brings an earlier sum up to date, all but its histograms. What is dear to copy stays as long as it is true, and is
// replaced, never changed, when it no longer is.
func (f *follower) update(t *TargetSummary) {
	s := &f.state
	t.Name, t.First, t.Last, t.Paused, t.Lost = f.target.Name, s.First, s.Last, s.Last.Paused, s.Lost
	t.Recreated, t.Restarts, t.DNSChanges = s.RecreationCount, s.Restarts, s.DNSChanges
	if !slices.EqualFunc(t.Recreations, s.Recreations, unchanged) {
		t.Recreations = cloneRecreations(s.Recreations)
	}
	if t.URL == "" && f.target.URL != nil {
		t.URL = f.target.URL.Redacted()
	}
	if len(t.Approaches) != len(s.Approaches) {
		t.Approaches = make([]ApproachSummary, len(s.Approaches))
	}
	for i := range s.Approaches {
		a, sum, spec := &s.Approaches[i], &t.Approaches[i], &f.target.Approaches[i]
		sum.Name, sum.Address, sum.Pinned = spec.Name, spec.Host, spec.Pinned()
		if sum.Pinned && s.Pin.Addr.IsValid() {
			sum.Address = s.Pin.Addr.String()
		}
		total := a.totals()
		sum.Probes, sum.Lost, sum.Void, sum.Pending = a.OK+a.Lost, a.Lost, a.Void, a.Pending
		sum.Outages, sum.Longest, sum.Out, sum.Open = total.Outages, a.Longest, total.Out, a.Outage.clone()
		if sum.Open != nil {
			sum.Longest = max(sum.Longest, sum.Open.Duration())
		}
		sum.Classes, sum.Verdicts = copied(sum.Classes, a.Classes), copied(sum.Verdicts, a.Verdicts)
		t.Rounds = max(t.Rounds, uint64(a.OK+a.Lost+a.Void+a.Pending))
	}
}

// copied is a copy of counts: the one that there was, as long as it is one.
func copied[K, N comparable](was, is map[K]N) map[K]N {
	if (was == nil) == (is == nil) && maps.Equal(was, is) {
		return was
	}
	return maps.Clone(is)
}

func (f *follower) summary() (t TargetSummary) {
	f.update(&t)
	for i := range t.Approaches {
		a := &f.state.Approaches[i]
		t.Approaches[i].Latency, t.Approaches[i].Recovery = a.Latency.Clone(), a.Recovery.Clone()
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
