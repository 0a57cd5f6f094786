package curl

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
	"time"

	"callbyname/internal/identity"
	"callbyname/internal/resolve"
)

// trace is what -v tells; the zero one is silent. Whatever a stranger sent, it is printed without control characters: under
// kubectl exec a terminal is at the other end though this is none.
type trace struct{ to io.Writer }

func (t trace) line(prefix, text string) {
	if t.to != nil {
		fmt.Fprintf(t.to, "%s%s\n", prefix, harmless(text))
	}
}

func (t trace) note(format string, args ...any) {
	if t.to != nil {
		t.line("* ", fmt.Sprintf(format, args...))
	}
}

func (t trace) received(line string) { t.line("< ", line) }

func (t trace) sent(head string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\r\n"), "\r\n") {
		t.line("> ", line)
	}
}

// lookup tells how a name was resolved, or was not.
func (t trace) lookup(host string, a resolve.Answer, err error) {
	if a.Source == resolve.FromLiteral {
		return
	}
	for _, try := range a.Tried {
		came := try.Rcode
		switch {
		case try.Rcode == "":
			came = strings.ReplaceAll(string(try.Kind), "_", " ")
		case try.Kind == "":
			came = fmt.Sprintf("%s, %d found", try.Rcode, try.Addrs)
		}
		over := ""
		if try.TCP {
			over = " over TCP"
		}
		t.note("Asked %v%s for %s %s: %s in %v", try.Server, over, try.Type, try.Name, came, short(try.Took))
	}
	switch {
	case err != nil:
		t.note("Could not resolve host: %v", err)
	case a.Source == resolve.FromHosts:
		t.note("%s is in the hosts file: %v", host, a.Addrs)
	case a.Canonical != "":
		t.note("%s is %s, an alias of %s: %v, TTL %v", host, a.Name, a.Canonical, a.Addrs, a.TTL)
	default:
		t.note("%s is %s: %v, TTL %v", host, a.Name, a.Addrs, a.TTL)
	}
}

// secured tells what TLS came to.
func (t trace) secured(s tls.ConnectionState, insecure bool) {
	t.note("SSL connection using %s / %s", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite))
	leaf := s.PeerCertificates[0]
	t.note("Server certificate: subject %v, issuer %v, expires %s", leaf.Subject, leaf.Issuer, leaf.NotAfter.UTC().Format(time.RFC3339))
	if insecure {
		t.note("SSL certificate was not verified: -k")
	}
}

// identity tells which pod answered.
func (t trace) identity(r identity.Report) {
	var words []string
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+" "+value)
		}
	}
	add("pod", r.Name)
	add("uid", r.UID)
	if r.IP().IsValid() {
		add("IP", r.IP().String())
	}
	add("namespace", r.Namespace)
	add("node", r.Node)
	add("instance", r.Instance)
	if !r.Started.IsZero() {
		add("since", r.Started.UTC().Format(time.RFC3339))
	}
	if r.Local.IsValid() {
		add("on", r.Local.String())
	}
	if r.Unready {
		words = append(words, "not ready")
	}
	t.note("Answered by %s", strings.Join(words, ", "))
}

// phases tells how long each part took.
func (t trace) phases(s *stats) {
	points := []struct {
		name string
		at   time.Duration
	}{{"resolve", s.lookup}, {"connect", s.connect}, {"TLS", s.appconnect}, {"first byte", s.starttransfer}}
	var words []string
	last := s.redirected
	for _, p := range points {
		if p.at > last {
			words = append(words, fmt.Sprintf("%s %v", p.name, short(p.at-last)))
			last = p.at
		}
	}
	t.note("Times: %s, in all %v", strings.Join(append(words, fmt.Sprintf("rest %v", short(s.total-last))), ", "), short(s.total))
}

// short is what a person reads of a duration.
func short(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}
