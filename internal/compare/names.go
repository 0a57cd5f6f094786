package compare

import (
	"cmp"
	"net/netip"
	"slices"

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
		at, known := slices.BinarySearchFunc(s.DNS, approach.Host, func(h Host, name string) int { return cmp.Compare(h.Name, name) })
		var was Addresses
		if known {
			was = s.DNS[at].Addresses
		}
		families := s.target.Family
		if families == 0 {
			families = resolve.Any
		}
		families &^= answer.Unanswered
		is := was.with(answer.Addrs, families)
		if was.equal(is) {
			continue
		}
		if !known {
			s.DNS = slices.Insert(s.DNS, at, Host{Name: approach.Host})
		}
		s.DNS[at].Addresses = is
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
