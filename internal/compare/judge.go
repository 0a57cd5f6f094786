package compare

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"callbyname/internal/probe"
)

// judge decides which answers came from the wrong pod, and keeps track of the current pod's last answer.
func (s *step) judge() {
	s.adopt()
	for i := range s.round.Results {
		s.judged[i].Outcome = s.round.Results[i].Outcome
		if s.wrong(i) {
			s.judged[i].Outcome = probe.WrongPod
		}
		s.see(i)
	}
}

// answered reports whether a pod spoke: any complete HTTP answer, whatever its status.
func answered(r *probe.Result) bool { return r.Outcome == probe.OK || r.Outcome == probe.HTTPStatus }

// adopt takes the first who answers at a given pin for the pinned pod, and doubts it while names lead to others only: it
// may be a replica that no name has reached yet, or a stranger at an address that the user gave wrongly.
func (s *step) adopt() {
	if !s.Pin.Addr.IsValid() || s.Pin.Proxied {
		return
	}
	spoke := false
	for i := range s.round.Results {
		r := &s.round.Results[i]
		if !s.target.Approaches[i].Pinned() || s.keys[i] == "" || !answered(r) || r.Who == nil && r.Outcome != probe.OK {
			continue
		}
		if s.Pin.Pod == nil && !s.Pin.Proxied {
			s.believe(i)
		}
		spoke = spoke || s.Pin.Pod != nil && s.Pin.Pod.Key == s.keys[i]
	}
	if !spoke {
		return
	}
	switch member := s.isMember(s.Pin.Pod.Key); {
	case member && s.Pin.Doubts > 0:
		s.Pin.Doubts = 0
		s.holdPin(s.Pods[s.Pin.Pod.Key])
	case !member && s.Pin.Doubts < maxDoubts && s.reachesOthers():
		if s.Pin.Doubts++; s.Pin.Doubts == maxDoubts && s.watchesPin() {
			s.Current, s.news = nil, true
		}
	}
}

// believe makes who gave a result at the pin the pinned pod, unless it has another address of its own.
func (s *step) believe(i int) {
	r, key := &s.round.Results[i], s.keys[i]
	if r.Who != nil && len(r.Who.IPs) > 0 && !slices.Contains(r.Who.IPs, r.Addr.Addr()) {
		s.Pin.Proxied = true
		pod := s.podOf(key, r)
		s.tellOnce(Event{Kind: ProxiedPin, Addr: s.Pin.Addr, Pod: &pod})
		return
	}
	pod := s.Pods[key]
	if !pod.Addr.IsValid() {
		pod.Addr = s.Pin.Addr
		s.Pods[key] = pod
	}
	s.holdPin(pod)
}

// reachesOthers reports whether a name led to a member in this round that said who it is.
func (s *step) reachesOthers() bool {
	for i := range s.round.Results {
		if r := &s.round.Results[i]; r.Who != nil && r.Resolved() && answered(r) && s.isMember(s.keys[i]) {
			return true
		}
	}
	return false
}

// holdPin makes a pod the pinned and the current one.
func (s *step) holdPin(pod PodState) {
	held := pod.Pod
	s.Pin.Pod = &held
	s.news = true
	if s.unsettled() == nil {
		s.Current = &CurrentState{Pod: pod.Pod, First: pod.First, Last: pod.Last}
	}
}

// wrong reports whether somebody answered who does not belong to the target. Only an address that was kept from earlier
// can mislead so: the pin, a cached address, an open connection.
func (s *step) wrong(i int) bool {
	r, key := &s.round.Results[i], s.keys[i]
	if !answered(r) || r.Resolved() || s.isMember(key) {
		return false
	}
	if !s.target.Approaches[i].Pinned() {
		// Behind a Service's address any replica may answer, known or not; a pod's own address is that pod's.
		return r.Who != nil && key != "" && slices.Contains(r.Who.IPs, r.Addr.Addr()) &&
			(s.Pin.Pod == nil || key != s.Pin.Pod.Key) && s.anyMember()
	}
	pinned := s.Pin.Pod
	switch {
	case pinned == nil || key == pinned.Key && s.Pin.Doubts < maxDoubts:
		return false
	case r.Who == nil:
		return (s.Pin.Doubts >= maxDoubts || !strings.HasPrefix(pinned.Key, "addr:")) && !fromProxy(r.Status)
	default:
		return key != ""
	}
}

// fromProxy reports whether a status without identity may be a proxy's word for a pod that it could not reach.
func fromProxy(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

func (s *step) anyMember() bool {
	for _, pod := range s.Pods {
		if pod.Member {
			return true
		}
	}
	return false
}

// see notes that the current pod answered at its IP.
func (s *step) see(i int) {
	c, r := s.Current, &s.round.Results[i]
	if c == nil || s.keys[i] != c.Key || !s.answersAt(i, c.IP) {
		return
	}
	if who := r.Who; who != nil && who.Instance != "" {
		c.Instance = who.Instance
	}
	c.Last = s.now
	s.steady = s.steady || r.Who == nil || !r.Who.Unready
}

// answersAt reports whether who gave a result can be reached at that IP of its own. A connection that was kept open does
// not prove it while a new one fails: a pod that is leaving serves it to the end.
func (s *step) answersAt(i int, ip netip.Addr) bool {
	r := &s.round.Results[i]
	if !answered(r) || s.keys[i] == "" {
		return false
	}
	if r.Who != nil {
		if s.ownIP(r.Who).IsValid() && !slices.Contains(r.Who.IPs, ip) {
			return false
		}
	}
	return !r.Reused || s.Pin.Addr.Addr() != ip || !s.pinRefuses()
}

// pinRefuses reports whether a new connection to the pin failed in this round.
func (s *step) pinRefuses() bool {
	for i, a := range s.target.Approaches {
		if r := &s.round.Results[i]; a.Pinned() && r.Outcome.Failed() && !answered(r) && !r.Reused {
			return true
		}
	}
	return false
}

// learnPin finds the pin while there is none, and says once what is missing for it. It also says once what cannot be
// known of a target that does not tell who answers.
func (s *step) learnPin() {
	for i := range s.round.Results {
		r := &s.round.Results[i]
		if !r.Resolved() || !answered(r) {
			continue
		}
		s.tellUnknowns(i)
		if s.Current == nil && s.isMember(s.keys[i]) {
			pod := s.Pods[s.keys[i]]
			s.Current = &CurrentState{Pod: pod.Pod, First: pod.First, Last: pod.Last}
		}
		if s.Pin.Addr.IsValid() || !slices.ContainsFunc(s.target.Approaches, probe.Approach.Pinned) {
			continue
		}
		addr, refused := s.pinnable(r)
		switch {
		case refused.IsValid():
			s.tellOnce(Event{Kind: UntrustedIP, Approach: s.target.Approaches[i].Name, Addrs: []netip.Addr{refused}})
			continue
		case r.Who == nil && s.target.Approaches[i].Headless && r.Outcome == probe.OK:
			addr = r.Addr
		case !addr.IsValid():
			if !slices.ContainsFunc(s.target.Approaches, func(a probe.Approach) bool { return a.Headless }) {
				s.tellOnce(Event{Kind: NoPin, Approach: s.target.Approaches[i].Name})
			}
			continue
		}
		s.Pin.Addr = addr
		pod := s.Pods[s.keys[i]]
		pod.Addr = addr
		s.Pods[s.keys[i]] = pod
		s.holdPin(pod)
		s.pins = append(s.pins, probe.Pin{Target: s.State.Target, Addr: addr})
		s.tell(&s.why, Event{Kind: Pinned, Approach: s.target.Approaches[i].Name, Addr: addr, Pod: s.pod(s.keys[i])})
	}
}

func (s *step) tellUnknowns(i int) {
	r := &s.round.Results[i]
	switch {
	case r.Who == nil && r.Outcome == probe.OK && !s.anyIdentity():
		s.tellOnce(Event{Kind: NoIdentity, Approach: s.target.Approaches[i].Name})
	case r.Who != nil && r.Who.UID == "" && r.Who.Instance+r.Who.Name != "":
		pod := s.podOf(s.keys[i], r)
		s.tellOnce(Event{Kind: NoUID, Approach: s.target.Approaches[i].Name, Pod: &pod})
	}
}

// anyIdentity reports whether anybody ever said who it is.
func (s *step) anyIdentity() bool {
	for key := range s.Pods {
		if !strings.HasPrefix(key, "addr:") {
			return true
		}
	}
	return false
}
