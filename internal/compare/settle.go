package compare

import (
	"slices"

	"callbyname/internal/probe"
)

// settleIfDue judges the open recreation when every approach is back, or its time is over: counted from the successor's
// first answer, or from the old pod's last, since a successor may have answered before the old pod went.
func (s *step) settleIfDue() {
	r := s.unsettled()
	if r == nil {
		return
	}
	back := true
	for i := range s.Back {
		back = back && (s.Back[i] || s.judged[i].Outcome == probe.Pending)
	}
	switch {
	case back:
		s.settleAs(ByAnswers)
	case min(s.now.Since(r.FirstNew), s.now.Since(r.LastOld))+s.opt.Interval/2 >= s.settle: // at the nearest round, since ticks jitter
		s.settleAs(ByTime)
	}
}

// settleAs judges what the open recreation did to each approach. When the next one ends it, what was lost since its
// successor's last answer is the next one's.
func (s *step) settleAs(why Reason) {
	r := s.unsettled()
	r.Settled, r.Reason = s.now, why
	r.Effects = make([]Effect, len(s.Approaches))
	for i := range s.Approaches {
		a := &s.Approaches[i]
		owned, open := s.Owned[i], a.Outage
		if why != ByNext || a.Since.Lost > 0 && a.Since.First.Seq <= s.Current.Last.Seq {
			owned.merge(a.Since)
		}
		if why == ByNext && open != nil && open.First.Seq > s.Current.Last.Seq {
			open = nil
		}
		e := effect(s.target.Approaches[i].Name, owned, open)
		r.Effects[i] = e
		a.count(e.Verdict, 1)
		switch e.Verdict {
		case Came:
			a.Recovery.Add(e.For)
		case Broken:
			if len(a.Broken) == maxBroken {
				a.Broken = slices.Delete(a.Broken, 0, 1)
			}
			a.Broken = append(a.Broken, r.N)
		}
	}
	s.Owned, s.Back = nil, nil
	s.scheduleRepin()
	s.tell(&s.why, Event{Kind: Settled, Recreation: r.clone()})
}

// effect is the verdict on one approach, from the outages that ended and the one that lasts.
func effect(approach string, owned Loss, open *Outage) Effect {
	e := Effect{Approach: approach, Lost: owned.Lost, Classes: slices.Clone(owned.Classes), For: owned.End.Since(owned.First)}
	wrong := owned.Wrong
	if open != nil {
		first := owned.First
		if first.IsZero() {
			first = open.First
		}
		e.Lost += open.Lost
		e.For = open.Last.Since(first)
		e.Classes = union(e.Classes, open.Classes)
		wrong += open.WrongPod
	}
	switch {
	case wrong > 0:
		e.Verdict = Misrouted
	case open != nil:
		e.Verdict = Broken
	case e.Lost > 0:
		e.Verdict = Came
	case owned.Probes > 0:
		e.Verdict = Survived
	default:
		e.Verdict = Unmeasured
	}
	return e
}

// effect is what recreation n did to an approach; nil when that is not known yet, or too long ago to be kept.
func (s *step) effect(n, i int) *Effect {
	if len(s.Recreations) == 0 {
		return nil
	}
	at := n - s.Recreations[0].N
	if at < 0 || at >= len(s.Recreations) || i >= len(s.Recreations[at].Effects) {
		return nil
	}
	return &s.Recreations[at].Effects[i]
}

// turn changes the verdict of settled recreations on one approach.
func (s *step) turn(i int, numbers []int, o *Outage, from, to Verdict) {
	if len(numbers) == 0 {
		return
	}
	a := &s.Approaches[i]
	a.count(from, -len(numbers))
	a.count(to, len(numbers))
	for _, n := range numbers {
		took := o.Duration()
		if e := s.effect(n, i); e != nil {
			e.Verdict, took = to, e.For
		}
		if to == Came {
			a.Recovery.Add(took)
		}
	}
	s.tell(&s.why, Event{Kind: VerdictChanged, Approach: s.target.Approaches[i].Name, Numbers: slices.Clone(numbers),
		WasVerdict: from, Verdict: to, Outage: o.clone()})
}

func (a *ApproachState) count(v Verdict, n int) {
	if a.Verdicts == nil {
		a.Verdicts = map[Verdict]int{}
	}
	if a.Verdicts[v] += n; a.Verdicts[v] <= 0 {
		delete(a.Verdicts, v)
	}
}

// add counts an outage that has ended.
func (l *Loss) add(o *Outage) {
	l.merge(Loss{Lost: o.Lost, Wrong: o.WrongPod, First: o.First, End: o.End, Classes: o.Classes})
}

// merge counts a later stretch as well.
func (l *Loss) merge(later Loss) {
	if l.First.IsZero() {
		l.First = later.First
	}
	if !later.End.IsZero() {
		l.End = later.End
	}
	l.Probes += later.Probes
	l.Lost += later.Lost
	l.Wrong += later.Wrong
	l.Classes = union(l.Classes, later.Classes)
}

func (l Loss) clone() Loss {
	l.Classes = slices.Clone(l.Classes)
	return l
}

// union is a with what b has more, in order of first appearance. It never writes behind a: states share it.
func union(a, b []probe.Outcome) []probe.Outcome {
	for _, o := range b {
		if !slices.Contains(a, o) {
			a = append(slices.Clip(a), o)
		}
	}
	return a
}
