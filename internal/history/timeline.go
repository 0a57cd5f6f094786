package history

import (
	"net/netip"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// Step is one thing that happened around a recreation.
type Step struct {
	Kind StepKind
	compare.Moment
	// After is how long after the old pod's last answer it was, less the time in which nobody looked; negative before it.
	After time.Duration
	// Approach and Outcome are set with Failed, Approach with Back.
	Approach string
	Outcome  probe.Outcome
	// Host and Addrs are set with NameGone and NameNew.
	Host  string
	Addrs []netip.Addr
}

// StepKind is what happened: a closed set, whose words are those of the report's JSON.
type StepKind string

const (
	OldLast  StepKind = "old_last"  // the old pod's last answer
	Failed   StepKind = "failed"    // the first failure of an approach
	NameGone StepKind = "name_gone" // a name no longer has the old pod's address
	NameNew  StepKind = "name_new"  // a name has the new pod's address
	NewFirst StepKind = "new_first" // the new pod's first answer by name
	Back     StepKind = "back"      // an approach is answered again
)

// stepKinds is the order of what is noticed in the same round: cause before effect.
var stepKinds = []StepKind{OldLast, NameGone, Failed, NameNew, NewFirst, Back}

// trail is a recreation as it is followed.
type trail struct {
	recreation compare.Recreation
	marks      []mark
	settled    bool
}

// mark is something that may become a Step.
type mark struct {
	step Step
	// end is when the outage that began here ended; zero while it lasts.
	end compare.Moment
	// was are a name's addresses before.
	was []netip.Addr
}

// trail follows what an event says about recreations.
func (t *Target) trail(e compare.Event) {
	switch e.Kind {
	case compare.Broke:
		t.mark(mark{step: Step{Kind: Failed, Moment: e.Outage.First, Approach: e.Approach, Outcome: e.Outage.Classes[0]}})
	case compare.Recovered:
		t.ended(e.Approach, e.Outage)
		if !e.Outage.Repinned {
			t.mark(mark{step: Step{Kind: Back, Moment: e.Outage.End, Approach: e.Approach}})
		}
	case compare.Corrected:
		t.corrected(e)
	case compare.DNSChanged:
		t.mark(mark{step: Step{Moment: e.Moment, Host: e.Host, Addrs: e.Addrs}, was: e.WasAddrs})
	case compare.Recreated, compare.PresumedRecreated, compare.Moved:
		t.begin(*e.Recreation)
	case compare.Settled:
		if n := len(t.trails); n > 0 && e.Recreation != nil && t.trails[n-1].recreation.N == e.Recreation.N {
			t.trails[n-1].settled = true
		}
	}
}

// begin opens a recreation with what came before it and may belong to it.
func (t *Target) begin(r compare.Recreation) {
	if n := len(t.trails); n > 0 {
		t.trails[n-1].settled = true
	}
	if len(t.trails) == maxTimelines {
		t.trails = slices.Delete(t.trails, 0, 1)
	}
	t.trails = append(t.trails, trail{recreation: r, marks: slices.Clone(t.marks)})
	// Only what lasts can belong to the next one too.
	t.marks = slices.DeleteFunc(t.marks, func(m mark) bool { return m.step.Kind != Failed || !m.end.IsZero() })
}

// mark notes something, for the recreation that has not settled and for the next one.
func (t *Target) mark(m mark) {
	if n := len(t.trails); n > 0 && !t.trails[n-1].settled && len(t.trails[n-1].marks) < maxMarks {
		t.trails[n-1].marks = append(t.trails[n-1].marks, m)
	}
	if len(t.marks) == maxMarks {
		t.marks = slices.Delete(t.marks, 0, maxMarks/4)
	}
	t.marks = append(t.marks, m)
}

// ended notes that the last outage of an approach ended.
func (t *Target) ended(approach string, o *compare.Outage) {
	for _, marks := range t.eachMarks() {
		for i := range *marks {
			if m := &(*marks)[i]; m.step.Kind == Failed && m.step.Approach == approach && m.end.IsZero() {
				m.end = o.End
			}
		}
	}
}

// corrected mends the last outage of an approach, or takes it away when there was none after all.
func (t *Target) corrected(e compare.Event) {
	o := e.Outage
	isIt := func(m mark) bool { return m.step.Kind == Failed && m.step.Approach == e.Approach && m.end.IsZero() }
	for _, marks := range t.eachMarks() {
		if o.Lost == 0 && !o.End.IsZero() {
			*marks = slices.DeleteFunc(*marks, isIt)
		} else if i := slices.IndexFunc(*marks, isIt); i >= 0 {
			m := &(*marks)[i]
			m.step.Moment, m.end = o.First, o.End
			if len(o.Classes) > 0 {
				m.step.Outcome = o.Classes[0]
			}
		}
	}
	if o.Lost > 0 && !o.End.IsZero() {
		t.mark(mark{step: Step{Kind: Back, Moment: o.End, Approach: e.Approach}})
	}
}

// eachMarks are those of the recreation that has not settled, and those for the next one.
func (t *Target) eachMarks() []*[]mark {
	all := []*[]mark{&t.marks}
	if n := len(t.trails); n > 0 && !t.trails[n-1].settled {
		all = append(all, &t.trails[n-1].marks)
	}
	return all
}

// Timeline is a recreation as steps in order of time. It is nil for one that this History has not seen; r is what the
// tracker says of it.
func (t *Target) Timeline(r compare.Recreation) []Step {
	i := slices.IndexFunc(t.trails, func(tr trail) bool { return tr.recreation.N == r.N })
	if i < 0 {
		return nil
	}
	steps := []Step{{Kind: OldLast, Moment: r.LastOld}, {Kind: NewFirst, Moment: r.FirstNew}}
	begin := r.LastOld
	failed := map[string]bool{}
	for _, m := range t.trails[i].marks {
		if m.step.Kind == Failed && m.belongs(r) {
			failed[m.step.Approach] = true
			if m.step.Moment.Seq < begin.Seq {
				begin = m.step.Moment
			}
			steps = append(steps, m.step)
		}
	}
	for _, m := range t.trails[i].marks {
		switch {
		case m.step.Moment.Seq < begin.Seq, m.step.Kind == Failed:
		case m.step.Kind == Back:
			if failed[m.step.Approach] && m.step.Moment.Seq > r.LastOld.Seq {
				steps = append(steps, m.step)
			}
		default:
			steps = append(steps, m.named(r)...)
		}
	}
	for i := range steps {
		steps[i].After = steps[i].Moment.Since(r.LastOld)
	}
	slices.SortStableFunc(steps, func(a, b Step) int {
		if a.At != b.At {
			return int(min(max(a.At-b.At, -1), 1))
		}
		return slices.Index(stepKinds, a.Kind) - slices.Index(stepKinds, b.Kind)
	})
	return steps
}

// belongs reports whether an outage overlaps the time of a recreation.
func (m *mark) belongs(r compare.Recreation) bool {
	return m.end.IsZero() || m.end.Seq > r.LastOld.Seq
}

// named are the steps of a change of a name's addresses.
func (m *mark) named(r compare.Recreation) []Step {
	var steps []Step
	has := func(addrs []netip.Addr, ip netip.Addr) bool { return slices.Contains(addrs, ip) }
	if has(m.was, r.Old.IP) && !has(m.step.Addrs, r.Old.IP) {
		gone := m.step
		gone.Kind = NameGone
		steps = append(steps, gone)
	}
	if !has(m.was, r.New.IP) && has(m.step.Addrs, r.New.IP) {
		is := m.step
		is.Kind = NameNew
		steps = append(steps, is)
	}
	return steps
}
