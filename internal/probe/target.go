package probe

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"callbyname/internal/resolve"
)

// Target is one thing that is probed: a name, a URL, and the approaches to it.
type Target struct {
	Name string
	// URL is http or https, with a host.
	URL *url.URL
	// Method is GET when empty.
	Method string
	// Header is sent in addition to Host; nil for none. A User-Agent in it stands in for the prober's, an Authorization for
	// that of a user in the URL.
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

// Port is the port of the target's URL: 80 or 443 when it names none, 0 when what it names is no port.
func (t *Target) Port() uint16 {
	port := t.URL.Port()
	switch {
	case port == "" && t.URL.Scheme == "https":
		return 443
	case port == "":
		return 80
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// Accepts reports whether an HTTP status counts as success.
func (t *Target) Accepts(status int) bool {
	if len(t.Statuses) == 0 {
		return status >= 200 && status <= 399
	}
	return slices.ContainsFunc(t.Statuses, func(r StatusRange) bool { return r.From <= status && status <= r.To })
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
