package compare

import (
	"slices"

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
	if s.Current == nil || s.steady {
		s.fold()
	}
}

// fold closes the stretch since the current pod last answered as one that stays: what was lost in it was not lost to that
// pod's end.
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
		a.Answered, s.judged[i].News = clonePointer(&pod.Pod), true
	}
	if rec := s.unsettled(); rec != nil && !s.Back[i] && (key == "" || s.isMember(key) && (key != rec.Old.Key || rec.Kind == Moved)) {
		s.Back[i] = true
		s.news = true
	}
}

func (s *step) failure(i int) {
	a, r, class := &s.Approaches[i], &s.round.Results[i], s.judged[i].Outcome
	a.Lost++
	if a.Classes == nil {
		a.Classes = map[probe.Outcome]int{}
	}
	a.Classes[class]++
	a.Since.Probes++
	if a.Outage == nil {
		a.Outage = &Outage{Before: a.LastOK, First: s.now, Last: s.now, Pod: clonePointer(a.Answered)}
	}
	o := a.Outage
	if class == probe.WrongPod {
		o.WrongPod++
		s.suspect(i)
	} else if a.Suspect != nil {
		a.Suspect.failedOtherwise(s.now)
	}
	s.prolong(i, class)
	o.Last = s.now
	o.Lost++
	another := !slices.Contains(o.Classes, class)
	if another {
		o.Classes = append(o.Classes, class)
		o.Addr, o.Detail = r.Addr, r.Detail
	}
	s.tellFailure(i, another)
}

// tellFailure tells what is new about an outage: that it began, fails in another way, or why.
func (s *step) tellFailure(i int, another bool) {
	o, likely := s.Approaches[i].Outage, Likely("")
	if o.Likely == "" {
		likely = s.likely(i)
		o.Likely = likely
	}
	var kinds []Kind
	switch {
	case o.Lost == 1:
		kinds = []Kind{Broke} // and why
	case another && likely != "":
		kinds = []Kind{Changed, Explained}
	case another:
		kinds = []Kind{Changed}
	case likely != "":
		kinds = []Kind{Explained}
	}
	for _, kind := range kinds {
		s.tell(&s.broke, Event{Kind: kind, Approach: s.target.Approaches[i].Name, Outage: o.clone()})
	}
}

// prolong counts a lost probe for the settled recreations that the open outage belongs to. A wrong pod's answer ends that:
// it turns them from broken to misrouted.
func (s *step) prolong(i int, class probe.Outcome) {
	a := &s.Approaches[i]
	if class == probe.WrongPod {
		a.Suspect.Turned = append(a.Suspect.Turned, a.Broken...)
		s.turn(i, a.Broken, a.Outage, Broken, Misrouted)
		a.Broken = nil
		return
	}
	for _, n := range a.Broken {
		if e := s.effect(n, i); e != nil {
			e.Lost++
			e.For += s.now.since(a.Outage.Last)
			e.Classes = union(e.Classes, []probe.Outcome{class})
		}
	}
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
		a.Suspect.Run = s.now
	}
	a.Suspect.Last = s.now
	a.Suspect.Count++
	if r.Outcome == probe.OK {
		a.Suspect.Latency.Add(r.Total)
	}
}

// failedOtherwise interrupts the run of the suspect's answers.
func (u *Suspect) failedOtherwise(now Moment) {
	u.Before, u.Run = now, Moment{}
	if u.Other.IsZero() {
		u.Other = now
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
		o.Last, o.End = o.First, o.First
	case sus.Run.IsZero():
		o.First = sus.Other
	default:
		o.First, o.Last, o.End = sus.Other, sus.Before, sus.Run
		s.end(i)
		verdict = Came
		for _, n := range sus.Turned {
			if e := s.effect(n, i); e != nil {
				e.For += o.End.since(o.Last)
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

// end closes the outage of an approach, whose End is set, and returns it.
func (s *step) end(i int) *Outage {
	a := &s.Approaches[i]
	o := a.Outage
	a.Outage, a.Suspect = nil, nil
	a.Outages++
	a.Out += o.Duration()
	a.Longest = max(a.Longest, o.Duration())
	if !o.Repinned { // what the old pin lost is nobody's any more
		a.Since.add(o)
	}
	for _, n := range a.Broken {
		if e := s.effect(n, i); e != nil {
			e.For += o.End.since(o.Last)
		}
	}
	if !o.Repinned {
		s.turn(i, a.Broken, o, Broken, Came)
	}
	a.Broken = nil
	s.news = true
	return o
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

// likely says why a name probably failed in a round in which the pin answered; empty when nothing tells. Only an address
// that was looked up now tells anything.
func (s *step) likely(i int) Likely {
	a, class := s.target.Approaches[i], s.judged[i].Outcome
	fresh := s.round.Results[i].Resolved() || class.DNS()
	answers, unready := s.pinAnswers()
	switch {
	case a.Pinned() || !fresh || !answers:
		return ""
	case class.DNS() && class != probe.DNSNotFound && class != probe.DNSNoData:
		return DNSItself
	case unready:
		return NotReady
	case class == probe.Refused && !a.Headless, class.DNS() && a.Headless:
		return NoEndpoints
	case class.DNS():
		return NoService
	}
	return ""
}

// pinAnswers reports whether the pinned pod answered in this round, and whether it says that it is not ready.
func (s *step) pinAnswers() (answers, unready bool) {
	for i, a := range s.target.Approaches {
		if a.Pinned() && s.judged[i].Outcome == probe.OK {
			answers = true
			unready = unready || s.round.Results[i].Who != nil && s.round.Results[i].Who.Unready
		}
	}
	return answers, unready
}
