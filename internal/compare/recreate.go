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
	if c == nil {
		return
	}
	if c.Last.Seq == s.now.Seq {
		return
	}
	known, ok := s.Pods[c.Key]
	if ok && known.IP.IsValid() && c.IP.IsValid() && known.IP != c.IP && known.Last.Seq == s.now.Seq {
		known.First = s.now
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
	if !s.State.Lost && s.unsettled() == nil && s.now.since(c.Last) >= s.settle && s.othersAnswer() {
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
// answer, of the same name if there is such (a plain pod, a StatefulSet), else the first. A member first seen shortly before that was
// made ready beforehand; it takes a second failed round to believe that.
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
		if p.Member && p.Key != c.Key {
			others++
		}
	}
	for _, p := range s.Pods {
		if !s.isSuccessor(p) || p.First.At < c.Last.At-s.settle || p.First.Seq <= c.First.Seq {
			continue
		}
		// Early in a run every replica is new to us. One is believed to be a replacement if we had watched for long, or
		// if it is the only other one and did not show up at once.
		long := p.First.At-s.State.First.At >= s.settle
		if (long || others == 1 && p.First.Seq-s.State.First.Seq >= watch) && better(p) {
			next, found = p, true
		}
	}
	return next, found
}

// isSuccessor reports whether a pod can have taken the current one's place: the name reached it since.
func (s *step) isSuccessor(p PodState) bool {
	return p.Member && p.Key != s.Current.Key && p.Last.Seq > s.Current.Last.Seq
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
		alongside := p.Last.Seq >= c.First.Seq || c.Last.since(p.Last) <= s.settle
		switch {
		case p.Key == c.Key || !p.Member || !alongside || s.wasReplaced(p.Key):
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
		LastOld: s.Current.Last, FirstNew: next.First, Noticed: s.now,
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
	s.Current = &CurrentState{Pod: next.Pod, First: next.First, Last: next.Last}
	s.steady = next.Last.Seq == s.now.Seq
	s.tell(&s.why, Event{Kind: kind, Recreation: &r, Was: clonePointer(&r.Old), Pod: clonePointer(&r.New)})
}

// withdraw takes back that a pod was recreated or lost, when it answers at its IP again.
func (s *step) withdraw() {
	for i, key := range s.keys {
		if key == "" || s.Current == nil || key == s.Current.Key && !s.State.Lost {
			continue
		}
		if old, ok := s.Pods[key]; ok {
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

// settleIfDue judges the open recreation when every approach is back, or its time is over.
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
	case min(s.now.since(r.FirstNew), s.now.since(r.LastOld)) >= s.settle: // a successor may have answered before the old pod went
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
	e := Effect{Approach: approach, Lost: owned.Lost, Classes: slices.Clone(owned.Classes), For: owned.End.since(owned.First)}
	wrong := owned.Wrong
	if open != nil {
		first := owned.First
		if first.IsZero() {
			first = open.First
		}
		e.Lost += open.Lost
		e.For = open.Last.since(first)
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

func (s *step) scheduleRepin() {
	if s.opt.RepinAfter > 0 {
		s.RepinAt = s.now.At + s.opt.RepinAfter
	}
}

// repinIfDue moves the pin on to a pod that answers, once it is time.
func (s *step) repinIfDue() {
	if s.RepinAt == 0 || s.now.At < s.RepinAt || s.Pin.Proxied || s.unsettled() != nil || !s.Pin.Addr.IsValid() {
		return
	}
	next, ok := s.answering()
	if !ok {
		return
	}
	s.RepinAt = 0
	was := s.Pin
	s.Pin = PinState{Addr: next.Addr}
	s.State.Lost = false
	s.holdPin(next)
	if next.Addr == was.Addr {
		return // the successor got the old IP: there is nothing to move
	}
	for i, approach := range s.target.Approaches {
		if !approach.Pinned() {
			continue
		}
		a := &s.Approaches[i]
		if o := a.Outage; o != nil {
			o.End, o.Repinned = s.now, true
			s.end(i)
		}
		a.LastOK, a.Answered = Moment{}, nil // at the new pin it has not answered yet
	}
	s.pins = append(s.pins, probe.Pin{Target: s.State.Target, Addr: next.Addr})
	s.tell(&s.why, Event{Kind: Repinned, Addr: next.Addr, WasAddr: was.Addr, Pod: clonePointer(&next.Pod), Was: was.Pod})
}

// answering is the member to pin: one that answered in this round, the current one if that did.
func (s *step) answering() (best PodState, found bool) {
	for _, p := range s.Pods {
		if !p.Member || !p.Addr.IsValid() || p.Last.Seq != s.now.Seq {
			continue
		}
		if s.Current != nil && p.Key == s.Current.Key {
			return p, true
		}
		if !found || p.Key < best.Key {
			best, found = p, true
		}
	}
	return best, found
}

func (r *Recreation) clone() *Recreation {
	c := *r
	c.Effects = slices.Clone(r.Effects)
	return &c
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
