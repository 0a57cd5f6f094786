// Package probe makes one request by one approach and says exactly what happened: how long each phase took, which
// addresses were tried, what DNS said, who answered, and the outcome out of one closed set. It speaks over a
// connection of its own (dial, write, http.ReadResponse) and never through http.Transport, whose pool, retries and
// proxy variables would decide behind its back what "by IP" and "by name" mean. What results mean over time is left to
// package compare; when probes are made, to package monitor.
package probe

import (
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"callbyname/internal/identity"
	"callbyname/internal/resolve"
)

// Target is one thing that is probed: a name, a URL, and the approaches to it.
type Target struct {
	Name string
	// URL is http or https, with a host.
	URL *url.URL
	// Method is GET when empty.
	Method string
	// Header is sent in addition to Host and User-Agent; nil for none.
	Header http.Header
	// Statuses are the HTTP statuses that count as success; empty means 200 to 399 (redirects are not followed).
	Statuses []StatusRange
	// Family restricts names and pins to a family; zero means both.
	Family resolve.Family
	// Pin is the pin that the user gave; the zero AddrPort means that it is learned.
	Pin netip.AddrPort
	// Insecure accepts any certificate of an https target.
	Insecure bool
	// Approaches in declared order: the order of results in a Round, of columns and of tables.
	Approaches []Approach
}

// StatusRange is an inclusive range of HTTP statuses, 100 to 599.
type StatusRange struct{ From, To int }

// Forever as an Approach's Cache keeps the first resolved address as long as the process lives, like a JVM with
// networkaddress.cache.ttl=-1.
const Forever time.Duration = -1

// Approach is one way of turning a target into a connection: four independent properties, and what is known of its
// name.
type Approach struct {
	Name string
	// Host is the name that is resolved and dialled. Empty means the pin: an IP address and port fixed when first
	// known.
	Host string
	// Port is dialled together with Host; 0 means the URL's (80 or 443 when it has none).
	Port uint16
	// Literal sends the address itself in the Host header and SNI, as `curl http://IP` does. False sends the URL's host, so
	// that only the address differs between approaches.
	Literal bool
	// Cache is how long a resolved address is kept, counted from the answer and used until it expires whatever fails:
	// 0 resolves afresh for each probe, Forever never again.
	Cache time.Duration
	// KeepAlive keeps one connection open between probes.
	KeepAlive bool
	// Headless marks a Host whose addresses are the pods' own (a headless Service, a pod's DNS name), so that an
	// address can be pinned even when the target does not say who it is.
	Headless bool
}

// Pinned reports whether the approach dials the pin instead of a name.
func (a Approach) Pinned() bool { return a.Host == "" }

// Outcome is what a probe came to: ok, one of the two that say nothing about the target, or a failure class. It is a
// closed set; the words are those of the log.
type Outcome string

const (
	OK      Outcome = "ok"
	Pending Outcome = "pending" // no pin yet
	Void    Outcome = "void"    // the prober's own fault: neither success nor failure

	DNSNotFound     Outcome = "dns_not_found" // NXDOMAIN
	DNSNoData       Outcome = "dns_no_data"
	DNSServFail     Outcome = "dns_servfail"
	DNSRefused      Outcome = "dns_refused"
	DNSTimeout      Outcome = "dns_timeout"
	DNSUnreachable  Outcome = "dns_unreachable" // the DNS server's own host or port
	DNSMalformed    Outcome = "dns_malformed"
	Refused         Outcome = "refused"    // ECONNREFUSED
	NoRoute         Outcome = "no_route"   // EHOSTUNREACH
	NoNetwork       Outcome = "no_network" // ENETUNREACH
	Blackhole       Outcome = "blackhole"  // EINVAL on a blackhole route
	Prohibited      Outcome = "prohibited" // EACCES
	ConnectTimeout  Outcome = "connect_timeout"
	Reset           Outcome = "reset"
	Closed          Outcome = "closed" // EOF before a response
	Truncated       Outcome = "truncated"
	TLS             Outcome = "tls"
	BadResponse     Outcome = "bad_response" // not HTTP, or over the size limits
	ResponseTimeout Outcome = "response_timeout"
	HTTPStatus      Outcome = "http_status"
	Other           Outcome = "other" // with the errno

	// WrongPod needs history and is judged by package compare, never by a probe.
	WrongPod Outcome = "wrong_pod"
)

// Outcomes are all outcomes there are, successes first.
var Outcomes = []Outcome{
	OK, Pending, Void,
	DNSNotFound, DNSNoData, DNSServFail, DNSRefused, DNSTimeout, DNSUnreachable, DNSMalformed,
	Refused, NoRoute, NoNetwork, Blackhole, Prohibited, ConnectTimeout, Reset, Closed, Truncated, TLS, BadResponse,
	ResponseTimeout, HTTPStatus, Other, WrongPod,
}

// Failed reports whether the outcome is a failure class.
func (o Outcome) Failed() bool { return o != OK && o != Pending && o != Void }

// DNS reports whether the outcome is a failure to resolve.
func (o Outcome) DNS() bool {
	switch o {
	case DNSNotFound, DNSNoData, DNSServFail, DNSRefused, DNSTimeout, DNSUnreachable, DNSMalformed:
		return true
	}
	return false
}

// VoidReason is why a probe says nothing about its target.
type VoidReason string

const (
	Stopped  VoidReason = "stopped"   // the prober is ending
	Paused   VoidReason = "paused"    // the prober was stopped or asleep (SIGSTOP, suspended machine)
	Starved  VoidReason = "starved"   // the prober got no CPU: a timer was over 100 ms late
	NoPorts  VoidReason = "no_ports"  // no local port is free (EADDRNOTAVAIL on an automatic bind)
	NoFiles  VoidReason = "no_files"  // no file descriptors (EMFILE, ENFILE)
	NoMemory VoidReason = "no_memory" // ENOBUFS, ENOMEM
)

// Phases are how long each part of a probe took; zero for one that was not reached or not needed.
type Phases struct {
	Resolve, Connect, TLS, Write, FirstByte, Read time.Duration
}

// Attempt is one dialled address that failed; several stand in answer order.
type Attempt struct {
	Addr    netip.AddrPort
	Outcome Outcome
	Took    time.Duration
}

// Result is one probe. All durations are whole microseconds, so that a log can hold them exactly.
type Result struct {
	Outcome Outcome
	// Reason is set with Void only.
	Reason VoidReason
	// Detail says more for a person, in one line of printable text without terminal escapes; empty with OK. No code decides on it.
	Detail string
	// Errno is the errno's name ("EHOSTDOWN") where a system call failed.
	Errno string
	// Addr is the address that the request went to, or the last one tried; zero when there was none.
	Addr netip.AddrPort
	// Failed are the addresses that were tried before Addr in this probe, or with Addr last if all failed.
	Failed []Attempt
	// Reused is true when the request went over a connection that an earlier probe had opened.
	Reused bool
	// FromCache is true when the address is one that the approach had kept. Answer is nil then.
	FromCache bool
	// Answer is what DNS said in this very probe; nil when nothing was resolved (pin, cache, kept connection).
	Answer *resolve.Answer
	Phases Phases
	// Total is from the start of the probe to its outcome.
	Total time.Duration
	// Status is the HTTP status; 0 without a response.
	Status int
	// Who is what the answer says of who gave it; nil when it does not say. It is shared between results and must not be changed.
	Who *identity.Report
}

// Resolved reports whether the request went over a new connection to an address that this very probe resolved: who
// answers such a probe belongs to the target.
func (r *Result) Resolved() bool {
	return r.Answer != nil && len(r.Answer.Addrs) > 0 && r.Answer.Source != resolve.FromLiteral && !r.Reused && !r.FromCache
}

// Round is all approaches of one target, probed at the same tick.
type Round struct {
	Target string
	// Seq counts the target's rounds from 1. Skipped ticks have no number.
	Seq uint64
	// At is when the tick happened on the run's monotonic clock (0 at the prober's start), in whole microseconds.
	At time.Duration
	// Wall is the wall clock at that time, in whole microseconds, UTC.
	Wall time.Time
	// Results stand in the order of the target's approaches.
	Results []Result
}

// Pin is the address that the pinned approaches of a target dial from now on. It is found by package compare and handed to
// package monitor before the next tick.
type Pin struct {
	Target string
	Addr   netip.AddrPort
}
