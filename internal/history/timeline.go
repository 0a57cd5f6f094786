package history

import (
	"cmp"
	"math"
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
	// end is when the outage that began here ended, and lost what it had cost by then, where that was told; zero while it lasts.
	end  compare.Moment
	lost int
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
	case compare.Repinned:
		for _, a := range t.Spec.Approaches {
			if a.Pinned() { // what they lost by the old pin is over, which nobody tells one by one
				t.ended(a.Name, &compare.Outage{End: e.Moment})
			}
		}
	case compare.VerdictChanged:
		t.cameBack(e)
	case compare.Corrected:
		t.corrected(e)
	case compare.DNSChanged:
		t.mark(mark{step: Step{Moment: e.Moment, Host: e.Host, Addrs: e.Addrs}, was: e.WasAddrs})
	case compare.Recreated, compare.PresumedRecreated, compare.Moved:
		t.begin(*e.Recreation)
	case compare.Disowned:
		t.disowned(e.Recreation)
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

// disowned gives what came before a recreation that is taken back to the one that will be told instead.
func (t *Target) disowned(r *compare.Recreation) {
	i := slices.IndexFunc(t.trails, func(tr trail) bool { return tr.recreation.N == r.N })
	if i < 0 {
		return
	}
	kept := func(m mark) bool {
		return m.step.Seq > r.Noticed.Seq || m.step.Kind == Failed && (m.end.IsZero() || m.end.Seq > r.Noticed.Seq)
	}
	marks := append(slices.DeleteFunc(slices.Clone(t.trails[i].marks), kept), t.marks...)
	t.marks = marks[max(len(marks)-maxMarks, 0):]
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
				m.end, m.lost = o.End, o.Lost
			}
		}
	}
}

// cameBack notes for recreations that have settled that an approach which they had broken is back.
func (t *Target) cameBack(e compare.Event) {
	if e.Verdict != compare.Came || e.Outage == nil || e.Outage.End.IsZero() {
		return
	}
	for i := range t.trails {
		tr := &t.trails[i]
		if slices.Contains(e.Numbers, tr.recreation.N) && len(tr.marks) < maxMarks {
			tr.marks = append(tr.marks, mark{step: Step{Kind: Back, Moment: e.Outage.End, Approach: e.Approach}})
		}
	}
}

// corrected mends the last outage of an approach, or takes it away when there was none after all.
func (t *Target) corrected(e compare.Event) {
	o := e.Outage
	isIt := func(m mark) bool { return m.step.Kind == Failed && m.step.Approach == e.Approach && m.end.IsZero() }
	for _, marks := range t.eachMarks() {
		i := slices.IndexFunc(*marks, isIt) // the next outage may have begun in the same round
		switch {
		case i < 0:
		case o.Lost == 0 && !o.End.IsZero():
			*marks = slices.Delete(*marks, i, i+1)
		default:
			m := &(*marks)[i]
			m.step.Moment, m.end, m.lost = o.First, o.End, o.Lost
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
	until := uint64(math.MaxUint64)
	if r.Reason == compare.ByNext && i+1 < len(t.trails) {
		until = t.trails[i+1].recreation.LastOld.Seq // what began later is the next one's
	}
	marks := slices.DeleteFunc(slices.Clone(t.trails[i].marks), func(m mark) bool { return m.step.Kind != Back && m.step.Seq > until })
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.step.Seq, b.step.Seq) })
	steps := []Step{{Kind: OldLast, Moment: r.LastOld}, {Kind: NewFirst, Moment: r.FirstNew}}
	begin, out := r.LastOld.Seq, map[string]bool{}
	belongs := owned(marks, r)
	for k, m := range marks {
		if belongs[k] {
			begin = min(begin, m.step.Seq)
		}
	}
	for k, m := range marks {
		a := m.step.Approach
		switch {
		case m.step.Kind == Failed:
			if out[a] = belongs[k]; belongs[k] {
				steps = append(steps, m.step)
			}
		case m.step.Kind == Back && out[a]:
			out[a] = false
			steps = append(steps, m.step)
		case m.step.Kind != Back && m.step.Seq >= begin:
			steps = append(steps, m.named(r)...)
		}
	}
	for i := range steps {
		steps[i].Took = 0 // a step is its round's, as the row of the log is
		steps[i].After = steps[i].Moment.Since(r.LastOld)
	}
	slices.SortStableFunc(steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(slices.Index(stepKinds, a.Kind), slices.Index(stepKinds, b.Kind)))
	})
	return steps
}

// owned tells which of the marks are outages of a recreation: those that overlap its time, and earlier ones as far as the
// tracker counts more lost probes to it: a pod that drains still answers at its IP while its names fail.
func owned(marks []mark, r compare.Recreation) []bool {
	is := make([]bool, len(marks))
	missing := map[string]int{}
	for _, e := range r.Effects {
		missing[e.Approach] = e.Lost
	}
	for k, m := range slices.Backward(marks) {
		if m.step.Kind != Failed {
			continue
		}
		overlaps := m.end.IsZero() || m.end.Seq > r.LastOld.Seq
		if r.Effects == nil {
			overlaps = overlaps || m.end.Seq >= r.FirstNew.Seq
		}
		if is[k] = overlaps || missing[m.step.Approach] > 0; is[k] {
			missing[m.step.Approach] -= m.lost
			if m.lost == 0 { // it lasts, or nobody told
				missing[m.step.Approach] = 0
			}
		}
	}
	return is
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
