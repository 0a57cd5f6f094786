package compare

import (
	"slices"
	"time"

	"callbyname/internal/probe"
)

// account counts each result, and opens, extends and ends outages.
func (s *step) account() {
	for i := range s.judged {
		a, j := &s.Approaches[i], &s.judged[i]
		if a.Outcome != j.Outcome && !(a.Outcome.Failed() && j.Outcome.Failed()) {
			s.news = true
		}
		a.Outcome = j.Outcome
		switch {
		case j.Outcome == probe.Pending:
			a.Pending++
		case j.Outcome == probe.Void:
			a.Void++
			if a.Outage != nil {
				a.Outage.Void++
			}
		case j.Outcome == probe.OK:
			s.success(i)
		default:
			s.failure(i)
		}
	}
	if s.Current == nil || s.Current.Last.Seq == s.now.Seq {
		s.fold()
	}
}

// fold closes the stretch since the current pod's last answer: what was lost in it was not lost to that pod's end.
func (s *step) fold() {
	for i := range s.Approaches {
		since := &s.Approaches[i].Since
		if since.Probes == 0 {
			continue
		}
		if s.Owned != nil {
			s.Owned[i].merge(*since)
		}
		*since = Loss{}
	}
}

func (s *step) success(i int) {
	a, r, key := &s.Approaches[i], &s.round.Results[i], s.keys[i]
	a.OK++
	a.Latency.Add(r.Total)
	a.Since.Probes++
	if o := a.Outage; o != nil {
		o.End = s.now
		ended := s.end(i)
		s.tell(&s.broke, Event{Kind: Recovered, Approach: s.target.Approaches[i].Name, Outage: ended, Pod: s.pod(key)})
	}
	a.LastOK = s.now
	if pod, ok := s.Pods[key]; !ok {
		a.Answered = nil
	} else if a.Answered == nil || *a.Answered != pod.Pod {
		a.Answered, s.judged[i].News = &pod.Pod, true
	}
	if rec := s.unsettled(); rec != nil && !s.Back[i] && (key == "" || s.isMember(key) && (key != rec.Old.Key || rec.Kind == Moved)) {
		s.Back[i] = true
		s.news = true
	}
}

func (s *step) failure(i int) {
	a, r, class := &s.Approaches[i], &s.round.Results[i], s.judged[i].Outcome
	approach := s.target.Approaches[i].Name
	a.Lost++
	if a.Classes == nil {
		a.Classes = map[probe.Outcome]int{}
	}
	a.Classes[class]++
	a.Since.Probes++
	fresh, o := a.Outage == nil, a.Outage
	if fresh {
		o = &Outage{Before: a.LastOK, First: s.now, Addr: r.Addr, Detail: r.Detail, Pod: clonePointer(a.Answered)}
		a.Outage = o
	}
	if class == probe.WrongPod {
		o.WrongPod++
		s.suspect(i)
	} else if a.Suspect != nil && a.Suspect.Other.IsZero() {
		a.Suspect.Other, a.Suspect.Paused = s.now, o.Paused
	}
	o.Last = s.now
	o.Lost++
	another := !slices.Contains(o.Classes, class)
	if another {
		o.Classes = append(o.Classes, class)
	}
	switch {
	case fresh:
		s.tell(&s.broke, Event{Kind: Broke, Approach: approach, Outage: o.clone(), Likely: s.likely(i)})
	case another:
		s.tell(&s.broke, Event{Kind: Changed, Approach: approach, Outage: o.clone()})
	}
	if class == probe.WrongPod && len(a.Broken) > 0 {
		a.Suspect.Turned = append(a.Suspect.Turned, a.Broken...)
		s.turn(i, a.Broken, o, Broken, Misrouted)
		a.Broken = nil
	}
}

// suspect remembers who answered as the wrong pod, in case that it is the successor before it is Ready.
func (s *step) suspect(i int) {
	a, r, key := &s.Approaches[i], &s.round.Results[i], s.keys[i]
	var wrong *Pod
	if r.Who != nil {
		pod := s.podOf(key, r)
		wrong = &pod
	}
	if a.Outage.Wrong = wrong; a.Suspect == nil || a.Suspect.Key != key {
		a.Suspect = &Suspect{Key: key, First: s.now, Before: a.Outage.Last, Paused: a.Outage.Paused}
		s.news, s.judged[i].News = true, true
	}
	a.Suspect.Last = s.now
	a.Suspect.Count++
	if r.Outcome == probe.OK {
		a.Suspect.Latency.Add(r.Total)
	}
}

// correct counts as successes what the successor answered at the old IP before the name reached it.
func (s *step) correct() {
	if s.unsettled() == nil {
		return
	}
	for i := range s.Approaches {
		a := &s.Approaches[i]
		sus, o := a.Suspect, a.Outage
		if sus == nil || o == nil || !s.isMember(sus.Key) {
			continue
		}
		a.Suspect = nil
		ok := int(sus.Latency.Count())
		a.OK += ok
		a.Lost -= ok
		a.Latency.Merge(sus.Latency)
		if a.Classes[probe.WrongPod] -= sus.Count; a.Classes[probe.WrongPod] <= 0 {
			delete(a.Classes, probe.WrongPod)
		}
		if refused := sus.Count - ok; refused > 0 {
			a.Classes[probe.HTTPStatus] += refused
			o.Classes = union(o.Classes, []probe.Outcome{probe.HTTPStatus})
		}
		o.Lost -= ok
		if o.WrongPod -= sus.Count; o.WrongPod == 0 {
			o.Wrong = nil
			o.Classes = slices.DeleteFunc(o.Classes, func(c probe.Outcome) bool { return c == probe.WrongPod })
		}
		a.LastOK = sus.Last
		left, verdict := o, Broken
		switch {
		case ok < sus.Count: // it answered with an error status: the outage stays, under another name
		case !sus.Other.IsZero():
			if sus.Before.IsZero() {
				o.First = sus.Other
				o.Paused -= sus.Paused
			}
		case sus.Before.IsZero():
			a.Outage, verdict = nil, Came
			o.Paused = 0
		default:
			o.Last, o.End, o.Paused = sus.Before, sus.First, sus.Paused
			s.end(i)
			verdict = Came
		}
		if verdict == Broken {
			a.Broken = append(a.Broken, sus.Turned...)
		}
		s.tell(&s.why, Event{Kind: Corrected, Approach: s.target.Approaches[i].Name, Outage: left.clone(), Count: ok, Pod: s.pod(sus.Key)})
		s.turn(i, sus.Turned, left, Misrouted, verdict)
	}
}

// end closes the outage of an approach, whose End is set, and returns it.
func (s *step) end(i int) *Outage {
	a := &s.Approaches[i]
	o := a.Outage
	a.Outage, a.Suspect = nil, nil
	a.Outages++
	a.Out += o.Duration()
	a.Longest = max(a.Longest, o.Duration())
	a.Since.add(o)
	if broken := a.Broken; len(broken) > 0 {
		a.Broken = nil
		if !o.Repinned {
			s.turn(i, broken, o, Broken, Came)
		}
	}
	s.news = true
	return o
}

// turn changes the verdict of settled recreations on one approach.
func (s *step) turn(i int, numbers []int, o *Outage, from, to Verdict) {
	if len(numbers) == 0 {
		return
	}
	a, approach := &s.Approaches[i], s.target.Approaches[i].Name
	a.count(from, -len(numbers))
	a.count(to, len(numbers))
	took := make([]time.Duration, len(numbers))
	for k, n := range numbers {
		took[k] = o.Duration()
		at := slices.IndexFunc(s.Recreations, func(r Recreation) bool { return r.N == n })
		if at < 0 {
			continue // too long ago to be kept
		}
		e := &s.Recreations[at].Effects[i]
		e.Verdict = to
		e.Lost = max(e.Lost, o.Lost)
		e.For = max(e.For, o.Duration())
		e.Classes = union(e.Classes, o.Classes)
		took[k] = e.For
	}
	if to == Came {
		for _, d := range took {
			a.Recovery.Add(d)
		}
	}
	s.tell(&s.why, Event{Kind: VerdictChanged, Approach: approach, Numbers: slices.Clone(numbers),
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

// likely says why a name probably failed in a round in which the pin answered; empty when nothing tells.
func (s *step) likely(i int) Likely {
	a, class := s.target.Approaches[i], s.judged[i].Outcome
	if a.Pinned() || !s.pinAnswers() {
		return ""
	}
	switch {
	case class.DNS() && class != probe.DNSNotFound && class != probe.DNSNoData:
		return DNSItself
	case unready(s.round.Results):
		return NotReady
	case class == probe.Refused, class.DNS() && a.Headless:
		return NoEndpoints
	case class.DNS():
		return NoService
	}
	return ""
}

func (s *step) pinAnswers() bool {
	for i, a := range s.target.Approaches {
		if a.Pinned() && s.judged[i].Outcome == probe.OK {
			return true
		}
	}
	return false
}
