package compare

import (
	"net/netip"
	"slices"
	"strings"

	"callbyname/internal/probe"
)

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
		pod, _ := s.Pods.Get(s.Pin.Pod.Key)
		s.holdPin(pod)
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
	pod, _ := s.Pods.Get(key)
	if !pod.Addr.IsValid() {
		pod.Addr = s.Pin.Addr
		s.Pods.Put(pod)
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
	s.Pin.Pod = s.held(pod.Pod)
	s.news = true
	if s.unsettled() == nil {
		s.Current = &CurrentState{Pod: pod.Pod, First: pod.First, Last: pod.Last}
	}
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
			pod, _ := s.Pods.Get(s.keys[i])
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
		pod, known := s.Pods.Get(s.keys[i])
		if pod.Addr = addr; known {
			s.Pods.Put(pod)
		}
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
	for i := range s.Pods {
		if !strings.HasPrefix(s.Pods[i].Key, "addr:") {
			return true
		}
	}
	return false
}

// pinnable is where the pod that gave a result can be dialled directly. A reported IP that names a place on the
// reporter's own link or host is trusted only from a connection to such a place; the one that is not is returned as
// refused.
func (f *follower) pinnable(r *probe.Result) (addr netip.AddrPort, refused netip.Addr) {
	if r.Who == nil {
		return netip.AddrPort{}, netip.Addr{}
	}
	ip := f.ownIP(r.Who)
	if !ip.IsValid() {
		return netip.AddrPort{}, netip.Addr{}
	}
	if scope := scopeOf(ip); scope != global && (scope == nowhere || scope != scopeOf(r.Addr.Addr())) {
		return netip.AddrPort{}, ip
	}
	port := r.Who.Local.Port()
	if port == 0 {
		port = r.Addr.Port()
	}
	return netip.AddrPortFrom(ip, port), netip.Addr{}
}

// scope is how far an address means the same. A pod that reports a narrow one is believed only by who is as near: else
// it could send the prober to the prober's own host or link (169.254.169.254 is a cloud's metadata service).
type scope int

const (
	global  scope = iota
	onHost        // loopback
	onLink        // link-local
	nowhere       // multicast, unspecified: no pod is there
)

func scopeOf(ip netip.Addr) scope {
	switch {
	case ip.IsLoopback():
		return onHost
	case ip.IsLinkLocalUnicast():
		return onLink
	case ip.IsMulticast() || ip.IsUnspecified():
		return nowhere
	}
	return global
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
		if !p.member() || !p.Addr.IsValid() || p.Last.Seq != s.now.Seq {
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
