package compare

import (
	"slices"

	"callbyname/internal/probe"
)

// watch is how many rounds a prober must have looked before a pod that it sees for the first time counts as a new one
// without further evidence: until then every replica is seen for the first time.
const watch = 10

// unsettled is the recreation that is not judged yet; nil when there is none.
func (f *follower) unsettled() *Recreation {
	if n := len(f.state.Recreations); n > 0 {
		if r := &f.state.Recreations[n-1]; r.Settled.IsZero() && !r.Withdrawn {
			return r
		}
	}
	return nil
}

// seekSuccessor decides what became of the current pod: it is back, moved, was replaced, or is lost.
func (s *step) seekSuccessor() {
	s.withdraw()
	c := s.Current
	if c == nil || c.Last.Seq == s.now.Seq {
		return
	}
	known, ok := s.Pods.Get(c.Key)
	if ok && known.IP.IsValid() && c.IP.IsValid() && known.IP != c.IP && known.Last.Seq == s.now.Seq {
		known.First, known.Joined = s.now, s.now
		s.begin(Moved, known)
		return
	}
	if !s.watchesPin() {
		if next, ok := s.onlyNewcomer(); ok {
			s.begin(replaced(c.Pod, next.Pod), next)
		}
		return
	}
	if !s.pinDown() {
		return
	}
	if next, ok := s.newcomer(); ok {
		s.begin(replaced(c.Pod, next.Pod), next)
		return
	}
	if !s.State.Lost && s.unsettled() == nil && s.now.Since(c.Last) >= s.settle && s.othersAnswer() {
		s.State.Lost = true
		s.scheduleRepin()
		was := c.Pod
		s.tell(&s.why, Event{Kind: Lost, Was: &was})
	}
}

// replaced is the kind of a recreation: without two UIDs it is presumed.
func replaced(old, next Pod) Kind {
	if old.UID == "" || next.UID == "" {
		return PresumedRecreated
	}
	return Recreated
}

// watchesPin reports whether the current pod is the pinned one, so that the pinned approaches tell whether it is there.
func (s *step) watchesPin() bool {
	return s.Pin.Pod != nil && s.Current != nil && s.Current.Key == s.Pin.Pod.Key && s.Current.IP == s.Pin.Addr.Addr()
}

// pinDown reports whether a pinned approach failed in this round, or was answered by another pod.
func (s *step) pinDown() bool {
	for i, a := range s.target.Approaches {
		if a.Pinned() && (s.judged[i].Outcome.Failed() || s.judged[i].Outcome == probe.OK && s.keys[i] != s.Current.Key) {
			return true
		}
	}
	return false
}

// newcomer is the member that most likely took the current pod's place: one first seen after the current pod's last
// answer, of the same name if there is such (a plain pod, a StatefulSet), else the first. A member first seen shortly
// before that was made ready beforehand; it takes a second failed round to believe that.
func (s *step) newcomer() (next PodState, found bool) {
	c := s.Current
	better := func(p PodState) bool {
		switch {
		case !found:
			return true
		case (p.Name == c.Name) != (next.Name == c.Name):
			return p.Name == c.Name
		case p.First.Seq != next.First.Seq:
			return p.First.Seq < next.First.Seq
		}
		return p.Key < next.Key
	}
	for _, p := range s.Pods {
		if s.isSuccessor(p) && p.First.Seq > c.Last.Seq && better(p) {
			next, found = p, true
		}
	}
	if found || !s.pinWasDown() {
		return next, found
	}
	others := 0
	for _, p := range s.Pods {
		if p.member() && p.Key != c.Key {
			others++
		}
	}
	for _, p := range s.Pods {
		if !s.isSuccessor(p) || c.Last.Since(p.First) > s.settle || p.First.Seq <= c.First.Seq {
			continue
		}
		// Early in a run every replica is new to us. One is believed to be a replacement if we had watched for long, or
		// if it is the only other one and did not show up at once.
		long := p.First.Since(s.State.First) >= s.settle
		if (long || others == 1 && p.First.Seq-s.State.First.Seq >= watch) && better(p) {
			next, found = p, true
		}
	}
	return next, found
}

// isSuccessor reports whether a pod can have taken the current one's place: the name reached it since.
func (s *step) isSuccessor(p PodState) bool {
	return p.member() && p.Key != s.Current.Key && p.Last.Seq > s.Current.Last.Seq
}

// pinWasDown reports whether a pinned approach was already out before this round.
func (s *step) pinWasDown() bool {
	for i, a := range s.target.Approaches {
		if a.Pinned() && s.Approaches[i].Outage != nil {
			return true
		}
	}
	return false
}

// onlyNewcomer is the pod that took the place of a current pod that no pinned approach watches. With one replica the
// name reaches one pod alone: another one after a gap has replaced it, and without a gap when the first had been alone
// for long and stays silent. With several replicas it can't be told.
func (s *step) onlyNewcomer() (next PodState, found bool) {
	c := s.Current
	for _, p := range s.Pods {
		alongside := p.Last.Seq >= c.First.Seq || c.Last.Since(p.Last) <= s.settle
		switch {
		case p.Key == c.Key || !p.member() || !alongside || s.wasReplaced(p.Key):
		case !s.isSuccessor(p) || p.First.Seq <= c.Last.Seq || found:
			return PodState{}, false
		default:
			next, found = p, true
		}
	}
	alone := c.Last.Seq - c.First.Seq
	if s.gap() && alone > 0 || alone >= watch && s.now.Seq-next.First.Seq >= watch/2-1 {
		return next, found
	}
	return PodState{}, false
}

// wasReplaced reports whether a recreation that still counts ended the pod.
func (s *step) wasReplaced(key string) bool {
	return slices.ContainsFunc(s.Recreations, func(r Recreation) bool {
		return r.Old.Key == key && !r.Withdrawn && r.Kind != Moved
	})
}

// gap reports whether a name lost probes since the current pod's last answer.
func (s *step) gap() bool {
	for i, a := range s.target.Approaches {
		st := &s.Approaches[i]
		if !a.Pinned() && (st.Since.Lost > 0 || st.Outage != nil && st.Outage.First.Seq > s.Current.Last.Seq) {
			return true
		}
	}
	return false
}

// othersAnswer reports whether a member answered since the current pod's last answer.
func (s *step) othersAnswer() bool {
	for _, p := range s.Pods {
		if s.isSuccessor(p) {
			return true
		}
	}
	return false
}

// begin opens a recreation: the next one settles the one before.
func (s *step) begin(kind Kind, next PodState) {
	if s.unsettled() != nil {
		s.settleAs(ByNext)
	}
	s.RecreationNumber++
	s.RecreationCount++
	s.State.Lost = false
	s.RepinAt = 0
	r := Recreation{
		N: s.RecreationNumber, Kind: kind, Old: s.Current.Pod, New: next.Pod,
		LastOld: s.Current.Last, FirstNew: next.Joined, Noticed: s.now,
	}
	if len(s.Recreations) == maxRecreations {
		s.Recreations = slices.Delete(s.Recreations, 0, 1)
	}
	s.Recreations = append(s.Recreations, r)
	s.Owned = make([]Loss, len(s.Approaches))
	s.Back = make([]bool, len(s.Approaches))
	for i := range s.Approaches {
		s.Owned[i], s.Approaches[i].Since = s.Approaches[i].Since, Loss{}
	}
	s.Doubt = s.doubted(&r)
	s.Current = &CurrentState{Pod: next.Pod, First: next.First, Last: next.Last}
	s.steady = next.Last.Seq == s.now.Seq
	s.tell(&s.why, Event{Kind: kind, Recreation: &r, Was: clonePointer(&r.Old), Pod: clonePointer(&r.New)})
}

func (r *Recreation) clone() *Recreation {
	c := *r
	c.Effects = slices.Clone(r.Effects)
	return &c
}
