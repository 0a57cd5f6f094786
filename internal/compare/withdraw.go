package compare

import (
	"slices"
)

// withdraw takes back that a pod was recreated or lost, when it answers at its IP again.
func (s *step) withdraw() {
	for i, key := range s.keys {
		if key == "" || s.Current == nil || key == s.Current.Key && !s.State.Lost {
			continue
		}
		if old, ok := s.Pods.Get(key); ok {
			s.withdrawFor(i, old)
		}
	}
}

// withdrawFor takes back what was said of the pod that gave a result, if it did so at its IP.
func (s *step) withdrawFor(i int, old PodState) {
	found := s.State.Lost && old.Key == s.Current.Key && s.answersAt(i, s.Current.IP)
	var undone *Recreation
	for k := range s.Recreations {
		r := &s.Recreations[k]
		if !r.Withdrawn && r.Kind != Moved && r.Old.Key == old.Key && s.answersAt(i, r.Old.IP) && s.isSame(i, &r.Old) {
			s.undo(r)
			undone = r
		}
	}
	if undone == nil && !found {
		return
	}
	pinned := s.Pin.Pod != nil && s.Pin.Pod.Key == old.Key
	latest := undone != nil && undone.N == s.RecreationNumber && !s.watchesPin()
	if pinned || latest {
		s.Current = &CurrentState{Pod: old.Pod, First: old.First, Last: s.now}
		s.State.Lost, s.steady = false, true
		s.Doubt = nil
	}
	if undone != nil && undone.N == s.RecreationNumber {
		s.Doubt = nil
	}
	if s.unsettled() == nil {
		s.Owned, s.Back = nil, nil
	}
	s.RepinAt = 0
	if s.Pin.Pod != nil && s.wasReplaced(s.Pin.Pod.Key) {
		s.scheduleRepin()
	}
	e := Event{Kind: Withdrawn, Pod: clonePointer(&old.Pod)}
	if undone != nil {
		e.Recreation = undone.clone()
	}
	s.tell(&s.why, e)
}

// isSame reports whether who gave a result is that very pod. Without a UID its IP alone does not tell: it takes the same
// process, or where that is not known a name that leads there.
func (s *step) isSame(i int, old *Pod) bool {
	r := &s.round.Results[i]
	switch {
	case old.UID != "":
		return true
	case r.Who == nil || r.Who.Instance == "" || old.Instance == "":
		return r.Resolved()
	}
	return r.Who.Instance == old.Instance
}

// undo takes a recreation out of all figures.
func (s *step) undo(r *Recreation) {
	r.Withdrawn = true
	s.RecreationCount--
	mine := func(n int) bool { return n == r.N }
	for i, e := range r.Effects {
		a := &s.Approaches[i]
		a.count(e.Verdict, -1)
		if e.Verdict == Came {
			a.Recovery.remove(e.For)
		}
		a.Broken = slices.DeleteFunc(a.Broken, mine)
		if a.Suspect != nil {
			a.Suspect.Turned = slices.DeleteFunc(a.Suspect.Turned, mine)
		}
	}
}
