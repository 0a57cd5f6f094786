package probes

import (
	"slices"

	dto "github.com/prometheus/client_model/go"

	"callbyname/internal/compare"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/probe"
)

// seen are the counts of a target at one moment, with their labels.
type seen struct {
	counted
	target []*dto.LabelPair
	named  [][]*dto.LabelPair // approach, target: of each approach
}

// now are the counts as they are.
func (t *target) now() seen {
	target := scrape.Label("target", t.name)
	s := seen{target: []*dto.LabelPair{target}, named: make([][]*dto.LabelPair, len(t.approaches))}
	for i := range t.approaches {
		s.named[i] = []*dto.LabelPair{t.approaches[i].timing.label, target}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.counted = t.counted
	s.approaches = slices.Clone(t.approaches)
	for i := range s.approaches {
		s.approaches[i].tallies = slices.Clone(s.approaches[i].tallies)
	}
	return s
}

// samples are what is collected of all targets, of one family.
type samples struct {
	scrape.Family
	values []scrape.Value
}

func (s *samples) add(f scrape.Family, labels []*dto.LabelPair, value float64) {
	if f == s.Family {
		s.values = append(s.values, scrape.Value{Family: f, Labels: labels, Number: value})
	}
}

// addOutcome is add with one more label.
func (s *samples) addOutcome(f scrape.Family, o probe.Outcome, labels []*dto.LabelPair, value float64) {
	if f == s.Family {
		s.add(f, []*dto.LabelPair{labels[0], outcomeLabels[o], labels[1]}, value)
	}
}

// outcomeLabels are those of all outcomes there are.
var outcomeLabels = func() map[probe.Outcome]*dto.LabelPair {
	labels := make(map[probe.Outcome]*dto.LabelPair, len(probe.Outcomes))
	for _, o := range probe.Outcomes {
		labels[o] = scrape.Label("outcome", string(o))
	}
	return labels
}()

// collect appends what there is to say of the target.
func (t *seen) collect(s *samples) {
	s.add(rounds, t.target, float64(t.rounds))
	s.add(pauses, t.target, float64(t.pauses))
	s.add(paused, t.target, t.totals.Paused.Seconds())
	s.add(recreations, t.target, float64(t.recreations))
	s.add(withdrawn, t.target, float64(t.recreations-t.totals.Recreated))
	s.add(restarts, t.target, float64(t.totals.Restarts))
	s.add(dnsChanges, t.target, float64(t.totals.DNSChanges))
	for i := range t.approaches {
		t.approaches[i].collect(s, t.named[i], &t.totals.Approaches[i])
	}
}

func (a *approach) collect(s *samples, labels []*dto.LabelPair, now *compare.ApproachTotals) {
	for i := range a.tallies {
		s.addOutcome(outcomes, a.tallies[i].outcome, labels, float64(a.tallies[i].n))
	}
	s.add(lost, labels, float64(a.lost))
	s.add(outages, labels, float64(a.outages))
	s.add(out, labels, a.out.Seconds())
	if a.counts {
		value := 0.0
		if a.up {
			value = 1
		}
		s.add(up, labels, value)
	}
	if a.ttl >= 0 {
		s.add(ttl, labels, a.ttl.Seconds())
	}
	if !a.misleading && a.corrected == 0 {
		return
	}
	ok := now.OK - a.of(probe.OK)
	s.addOutcome(corrected, probe.OK, labels, float64(ok))
	if refused := a.corrected - ok; refused > 0 {
		s.addOutcome(corrected, probe.HTTPStatus, labels, float64(refused))
	}
	s.add(correctedOutages, labels, float64(a.outages-now.Outages))
	s.add(correctedOut, labels, a.returned.Seconds())
}
