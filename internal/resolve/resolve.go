// Package resolve turns one name into addresses the way a program linked against glibc would: hosts file, resolv.conf
// with its search list, then DNS. It is a resolver of its own because *net.DNSError hides what a prober is asked for:
// NXDOMAIN against an empty answer, REFUSED against SERVFAIL, the server that spoke, and the TTL. It keeps no answers;
// how long one is kept is a property of an approach (package probe).
package resolve

import (
	"net/netip"
	"time"
)

// Family is a set of IP address families.
type Family uint8

const (
	IPv4 Family = 1 << iota
	IPv6
	// Any asks for both. The zero Family means Any.
	Any = IPv4 | IPv6
)

// Source says where an answer came from.
type Source string

const (
	FromDNS     Source = "dns"
	FromHosts   Source = "hosts"
	FromLiteral Source = "literal" // the host was an IP address already
)

// Answer is what a lookup found, and how. A failed lookup has one too: what was tried, and who said no.
type Answer struct {
	// Host is the name as it was asked.
	Host string
	// Name is the fully qualified name that had the addresses' question (after the search list, before any CNAME);
	// empty when no name was reached.
	Name string
	// Canonical is the name at the end of the CNAME chain, empty when there was no CNAME.
	Canonical string
	// Addrs are the addresses in the order of the answer, A before AAAA.
	Addrs []netip.Addr
	// Unanswered are the families that were asked for and got no usable reply (neither addresses nor an
	// authoritative "none"): nothing is known about them, and a comparison must leave them out.
	Unanswered Family
	// TTL is the smallest TTL on the way to the addresses (CNAMEs included); for an answer without addresses that of
	// the SOA, as RFC 2308 has it, or of a CNAME before it. 0 for hosts file and literals, and after trouble.
	TTL time.Duration
	// Rcode is the response code's name as in RFC 2929 ("NOERROR", "NXDOMAIN", ...); empty when no server answered.
	Rcode  string
	Server netip.AddrPort
	Source Source
	// Took is the time from the first packet of the first question to the arrival of the last reply, as package arrival has it, or
	// to when the last question was given up; without any question what it took to look. In whole microseconds.
	Took time.Duration
	// Tried are the questions in the order in which they were asked; at most 64 are kept.
	Tried []Try
}

// Try is one question to one server.
type Try struct {
	Name   string // fully qualified
	Type   string // "A" or "AAAA"
	Server netip.AddrPort
	// Rcode is the server's answer; empty when there was none, and then Kind says why.
	Rcode string
	// Kind is empty when the question had addresses for an answer.
	Kind  Kind
	Addrs int  // how many addresses came back
	TCP   bool // asked again over TCP, because the UDP answer was truncated
	// Took is the time from the first packet of the exchange that it was part of to the arrival of its reply, in whole microseconds.
	Took time.Duration
}

// Kind is why a lookup failed: a closed set.
type Kind string

const (
	NotFound    Kind = "not_found"   // NXDOMAIN
	NoData      Kind = "no_data"     // the name exists, without an address of the family
	ServFail    Kind = "servfail"    // SERVFAIL, and every other rcode that is a server's trouble
	Refused     Kind = "refused"     // REFUSED
	Timeout     Kind = "timeout"     // no reply in time
	Unreachable Kind = "unreachable" // the server's own host or port
	Malformed   Kind = "malformed"   // a reply that does not parse, loops, or answers another question
)

// Error is the failure of a lookup. It unwraps to the cause (a syscall.Errno where there was one), so that a caller
// can tell the machine's own shortage from the server's fault.
type Error struct {
	Host   string
	Kind   Kind
	Server netip.AddrPort // the server that settled it; zero when none did
	Rcode  string         // as in Answer
	Err    error          // nil when the server's reply is the whole cause
}
