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

// plain says what an outcome means to who has never heard of it, short enough to stand beside its name.
var plain = map[Outcome]string{
	OK:      "answered",
	Pending: "nothing to call yet",
	Void:    "the prober could not look",

	DNSNotFound:     "DNS knows no such name",
	DNSNoData:       "DNS knows the name, but has no address for it",
	DNSServFail:     "the DNS server failed",
	DNSRefused:      "the DNS server refused to answer",
	DNSTimeout:      "the DNS server did not answer in time",
	DNSUnreachable:  "the DNS server cannot be reached",
	DNSMalformed:    "the DNS server's answer makes no sense",
	Refused:         "connection refused",
	NoRoute:         "nobody there",
	NoNetwork:       "no network leads there",
	Blackhole:       "the route there is a blackhole",
	Prohibited:      "the way there is prohibited",
	ConnectTimeout:  "no connection in time",
	Reset:           "connection reset",
	Closed:          "connection closed without an answer",
	Truncated:       "the answer broke off",
	TLS:             "no secure connection",
	BadResponse:     "no HTTP, or too much of it",
	ResponseTimeout: "connected, but no answer in time",
	HTTPStatus:      "answered with an error",
	Other:           "failed in another way",

	WrongPod: "the wrong pod answered",
}

// Words say in plain English what the outcome means.
func (o Outcome) Words() string {
	if w, ok := plain[o]; ok {
		return w
	}
	return string(o)
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
