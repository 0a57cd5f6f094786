package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// Describe says in words what the settings come to: a line for all, and one for each target and approach. Header values
// are left out, for they may be secrets.
func (s *Settings) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "every %s, timeout %s, settle %s", short(s.Interval), short(s.Timeout), short(s.EffectiveSettle()))
	if s.EffectiveSettle() > s.Settle {
		fmt.Fprintf(&b, " (raised from %s: at least the longest cache and two intervals)", short(s.Settle))
	}
	if s.RepinAfter > 0 {
		fmt.Fprintf(&b, ", repin after %s", short(s.RepinAfter))
	} else {
		b.WriteString(", never repin")
	}
	b.WriteString(", DNS by ")
	if len(s.Nameservers) == 0 {
		b.WriteString("/etc/resolv.conf")
	}
	for i, server := range s.Nameservers {
		if i > 0 {
			b.WriteString(" and ")
		}
		b.WriteString(server.String())
	}
	b.WriteByte('\n')
	for _, t := range s.Targets {
		describeTarget(&b, t)
	}
	return b.String()
}

func describeTarget(b *strings.Builder, t probe.Target) {
	method := t.Method
	if method == "" {
		method = "GET"
	}
	fmt.Fprintf(b, "target %s: %s %s, success is", t.Name, method, t.URL)
	statuses := t.Statuses
	if len(statuses) == 0 {
		statuses = []probe.StatusRange{{From: 200, To: 399}}
	}
	for _, r := range statuses {
		fmt.Fprintf(b, " %d", r.From)
		if r.To != r.From {
			fmt.Fprintf(b, "-%d", r.To)
		}
	}
	switch t.Family {
	case resolve.IPv4:
		b.WriteString(", IPv4 only")
	case resolve.IPv6:
		b.WriteString(", IPv6 only")
	}
	if t.Insecure {
		b.WriteString(", any certificate")
	}
	if len(t.Header) > 0 {
		b.WriteString(", with header " + strings.Join(slices.Sorted(maps.Keys(t.Header)), ", "))
	}
	b.WriteByte('\n')
	width := 0
	for _, a := range t.Approaches {
		width = max(width, len(a.Name))
	}
	for _, a := range t.Approaches {
		fmt.Fprintf(b, "  %-*s  %s\n", width, a.Name, describeApproach(t, a))
	}
}

func describeApproach(t probe.Target, a probe.Approach) string {
	port := a.Port
	if port == 0 {
		port = t.Port()
	}
	var parts []string
	switch {
	case !a.Pinned():
		parts = append(parts, net.JoinHostPort(a.Host, strconv.Itoa(int(port))))
	case t.Pin.IsValid():
		parts = append(parts, t.Pin.String()+" whatever happens")
	default:
		parts = append(parts, "the IP of the first pod that a name leads to")
	}
	if _, err := netip.ParseAddr(a.Host); err != nil && !a.Pinned() {
		parts = append(parts, resolved(a))
	}
	if a.Headless {
		parts = append(parts, "headless")
	}
	if a.KeepAlive {
		parts = append(parts, "over one connection that is kept open")
	}
	if a.Literal {
		parts = append(parts, "with the address as Host")
	}
	return strings.Join(parts, ", ")
}

func resolved(a probe.Approach) string {
	switch {
	case a.Cache == probe.Forever:
		return "resolved once and kept forever"
	case a.Cache > 0:
		return "resolved and kept for " + short(a.Cache)
	case a.KeepAlive:
		return "resolved for each connection"
	}
	return "resolved for each probe"
}
