package probes

import (
	"sync"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// target is what was counted of one target. Events are counted when they happen; what a later event takes back is the
// difference to the tracker's totals. So both only grow, and the one less the other is what the Summary says.
type target struct {
	mu sync.Mutex
	counted
}

// counted are the counts of a target.
type counted struct {
	name                        string
	rounds, pauses, recreations int
	totals                      compare.Totals // as of the last round
	approaches                  []approach     // in declared order
}

// approach is what was counted of one approach of one target. Its labels are made at each scrape: they take more than all else.
type approach struct {
	timing  *timing
	tallies []tally // those that ever were, and some that begin with 0

	lost, outages int
	corrected     int // answers that were not the wrong pod's
	// out and returned are what was added to the time of outages, and taken from it.
	out, returned time.Duration
	ttl           time.Duration // of the last answer; negative before the first
	counts, up    bool          // up is false as long as nothing counts
	// misleading is true for one that calls an address that it kept: one day somebody else may answer there.
	misleading bool
}

// tally counts the probes of one outcome.
type tally struct {
	outcome probe.Outcome
	n       int
}

func newTarget(spec probe.Target, timingOf func(approach string) *timing) *target {
	t := &target{counted: counted{name: spec.Name, approaches: make([]approach, len(spec.Approaches))}}
	t.totals.Approaches = make([]compare.ApproachTotals, len(spec.Approaches))
	for i, a := range spec.Approaches {
		t.approaches[i] = approach{timing: timingOf(a.Name), misleading: a.Pinned() || a.Cache != 0 || a.KeepAlive, ttl: -1}
		t.approaches[i].count(probe.OK, 0)
		if t.approaches[i].misleading {
			t.approaches[i].count(probe.WrongPod, 0)
		}
	}
	return t
}

func (t *target) observe(r *probe.Round, o *compare.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rounds++
	for i := range o.Events {
		switch e := &o.Events[i]; e.Kind {
		case compare.Paused:
			t.pauses++
		case compare.Recreated, compare.PresumedRecreated, compare.Moved:
			t.recreations++
		case compare.Corrected:
			t.approach(e.Approach).corrected += e.Count
		case compare.Broke:
			t.approach(e.Approach).outages++
		}
	}
	for i := range t.approaches {
		a := &t.approaches[i]
		a.see(&r.Results[i], o.Judged[i].Outcome)
		if grown := o.Totals.Approaches[i].Out - t.totals.Approaches[i].Out; grown > 0 {
			a.out += grown
		} else {
			a.returned -= grown
		}
	}
	t.totals = o.Totals
}

// approach is the one of that name.
func (t *target) approach(name string) *approach {
	for i := range t.approaches {
		if t.approaches[i].timing.approach == name {
			return &t.approaches[i]
		}
	}
	return &approach{} // there is none: a tracker tells of its target's approaches only
}

// see counts a result.
func (a *approach) see(r *probe.Result, judged probe.Outcome) {
	a.count(judged, 1)
	switch {
	case judged == probe.OK:
		a.counts, a.up = true, true
	case judged.Failed():
		a.counts, a.up = true, false
		a.lost++
	}
	if r.Answer != nil && r.Answer.Source == resolve.FromDNS && len(r.Answer.Addrs) > 0 {
		a.ttl = r.Answer.TTL
	}
}

func (a *approach) count(o probe.Outcome, n int) {
	for i := range a.tallies {
		if a.tallies[i].outcome == o {
			a.tallies[i].n += n
			return
		}
	}
	a.tallies = append(a.tallies, tally{o, n})
}

func (a *approach) of(o probe.Outcome) int {
	for i := range a.tallies {
		if a.tallies[i].outcome == o {
			return a.tallies[i].n
		}
	}
	return 0
}
