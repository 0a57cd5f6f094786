package compare

import (
	"slices"

	"callbyname/internal/probe"
)

// suspect remembers who answered as the wrong pod, in case that it is the successor before it is Ready.
func (s *step) suspect(i int) {
	a, r, key := &s.Approaches[i], &s.round.Results[i], s.keys[i]
	a.Outage.Wrong = nil
	if r.Who != nil {
		pod := s.podOf(key, r)
		a.Outage.Wrong = &pod
	}
	if a.Suspect == nil || a.Suspect.Key != key {
		a.Suspect = &Suspect{Key: key}
		if a.Outage.Lost > 0 {
			a.Suspect.Other, a.Suspect.Before = a.Outage.First, a.Outage.Last
		}
		s.news, s.judged[i].News = true, true
	}
	if a.Suspect.Run.IsZero() {
		a.Suspect.Run = s.outcome(i)
	}
	a.Suspect.Last = s.now
	a.Suspect.Count++
	if r.Outcome == probe.OK {
		a.Suspect.Latency.Add(r.Total)
	}
}

// failedOtherwise interrupts the run of the suspect's answers.
func (u *Suspect) failedOtherwise(now, outcome Moment) {
	u.Before, u.Run = now, Moment{}
	if u.Other.IsZero() {
		u.Other = outcome
	}
}

// correct takes back that a pod was the wrong one, when a name has reached it: the successor at the old IP that was not
// Ready yet, or a replica at the pin that the user gave.
func (s *step) correct() {
	for i := range s.Approaches {
		a := &s.Approaches[i]
		if a.Suspect == nil || a.Outage == nil || !s.isMember(a.Suspect.Key) {
			continue
		}
		if s.unsettled() != nil || s.Pin.Pod != nil && s.Pin.Pod.Key == a.Suspect.Key {
			s.acquit(i)
		}
	}
}

// acquit counts the suspect's answers for what they were, and mends the outage.
func (s *step) acquit(i int) {
	a := &s.Approaches[i]
	sus, o := a.Suspect, a.Outage
	a.Suspect = nil
	a.LastOK = sus.Last
	ok := a.reclass(sus)
	verdict := Broken
	switch {
	case ok < sus.Count: // it answered with an error status: the outage stays, under another name
	case sus.Other.IsZero():
		a.Outage = nil
		o.First.Took = 0
		o.Last, o.End = o.First, o.First
	case sus.Run.IsZero():
		o.First = sus.Other
	default:
		o.First, o.Last, o.End = sus.Other, sus.Before, sus.Run
		s.end(i)
		verdict = Came
		for _, n := range sus.Turned {
			if e := s.effect(n, i); e != nil {
				e.For += o.End.Since(o.Last)
			}
		}
	}
	if verdict == Broken {
		a.Broken = append(a.Broken, sus.Turned...)
	}
	s.tell(&s.why, Event{Kind: Corrected, Approach: s.target.Approaches[i].Name, Outage: o.clone(), Count: sus.Count, Pod: s.pod(sus.Key)})
	s.turn(i, sus.Turned, o, Misrouted, verdict)
}

// reclass counts the suspect's answers as successes, and those with an error status as that. It returns how many
// successes there were.
func (a *ApproachState) reclass(sus *Suspect) (ok int) {
	o := a.Outage
	ok = int(sus.Latency.Count())
	a.OK += ok
	a.Lost -= ok
	o.Lost -= ok
	a.Latency.Merge(sus.Latency)
	if a.Classes[probe.WrongPod] -= sus.Count; a.Classes[probe.WrongPod] <= 0 {
		delete(a.Classes, probe.WrongPod)
	}
	if refused := sus.Count - ok; refused > 0 {
		a.Classes[probe.HTTPStatus] += refused
		o.Classes = union(o.Classes, []probe.Outcome{probe.HTTPStatus})
	}
	if o.WrongPod -= sus.Count; o.WrongPod == 0 {
		o.Wrong = nil
		o.Classes = slices.DeleteFunc(o.Classes, func(c probe.Outcome) bool { return c == probe.WrongPod })
	}
	return ok
}
