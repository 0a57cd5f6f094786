package probe

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
