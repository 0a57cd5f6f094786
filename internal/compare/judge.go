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
		if pod.member() {
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
	if r.Who != nil && s.ownIP(r.Who).IsValid() && !slices.Contains(r.Who.IPs, ip) {
		return false
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
