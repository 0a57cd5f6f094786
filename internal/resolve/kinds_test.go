package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"github.com/miekg/dns"
)

// closedPort is a UDP and TCP port of loopback on which nobody listens.
func closedPort(t testing.TB) netip.AddrPort {
	t.Helper()
	s, err := dnsserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.Addr()
}

func TestEveryWayToFailHasItsKind(t *testing.T) {
	const name = "web.cluster.local."
	for _, tc := range []struct {
		what  string
		fault dnsserver.Fault
		name  string
		kind  Kind
		rcode string
		cause error
		tcp   bool
	}{
		{"NXDOMAIN", nil, "nobody.cluster.local.", NotFound, "NXDOMAIN", nil, false},
		{"NODATA", nil, "empty.cluster.local.", NoData, "NOERROR", nil, false},
		{"an empty non-terminal", nil, "ns.cluster.local.", NoData, "NOERROR", nil, false},
		{"an alias to nothing", nil, "dangling.cluster.local.", NotFound, "NXDOMAIN", nil, false},
		{"SERVFAIL", dnsserver.Rcode(dns.RcodeServerFailure), name, ServFail, "SERVFAIL", nil, false},
		{"NOTIMP", dnsserver.Rcode(dns.RcodeNotImplemented), name, ServFail, "NOTIMP", nil, false},
		{"FORMERR without EDNS0 too", dnsserver.Rcode(dns.RcodeFormatError), name, ServFail, "FORMERR", nil, false},
		{"BADVERS", dnsserver.Rcode(dns.RcodeBadVers), name, ServFail, "BADVERS", nil, false},
		{"a code without a name", dnsserver.Rcode(12), name, ServFail, "RCODE12", nil, false},
		{"REFUSED", dnsserver.Rcode(dns.RcodeRefused), name, Refused, "REFUSED", nil, false},
		{"REFUSED for what is not its zone", nil, "kernel.org.", Refused, "REFUSED", nil, false},
		{"silence", dnsserver.Silence(), name, Timeout, "", context.DeadlineExceeded, false},
		{"a late answer", dnsserver.Delay(time.Minute), name, Timeout, "", context.DeadlineExceeded, false},
		{"another id", dnsserver.WrongID(), name, Malformed, "", errStray, false},
		{"another question", dnsserver.WrongQuestion(), name, Malformed, "", errStray, false},
		{"no DNS at all", dnsserver.Noise(), name, Malformed, "", errStray, false},
		{"an answer that does not parse", dnsserver.Garbage(), name, Malformed, "NOERROR", errParse, false},
		{"a loop of aliases", dnsserver.Loop(), name, Malformed, "NOERROR", errAliases, false},
		{"a loop over two zones", nil, "here.cluster.local.", Malformed, "NOERROR", errAliases, false},
		{"truncated, and NXDOMAIN over TCP", dnsserver.Truncate(), "nobody.cluster.local.", NotFound, "NXDOMAIN", nil, true},
		{"truncated, and garbage over TCP", truncatedGarbage, name, Malformed, "NOERROR", errParse, true},
		{"truncated, and silence over TCP", truncatedSilence, name, Timeout, "", context.DeadlineExceeded, true},
		{"a lame server", lame, name, ServFail, "NOERROR", errLame, false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			t.Parallel()
			s := serve(t, "cluster.local.", "example.")
			put(t, s, name, "10.0.0.1", "fd00::1")
			put(t, s, "empty.cluster.local.")
			put(t, s, "x.ns.cluster.local.", "10.0.0.2")
			alias(t, s, "dangling.cluster.local.", "gone.cluster.local.")
			alias(t, s, "here.cluster.local.", "there.example.")
			alias(t, s, "there.example.", "here.cluster.local.")
			s.Break("", 0, tc.fault)
			r := resolver(t, "options attempts:1", "", s.Addr())

			for _, family := range []Family{Any, IPv4, IPv6} {
				answer, err := r.Lookup(within(t, 300*time.Millisecond), tc.name, family)
				checkFailed(t, answer, err, tc.kind, tc.rcode, tc.cause, s.Addr())
				last := answer.Tried[len(answer.Tried)-1]
				if last.Kind != tc.kind && tc.cause != errAliases || last.TCP != tc.tcp {
					t.Errorf("family %d: the last try was %+v", family, last)
				}
				if want := tc.kind != NotFound && tc.kind != NoData; (answer.Unanswered == family) != want {
					t.Errorf("family %d: unanswered is %d", family, answer.Unanswered)
				}
				want := dnsserver.NegativeTTL
				if strings.HasPrefix(tc.name, "dangling") {
					want = aliasTTL // which is shorter
				}
				if tc.kind.final() && answer.TTL != want {
					t.Errorf("family %d: TTL is %v, want %v", family, answer.TTL, want)
				}
			}
		})
	}
}

func truncatedGarbage(done <-chan struct{}, x dnsserver.Exchange) [][]byte {
	if x.TCP {
		return dnsserver.Garbage()(done, x)
	}
	return dnsserver.Truncate()(done, x)
}

func truncatedSilence(done <-chan struct{}, x dnsserver.Exchange) [][]byte {
	if x.TCP {
		return nil
	}
	return dnsserver.Truncate()(done, x)
}

// lame is the reply of a server that has nothing to do with the name and does not recurse.
func lame(_ <-chan struct{}, x dnsserver.Exchange) [][]byte {
	m := new(dns.Msg).SetReply(x.Query)
	packet, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{packet}
}

const aliasTTL = 3 * time.Second

func alias(t testing.TB, s *dnsserver.Server, name, target string) {
	t.Helper()
	if err := s.CNAME(name, aliasTTL, target); err != nil {
		t.Fatal(err)
	}
}

// checkFailed checks that the error and the answer tell the same failure.
func checkFailed(t testing.TB, answer Answer, err error, kind Kind, rcode string, cause error, server netip.AddrPort) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %+v, %v", answer, err)
	}
	if e.Kind != kind || e.Rcode != rcode || e.Server != server || !errors.Is(e.Err, cause) {
		t.Errorf("got %+v; want kind %s, rcode %q, cause %v", *e, kind, rcode, cause)
	}
	if answer.Rcode != rcode || answer.Server != server || len(answer.Addrs) > 0 || answer.Name != "" {
		t.Errorf("the answer says otherwise: %+v", answer)
	}
	if text := err.Error(); !strings.Contains(text, e.Host) || !strings.Contains(text, kind.says()) || strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("the error reads %q", text)
	}
}

func TestAClosedDNSPortIsUnreachable(t *testing.T) {
	server := closedPort(t)
	for _, conf := range []string{"", "options use-vc"} {
		r := resolver(t, conf, "", server)
		start := time.Now()
		answer, err := r.Lookup(within(t, 10*time.Second), "web.cluster.local", Any)
		checkFailed(t, answer, err, Unreachable, "", syscall.ECONNREFUSED, server)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q: it took %v to notice", conf, took)
		}
	}
}

func TestATCPServerThatHangsUpIsUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024)) // or the close would be a reset
			conn.Close()
		}
	}()
	defer func() { l.Close(); <-served }()
	server := netip.MustParseAddrPort(l.Addr().String())
	_, err = resolver(t, "options use-vc attempts:1", "", server).Lookup(within(t, 5*time.Second), "web.cluster.local", IPv4)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Unreachable || e.Err == nil {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoHostNameIsNotFoundAndNobodyIsAsked(t *testing.T) {
	s := serve(t, ".")
	r := resolver(t, "search cluster.local", "", s.Addr())
	for _, host := range []string{"", ".", "..", "a..b", ".a", "a b", "a\x1b[31mb", "höst.example", "a/b", "[::1]", "a:80", `a\.b`, "*.example",
		strings.Repeat("x", 64) + ".example", strings.Repeat("x.", 127) + "x", "\x00", "-a.example."} {
		answer, err := r.Lookup(within(t, time.Second), host, Any)
		if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != NotFound || e.Err == nil || len(answer.Tried) > 0 {
			t.Errorf("%q: got %+v, %v", host, answer, err)
		} else if text := err.Error(); strings.ContainsAny(text, "\n\x1b\x00") {
			t.Errorf("%q: the error has control characters: %q", host, text)
		}
	}
	if asked := s.Questions(); len(asked) > 0 {
		t.Errorf("the server was asked %v", asked)
	}
	for _, host := range []string{"a_b.example.", "a-.example.", "1.2.3.example.", strings.Repeat("x", 63) + ".example.", "xn--hst-sna.example."} {
		if answer, _ := r.Lookup(within(t, time.Second), host, Any); answer.Rcode != "NXDOMAIN" {
			t.Errorf("%q was not asked for: %+v", host, answer)
		}
	}
}

func TestALiteralIsItsOwnAnswer(t *testing.T) {
	r := resolver(t, "", "10.9.9.9 192.0.2.1", closedPort(t))
	for _, tc := range []struct {
		host   string
		family Family
		want   string // empty: no data
	}{
		{"192.0.2.1", Any, "192.0.2.1"},
		{"192.0.2.1", 0, "192.0.2.1"},
		{"192.0.2.1", IPv4, "192.0.2.1"},
		{"192.0.2.1", IPv6, ""},
		{"2001:DB8::1", Any, "2001:db8::1"},
		{"2001:db8::1", IPv4, ""},
		{"::ffff:192.0.2.1", IPv4, "192.0.2.1"},
		{"fe80::1%lo", IPv6, "fe80::1%lo"},
	} {
		answer, err := r.Lookup(within(t, time.Second), tc.host, tc.family)
		if answer.Source != FromLiteral || answer.TTL != 0 || len(answer.Tried) > 0 || answer.Server.IsValid() {
			t.Errorf("%s: %+v", tc.host, answer)
		}
		if tc.want == "" {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != NoData {
				t.Errorf("%s, family %d: %v, %v", tc.host, tc.family, answer.Addrs, err)
			}
		} else if err != nil || !slices.Equal(answer.Addrs, parseAddrs(tc.want)) {
			t.Errorf("%s, family %d: %v, %v", tc.host, tc.family, answer.Addrs, err)
		}
	}
}
