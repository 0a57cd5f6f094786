package report

import (
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
)

// sum is what several runs saw of one target.
type sum struct {
	compare.TargetSummary
	runs     int
	interval time.Duration
	// recreations are those of all runs, phases those of each approach.
	recreations []compare.Recreation
	phases      []history.Phases
}

// together adds up what several runs saw of the same target with the same approaches.
func together(runs []Observed) []Target {
	var sums []*sum
	byKey := map[string]*sum{}
	for _, o := range runs {
		for _, t := range o.Summary.Targets {
			key := t.Name + "\x00" + t.URL
			for _, a := range t.Approaches {
				key += "\x00" + a.Name
			}
			s := byKey[key]
			if s == nil {
				s = newSum(t)
				byKey[key], sums = s, append(sums, s)
			} else {
				addTarget(&s.TargetSummary, t)
			}
			s.runs++
			s.interval = max(s.interval, o.Summary.Interval)
			s.recreations = append(s.recreations, t.Recreations...)
			if o.History != nil {
				s.addPhases(o.History.Target(t.Name))
			}
		}
	}
	var all []Target
	for _, s := range sums {
		if s.runs > 1 {
			all = append(all, s.target())
		}
	}
	return all
}

func newSum(t compare.TargetSummary) *sum {
	s := &sum{TargetSummary: t, phases: make([]history.Phases, len(t.Approaches))}
	s.Recreations, s.Approaches = nil, slices.Clone(t.Approaches)
	s.Last.Wall = end(t)
	for i := range s.Approaches {
		a := &s.Approaches[i]
		a.Open, a.Classes, a.Verdicts = nil, addCounts(nil, a.Classes), addCounts(nil, a.Verdicts)
		a.Latency, a.Recovery = a.Latency.Clone(), a.Recovery.Clone()
	}
	return s
}

func (s *sum) target() Target {
	t := newTarget(s.TargetSummary, s.interval, nil)
	t.Begin, t.Span = 0, Millis(t.Last.Sub(t.First)) // time since its start means another time for each run
	for i := range t.Approaches {
		t.Approaches[i].exact(s.recreations)
		t.Approaches[i].phases(&s.phases[i])
	}
	return t
}

func (s *sum) addPhases(h *history.Target) {
	if h == nil || len(h.Lanes) != len(s.phases) {
		return
	}
	for i := range h.Lanes {
		if p := h.Lanes[i].Phases; p != nil {
			q := &s.phases[i]
			q.Resolve.Merge(p.Resolve)
			q.Connect.Merge(p.Connect)
			q.TLS.Merge(p.TLS)
			q.Write.Merge(p.Write)
			q.FirstByte.Merge(p.FirstByte)
			q.Read.Merge(p.Read)
		}
	}
}

func addTarget(sum *compare.TargetSummary, t compare.TargetSummary) {
	if sum.Rounds == 0 || t.Rounds > 0 && t.First.Wall.Before(sum.First.Wall) {
		sum.First = t.First
	}
	if last := end(t); last.After(sum.Last.Wall) {
		sum.Last = t.Last
		sum.Last.Wall = last
	}
	sum.Rounds += t.Rounds
	sum.Paused += t.Paused
	sum.Recreated += t.Recreated
	sum.Restarts += t.Restarts
	sum.DNSChanges += t.DNSChanges
	sum.Lost = sum.Lost || t.Lost
	for i := range t.Approaches {
		a, b := &sum.Approaches[i], &t.Approaches[i]
		if a.Address != b.Address {
			a.Address = several
		}
		a.Probes, a.Lost, a.Void, a.Pending = a.Probes+b.Probes, a.Lost+b.Lost, a.Void+b.Void, a.Pending+b.Pending
		a.Outages, a.Out, a.Longest = a.Outages+b.Outages, a.Out+b.Out, max(a.Longest, b.Longest)
		a.Classes, a.Verdicts = addCounts(a.Classes, b.Classes), addCounts(a.Verdicts, b.Verdicts)
		a.Latency.Merge(b.Latency)
		a.Recovery.Merge(b.Recovery)
	}
}

// end is when a run's last round was, by the wall clock of its first: whatever became of that clock meanwhile.
func end(t compare.TargetSummary) time.Time { return t.First.Wall.Add(t.Last.At - t.First.At) }

// several stands for the addresses of several runs.
const several = "(several)"

func addCounts[K comparable](a, b map[K]int) map[K]int {
	if a == nil {
		a = make(map[K]int, len(b))
	}
	for k, n := range b {
		a[k] += n
	}
	return a
}
