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
			if r := &s.round.Results[i]; r.Reason == probe.NoPorts {
				s.tellOnce(Event{Kind: NoPorts, Approach: s.target.Approaches[i].Name, Addr: r.Addr})
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

// outcome is this round as the moment of an approach's probe.
func (s *step) outcome(i int) Moment {
	m := s.now
	m.Took = s.round.Lag + s.round.Results[i].Total
	return m
}

func (s *step) success(i int) {
	a, r, key := &s.Approaches[i], &s.round.Results[i], s.keys[i]
	a.OK++
	a.Latency.Add(r.Total)
	a.Since.Probes++
	d := s.doubtful(i)
	d.Probes++
	if s.Doubt != nil && s.Current != nil && key == s.Current.Key {
		d.Wrong++
	}
	if o := a.Outage; o != nil {
		o.End = s.outcome(i)
		ended := s.end(i)
		s.tell(&s.broke, Event{Kind: Recovered, Approach: s.target.Approaches[i].Name, Outage: ended, Pod: s.pod(key)})
	}
	a.LastOK = s.now
	if pod, ok := s.Pods.Get(key); !ok {
		a.Answered = nil
	} else if a.Answered == nil || *a.Answered != pod.Pod {
		a.Answered, s.judged[i].News = s.held(pod.Pod), true
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
	s.doubtful(i).Probes++
	if a.Outage == nil {
		a.Outage = &Outage{Before: a.LastOK, First: s.outcome(i), Last: s.now, Pod: clonePointer(a.Answered)}
	}
	o := a.Outage
	if class == probe.WrongPod {
		o.WrongPod++
		s.suspect(i)
	} else if a.Suspect != nil {
		a.Suspect.failedOtherwise(s.now, s.outcome(i))
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
			e.For += s.now.Since(a.Outage.Last)
			e.Classes = union(e.Classes, []probe.Outcome{class})
		}
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
	if !o.Repinned { // what the old pin lost is nobody's any more
		a.Since.add(o)
		s.doubtful(i).add(o)
	}
	for _, n := range a.Broken {
		if e := s.effect(n, i); e != nil {
			e.For += o.End.Since(o.Last)
		}
	}
	if !o.Repinned {
		s.turn(i, a.Broken, o, Broken, Came)
	}
	a.Broken = nil
	s.news = true
	return o
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
