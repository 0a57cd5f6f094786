package identity

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The headers of an answer that say who gave it, in canonical form, so that they index an http.Header directly. They go
// without an "X-", as RFC 6648 asks.
const (
	HeaderIP        = "Pod-Ip"        // the primary pod IP
	HeaderIPs       = "Pod-Ips"       // all of them, primary first, separated by ", "
	HeaderName      = "Pod-Name"      // metadata.name, or the host name
	HeaderUID       = "Pod-Uid"       // metadata.uid
	HeaderNamespace = "Pod-Namespace" // metadata.namespace
	HeaderNode      = "Pod-Node"      // spec.nodeName
	HeaderInstance  = "Pod-Instance"  // Identity.Instance
	HeaderStarted   = "Pod-Started"   // Identity.Started, RFC 3339 with milliseconds, UTC
	HeaderSource    = "Pod-Source"    // "pod" or "host"
	// HeaderLocal is the address and port on which the connection was accepted; IPv6 in brackets.
	HeaderLocal = "Pod-Local-Address"
	HeaderReady = "Pod-Ready" // "true" or "false"
)

const startedLayout = "2006-01-02T15:04:05.000Z07:00"

// Encoder writes one identity into answers. Everything that stays the same is rendered when it is made. It may be used by
// several goroutines.
type Encoder struct {
	constant []field
	ready    [2][]string // of false and true
	lines    [2][]byte   // all but the local address as Append writes them, with false and true
}

// field is a header whose value can be put into any number of header maps: its slice has no room to append.
type field struct {
	name  string
	value []string
}

// NewEncoder renders id. Fields that are empty, or that Decode would not believe, are left out.
func NewEncoder(id Identity) *Encoder {
	e := &Encoder{ready: [2][]string{{"false"}, {"true"}}}
	add := func(name, value string, limit int) {
		if text(value, limit) {
			e.constant = append(e.constant, field{name, []string{value}})
		}
	}
	if ips := id.IPs[:min(len(id.IPs), maxIPs)]; len(ips) > 0 {
		all := make([]string, len(ips))
		for i, a := range ips {
			all[i] = plain(a).String()
		}
		add(HeaderIP, all[0], maxAddr)
		add(HeaderIPs, strings.Join(all, ", "), maxIPs*maxAddr)
	}
	add(HeaderName, id.Name, maxName)
	add(HeaderUID, id.UID, maxUID)
	add(HeaderNamespace, id.Namespace, maxName)
	add(HeaderNode, id.Node, maxName)
	add(HeaderInstance, id.Instance, maxInstance)
	if !id.Started.IsZero() {
		add(HeaderStarted, id.Started.UTC().Format(startedLayout), maxAddr)
	}
	add(HeaderSource, string(id.Source), maxName)
	for i, ready := range e.ready {
		for _, f := range append(e.constant[:len(e.constant):len(e.constant)], field{HeaderReady, ready}) {
			e.lines[i] = appendLine(e.lines[i], f.name, f.value[0])
		}
	}
	return e
}

func appendLine(b []byte, name, value string) []byte {
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}

// Local renders the address on which a connection was accepted, once for all answers on it; nil for the zero AddrPort.
func Local(a netip.AddrPort) []string {
	if !a.IsValid() {
		return nil
	}
	return []string{netip.AddrPortFrom(plain(a.Addr()), a.Port()).String()}
}

// Set puts the identity into h. local comes from [Local] and may be nil. The values are shared between answers: they
// may be replaced and appended to, but not changed in place.
func (e *Encoder) Set(h http.Header, local []string, ready bool) {
	for _, f := range e.constant {
		h[f.name] = f.value
	}
	if local != nil {
		h[HeaderLocal] = local
	}
	h[HeaderReady] = e.ready[index(ready)]
}

// Append appends what Set sets as lines of an HTTP/1 header, each ended by CR LF.
func (e *Encoder) Append(b []byte, local []string, ready bool) []byte {
	b = append(b, e.lines[index(ready)]...)
	if local != nil {
		b = appendLine(b, HeaderLocal, local[0])
	}
	return b
}

func index(ready bool) int {
	if ready {
		return 1
	}
	return 0
}

// Decode reads what an answer says of who gave it. The answer may come from anybody: every value is bounded and printable
// or left out, addresses lose zones and IPv4 in IPv6 becomes IPv4, and a field that makes no sense is dropped without
// the others. Where a header stands more than once the first counts. ok is false when nothing is left: the server has
// no identity.
func Decode(h http.Header) (r Report, ok bool) {
	r.IPs = decodeIPs(h.Get(HeaderIP), h.Get(HeaderIPs))
	r.Name = bounded(h.Get(HeaderName), maxName)
	r.UID = bounded(h.Get(HeaderUID), maxUID)
	r.Namespace = bounded(h.Get(HeaderNamespace), maxName)
	r.Node = bounded(h.Get(HeaderNode), maxName)
	r.Instance = bounded(h.Get(HeaderInstance), maxInstance)
	r.Started = decodeTime(h.Get(HeaderStarted))
	if s := Source(h.Get(HeaderSource)); s == FromPod || s == FromHost {
		r.Source = s
	}
	r.Local = decodeLocal(h.Get(HeaderLocal))
	r.Unready = h.Get(HeaderReady) == "false"

	ok = len(r.IPs) > 0 || r.Name != "" || r.UID != "" || r.Namespace != "" || r.Node != "" || r.Instance != "" ||
		!r.Started.IsZero() || r.Local.IsValid()
	if !ok {
		return Report{}, false
	}
	return r, true
}

func bounded(s string, limit int) string {
	if !text(s, limit) {
		return ""
	}
	return s
}

// decodeIPs joins the primary address and the list, the former first.
func decodeIPs(primary, list string) []netip.Addr {
	if len(list) > maxIPs*maxAddr {
		list = ""
	}
	var all []netip.Addr
	for part := range strings.SplitSeq(primary+","+list, ",") {
		part = strings.TrimSpace(part)
		if part == "" || len(part) > maxAddr || len(all) == maxIPs {
			continue
		}
		a, err := netip.ParseAddr(part)
		if a = plain(a); err == nil && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// decodeTime is zero for anything that is not a time between 1970 and 9999: JSON can't hold later ones.
func decodeTime(s string) time.Time {
	if len(s) > maxAddr {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if t = t.UTC().Truncate(time.Millisecond); err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// decodeLocal is zero for anything on which no connection can be accepted.
func decodeLocal(s string) netip.AddrPort {
	if len(s) > maxAddr {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil || a.Port() == 0 || a.Addr().IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(plain(a.Addr()), a.Port())
}
