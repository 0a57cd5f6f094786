package probes

import (
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"callbyname/internal/compare"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// target is what was counted of one target. Events are counted when they happen; what a later event takes back is the
// difference to the tracker's totals. So both only grow, and the one less the other is what the Summary says.
type target struct {
	labels []*dto.LabelPair // target

	mu                          sync.Mutex
	rounds, pauses, recreations int
	totals                      compare.Totals // as of the last round
	approaches                  []approach     // in declared order
}

// samples are what is collected of all targets.
type samples []scrape.Value

func (s *samples) add(f scrape.Family, labels []*dto.LabelPair, value float64) {
	*s = append(*s, scrape.Value{Family: f, Labels: labels, Number: value})
}

// approach is what was counted of one approach of one target.
type approach struct {
	target, name *dto.LabelPair
	labels       []*dto.LabelPair // approach, target
	timing       *timing
	// misleading is true for one that calls an address that it kept: one day somebody else may answer there.
	misleading bool

	tallies       []tally // those that ever were, and some that begin with 0
	lost, outages int
	corrected     int // answers that were not the wrong pod's
	// out and returned are what was added to the time of outages, and taken from it.
	out, returned time.Duration
	counts, up    bool          // up is false as long as nothing counts
	ttl           time.Duration // of the last answer; negative before the first
}

// tally counts the probes of one outcome.
type tally struct {
	outcome probe.Outcome
	n       int
}

func newTarget(spec probe.Target, timingOf func(approach string) *timing) *target {
	name := scrape.Label("target", spec.Name)
	t := &target{labels: []*dto.LabelPair{name}, approaches: make([]approach, len(spec.Approaches))}
	t.totals.Approaches = make([]compare.ApproachTotals, len(spec.Approaches))
	for i, a := range spec.Approaches {
		timing := timingOf(a.Name)
		t.approaches[i] = approach{
			target: name, name: timing.label, labels: []*dto.LabelPair{timing.label, name}, timing: timing,
			misleading: a.Pinned() || a.Cache != 0 || a.KeepAlive, ttl: -1,
		}
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
		if *t.approaches[i].name.Value == name {
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

// with are the labels of one outcome, made when they are asked for: a prober has thousands of each.
func (a *approach) with(o probe.Outcome) []*dto.LabelPair {
	return []*dto.LabelPair{a.name, outcomeLabels[o], a.target}
}

// outcomeLabels are those of all outcomes there are.
var outcomeLabels = func() map[probe.Outcome]*dto.LabelPair {
	labels := make(map[probe.Outcome]*dto.LabelPair, len(probe.Outcomes))
	for _, o := range probe.Outcomes {
		labels[o] = scrape.Label("outcome", string(o))
	}
	return labels
}()

func (a *approach) of(o probe.Outcome) int {
	for i := range a.tallies {
		if a.tallies[i].outcome == o {
			return a.tallies[i].n
		}
	}
	return 0
}

// collect appends what there is to say of the target.
func (t *target) collect(s *samples) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.add(rounds, t.labels, float64(t.rounds))
	s.add(pauses, t.labels, float64(t.pauses))
	s.add(paused, t.labels, t.totals.Paused.Seconds())
	s.add(recreations, t.labels, float64(t.recreations))
	s.add(withdrawn, t.labels, float64(t.recreations-t.totals.Recreated))
	s.add(restarts, t.labels, float64(t.totals.Restarts))
	s.add(dnsChanges, t.labels, float64(t.totals.DNSChanges))
	for i := range t.approaches {
		t.approaches[i].collect(s, t.totals.Approaches[i])
	}
}

func (a *approach) collect(s *samples, now compare.ApproachTotals) {
	for i := range a.tallies {
		s.add(outcomes, a.with(a.tallies[i].outcome), float64(a.tallies[i].n))
	}
	s.add(lost, a.labels, float64(a.lost))
	s.add(outages, a.labels, float64(a.outages))
	s.add(out, a.labels, a.out.Seconds())
	if a.counts {
		value := 0.0
		if a.up {
			value = 1
		}
		s.add(up, a.labels, value)
	}
	if a.ttl >= 0 {
		s.add(ttl, a.labels, a.ttl.Seconds())
	}
	if !a.misleading && a.corrected == 0 {
		return
	}
	ok := now.OK - a.of(probe.OK)
	s.add(corrected, a.with(probe.OK), float64(ok))
	if refused := a.corrected - ok; refused > 0 {
		s.add(corrected, a.with(probe.HTTPStatus), float64(refused))
	}
	s.add(correctedOutages, a.labels, float64(a.outages-now.Outages))
	s.add(correctedOut, a.labels, a.returned.Seconds())
}
