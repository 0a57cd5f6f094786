package compare

import (
	"net/netip"
	"slices"

	"callbyname/internal/identity"
	"callbyname/internal/probe"
)

// meet takes in who answered: pods seen for the first time, other processes, other addresses.
func (s *step) meet() {
	for i := range s.round.Results {
		r := &s.round.Results[i]
		key := s.identify(i)
		s.keys[i] = key
		if key == "" {
			continue
		}
		pod, seen := s.Pods.Get(key)
		if !seen {
			s.makeRoom()
			pod = PodState{Pod: s.podOf(key, r), First: s.now}
			s.news = true
		}
		if r.Resolved() && !pod.member() {
			pod.Joined = s.now
			s.news = true
		}
		pod.Last = s.now
		s.refresh(&pod, r)
		s.Pods.Put(pod)
	}
}

// identify is the Key of who gave a result, empty when nobody did or it can't be known.
func (s *step) identify(i int) string {
	r := &s.round.Results[i]
	switch {
	case r.Who != nil && r.Who.UID != "":
		return r.Who.UID
	case r.Who != nil:
		if ip := s.ownIP(r.Who); ip.IsValid() {
			return "ip:" + ip.String()
		}
	case r.Status != 0 && (s.target.Approaches[i].Headless || s.target.Approaches[i].Pinned()):
		return "addr:" + r.Addr.Addr().String()
	}
	return ""
}

// ownIP is the reported pod IP that is pinned, else the first of the pin's family, else the first in the target's.
func (f *follower) ownIP(who *identity.Report) (own netip.Addr) {
	pin := f.state.Pin.Addr.Addr()
	for _, ip := range who.IPs {
		switch {
		case f.target.Family != 0 && !in(ip, f.target.Family):
		case ip == pin:
			return ip
		case !own.IsValid(), own.BitLen() != pin.BitLen() && ip.BitLen() == pin.BitLen():
			own = ip
		}
	}
	return own
}

func (f *follower) podOf(key string, r *probe.Result) Pod {
	if r.Who == nil {
		return Pod{Key: key, IP: r.Addr.Addr()}
	}
	return Pod{Key: key, UID: r.Who.UID, Name: r.Who.Name, Node: r.Who.Node, Instance: r.Who.Instance, IP: f.ownIP(r.Who)}
}

// refresh takes over what a known pod says of itself now.
func (s *step) refresh(pod *PodState, r *probe.Result) {
	if r.Who != nil {
		was, instance := pod.Pod, r.Who.Instance
		if ip := s.ownIP(r.Who); ip.IsValid() && !slices.Contains(r.Who.IPs, pod.IP) {
			pod.IP = ip
			s.news = true
		}
		if instance != "" && instance != pod.Instance && !slices.Contains(pod.Earlier, instance) {
			pod.Instance = instance
			s.news = true
			if was.Instance != "" {
				kept := pod.Earlier[max(len(pod.Earlier)-maxEarlier+1, 0):]
				pod.Earlier = append(slices.Clone(kept), was.Instance)
			}
			if was.Instance != "" && was.IP == pod.IP { // at another IP it moved
				s.restarted(was, pod.Pod)
			}
		}
	}
	if r.Resolved() {
		if addr, _ := s.pinnable(r); addr.IsValid() && addr != pod.Addr {
			pod.Addr = addr
			s.news = true
		}
	}
}

func (s *step) restarted(was, is Pod) {
	kind := Restarted
	if is.UID == "" {
		kind = RestartedOrRecreated
	}
	s.Restarts++
	s.tell(&s.why, Event{Kind: kind, Was: &was, Pod: &is})
}

// makeRoom forgets a pod when there are too many: the one that has been silent longest, who is no member first. Ties go
// by key, so that a log replays to the same state.
func (s *step) makeRoom() {
	if len(s.Pods) < maxPods {
		return
	}
	var oldest PodState
	sooner := func(p PodState) bool {
		switch {
		case oldest.Key == "":
			return true
		case p.member() != oldest.member():
			return !p.member()
		case p.Last.Seq != oldest.Last.Seq:
			return p.Last.Seq < oldest.Last.Seq
		}
		return p.Key < oldest.Key
	}
	for _, p := range s.Pods {
		if s.Current != nil && p.Key == s.Current.Key || s.Pin.Pod != nil && p.Key == s.Pin.Pod.Key {
			continue
		}
		if sooner(p) {
			oldest = p
		}
	}
	s.Pods.drop(oldest.Key)
}

// pod is a copy of what is known of the pod with that key; nil when nothing is.
func (s *step) pod(key string) *Pod {
	if p, ok := s.Pods.Get(key); ok {
		return &p.Pod
	}
	return nil
}

// held is a copy of what is known of a pod, for the state to hold: mostly the one that it holds already, since who answers one
// approach answers the others, and nobody changes it.
func (s *step) held(p Pod) *Pod {
	if s.Pin.Pod != nil && *s.Pin.Pod == p {
		return s.Pin.Pod
	}
	for i := range s.Approaches {
		if a := s.Approaches[i].Answered; a != nil && *a == p {
			return a
		}
	}
	return &p
}

func (s *step) isMember(key string) bool {
	p, _ := s.Pods.Get(key)
	return key != "" && p.member()
}

// member reports whether a name ever led to the pod.
func (p PodState) member() bool { return !p.Joined.IsZero() }
