package compare

import (
	"net/netip"
	"slices"

	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// compareNames notices that a host's addresses are other ones than before, as sets and per family: servers shuffle, and
// a family that got no reply says nothing.
func (s *step) compareNames() {
	for i := range s.round.Results {
		answer := s.round.Results[i].Answer
		if answer == nil || answer.Source == resolve.FromLiteral || !s.asks[i] {
			continue
		}
		approach := &s.target.Approaches[i]
		was := s.DNS[approach.Host]
		families := s.target.Family
		if families == 0 {
			families = resolve.Any
		}
		families &^= answer.Unanswered
		is := was.with(answer.Addrs, families)
		if was.equal(is) {
			continue
		}
		s.DNS[approach.Host] = is
		s.news = true
		// What is seen for the first time is no change.
		seen := func(a netip.Addr) bool { return a.Is4() && was.Known4 || a.Is6() && was.Known6 }
		if !slices.Equal(only(was.Addrs, seen), only(is.Addrs, seen)) {
			s.DNSChanges++
			s.tell(&s.first, Event{Kind: DNSChanged, Approach: approach.Name, Host: approach.Host,
				WasAddrs: was.Addrs, Addrs: is.Addrs})
		}
	}
}

// with is what is known after an answer for those families. It shares the addresses when they are the same ones.
func (a Addresses) with(answer []netip.Addr, families resolve.Family) Addresses {
	is := Addresses{Known4: a.Known4 || families&resolve.IPv4 != 0, Known6: a.Known6 || families&resolve.IPv6 != 0, Addrs: a.Addrs}
	old := func(addr netip.Addr) bool { return !in(addr, families) || slices.Contains(answer, addr) }
	known := func(addr netip.Addr) bool { return !in(addr, families) || slices.Contains(a.Addrs, addr) }
	if all(a.Addrs, old) && all(answer, known) {
		return is
	}
	is.Addrs = slices.DeleteFunc(slices.Clone(a.Addrs), func(addr netip.Addr) bool { return in(addr, families) })
	for _, addr := range answer {
		if in(addr, families) {
			is.Addrs = append(is.Addrs, addr)
		}
	}
	slices.SortFunc(is.Addrs, netip.Addr.Compare)
	is.Addrs = slices.Compact(is.Addrs)
	return is
}

func (a Addresses) equal(b Addresses) bool {
	return a.Known4 == b.Known4 && a.Known6 == b.Known6 && slices.Equal(a.Addrs, b.Addrs)
}

func all(addrs []netip.Addr, ok func(netip.Addr) bool) bool {
	for _, a := range addrs {
		if !ok(a) {
			return false
		}
	}
	return true
}

func in(a netip.Addr, f resolve.Family) bool {
	return a.Is4() && f&resolve.IPv4 != 0 || a.Is6() && f&resolve.IPv6 != 0
}

func only(addrs []netip.Addr, keep func(netip.Addr) bool) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return !keep(a) })
}

// meet takes in who answered: pods seen for the first time, other processes, other addresses.
func (s *step) meet() {
	for i := range s.round.Results {
		r := &s.round.Results[i]
		key := s.identify(i)
		s.keys[i] = key
		if key == "" {
			continue
		}
		pod, seen := s.Pods[key]
		if !seen {
			s.makeRoom()
			pod = PodState{Pod: s.podOf(key, r), First: s.now}
			s.news = true
		}
		if r.Resolved() && !pod.Member {
			pod.Member = true
			s.news = true
		}
		pod.Last = s.now
		s.refresh(&pod, r)
		s.Pods[key] = pod
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
		case p.Member != oldest.Member:
			return !p.Member
		case p.Last.Seq != oldest.Last.Seq:
			return p.Last.Seq < oldest.Last.Seq
		}
		return p.Key < oldest.Key
	}
	for key, p := range s.Pods {
		if s.Current != nil && key == s.Current.Key || s.Pin.Pod != nil && key == s.Pin.Pod.Key {
			continue
		}
		if sooner(p) {
			oldest = p
		}
	}
	delete(s.Pods, oldest.Key)
}

// pod is a copy of what is known of the pod with that key; nil when nothing is.
func (s *step) pod(key string) *Pod {
	if p, ok := s.Pods[key]; ok {
		return &p.Pod
	}
	return nil
}

func (s *step) isMember(key string) bool { return key != "" && s.Pods[key].Member }

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
	if confined(ip) && !confined(r.Addr.Addr()) {
		return netip.AddrPort{}, ip
	}
	port := r.Who.Local.Port()
	if port == 0 {
		port = r.Addr.Port()
	}
	return netip.AddrPortFrom(ip, port), netip.Addr{}
}

// confined reports whether an address means something else to everybody who uses it.
func confined(ip netip.Addr) bool {
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()
}
