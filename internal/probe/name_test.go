package probe

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"callbyname/internal/dnsserver"
	"callbyname/internal/resolve"
)

const host = "httpd.cluster.local"

var byName = Approach{Name: "dns", Host: host}

func newZone(t testing.TB) *dnsserver.Server {
	t.Helper()
	s, err := dnsserver.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newResolver asks the server alone, and looks into no file of this machine.
func newResolver(t testing.TB, server netip.AddrPort) *resolve.Resolver {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("options timeout:1 attempts:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := resolve.New(resolve.Options{
		HostsFile: os.DevNull, ResolvConf: conf, Nameservers: []netip.AddrPort{server},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func set(t testing.TB, zone *dnsserver.Server, name string, addrs ...netip.AddrPort) {
	t.Helper()
	var plain []netip.Addr
	for _, a := range addrs {
		plain = append(plain, a.Addr())
	}
	if err := zone.Set(name, 5*time.Second, plain...); err != nil {
		t.Fatal(err)
	}
}

func urlTo(pin netip.AddrPort) string { return fmt.Sprintf("http://target.invalid:%d/", pin.Port()) }

// answered is what DNS says of host with these addresses.
func answered(server netip.AddrPort, addrs ...netip.AddrPort) *resolve.Answer {
	a := &resolve.Answer{
		Host: host, Name: host + ".", TTL: 5 * time.Second, Rcode: "NOERROR", Server: server, Source: resolve.FromDNS,
	}
	for _, addr := range addrs {
		a.Addrs = append(a.Addrs, addr.Addr())
	}
	return a
}

// unanswered is what a resolver knows of host that had no reply.
func unanswered(server netip.AddrPort) *resolve.Answer {
	return &resolve.Answer{Host: host, Server: server, Source: resolve.FromDNS, Unanswered: resolve.Any}
}

func TestNameIsResolvedForEachProbe(t *testing.T) {
	zone := newZone(t)
	pin := serveOn(t, "127.0.0.1:0", replies(hello))
	gone := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), pin.Port())
	c := newClient(t, targetAt(t, urlTo(pin)), byName, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})

	set(t, zone, host, pin)
	ok := Result{Outcome: OK, Status: 200, Addr: pin, Answer: answered(zone.Addr(), pin)}
	got := c.Probe(t.Context(), netip.AddrPort{})
	checkResult(t, got, ok)
	if !got.Resolved() {
		t.Error("who answered does not count as reached by name")
	}
	set(t, zone, host, gone)
	want := failedDial(gone, Refused, "ECONNREFUSED", "connect: connection refused")
	want.Answer = answered(zone.Addr(), gone)
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}), want)
	set(t, zone, host, pin)
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}), ok)
}

func TestPinIsDialledWhereverTheNameLeads(t *testing.T) {
	zone := newZone(t)
	pin := serve(t, replies(hello))
	elsewhere := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), pin.Port())
	set(t, zone, host, elsewhere)
	target := targetAt(t, fmt.Sprintf("http://%s:%d/", host, pin.Port()))
	c := newClient(t, target, ip, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	for range 2 {
		checkResult(t, c.Probe(t.Context(), pin), Result{Outcome: OK, Status: 200, Addr: pin})
	}
	if asked := zone.Questions(); len(asked) > 0 {
		t.Errorf("DNS was asked: %v", asked)
	}
}

func TestApproachsPortIsDialled(t *testing.T) {
	zone := newZone(t)
	pin := serve(t, replies(hello))
	set(t, zone, host, pin)
	a := byName
	a.Port = pin.Port()
	c := newClient(t, targetAt(t, "http://target.invalid/"), a, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}),
		Result{Outcome: OK, Status: 200, Addr: pin, Answer: answered(zone.Addr(), pin)})
}

func TestDNSTroubleHasItsClass(t *testing.T) {
	for _, test := range []struct {
		name    string
		broken  func(*dnsserver.Server)
		server  netip.AddrPort // of the zone when zero
		timeout time.Duration  // ample when 0
		want    Outcome
		errno   string
		answer  resolve.Answer // what it says beyond host, server and source
	}{
		{
			name: "NXDOMAIN", broken: func(s *dnsserver.Server) { s.Remove(host) },
			want: DNSNotFound, answer: resolve.Answer{Rcode: "NXDOMAIN", TTL: dnsserver.NegativeTTL},
		},
		{
			name: "no address", broken: func(s *dnsserver.Server) { s.Set(host, 0) },
			want: DNSNoData, answer: resolve.Answer{Rcode: "NOERROR", TTL: dnsserver.NegativeTTL},
		},
		{
			name: "SERVFAIL", broken: breaking(dnsserver.Rcode(dns.RcodeServerFailure)),
			want: DNSServFail, answer: resolve.Answer{Rcode: "SERVFAIL", Unanswered: resolve.Any},
		},
		{
			name: "REFUSED", broken: breaking(dnsserver.Rcode(dns.RcodeRefused)),
			want: DNSRefused, answer: resolve.Answer{Rcode: "REFUSED", Unanswered: resolve.Any},
		},
		{
			name: "silence", broken: breaking(dnsserver.Silence()), timeout: brief,
			want: DNSTimeout, answer: resolve.Answer{Unanswered: resolve.Any},
		},
		{
			name: "an answer that is late", broken: breaking(dnsserver.Delay(ample)), timeout: brief,
			want: DNSTimeout, answer: resolve.Answer{Unanswered: resolve.Any},
		},
		{
			name: "a wrong id", broken: breaking(dnsserver.WrongID()), timeout: brief,
			want: DNSMalformed, answer: resolve.Answer{Unanswered: resolve.Any},
		},
		{
			name: "another question", broken: breaking(dnsserver.WrongQuestion()), timeout: brief,
			want: DNSMalformed, answer: resolve.Answer{Unanswered: resolve.Any},
		},
		{
			name: "aliases in a circle", broken: breaking(dnsserver.Loop()),
			want: DNSMalformed, answer: resolve.Answer{Rcode: "NOERROR", Unanswered: resolve.Any},
		},
		{
			name: "an answer that does not parse", broken: breaking(dnsserver.Garbage()),
			want: DNSMalformed, answer: resolve.Answer{Rcode: "NOERROR", Unanswered: resolve.Any},
		},
		{
			name: "no server on the port", server: closedPort(t, "127.0.0.1"),
			want: DNSUnreachable, errno: "ECONNREFUSED", answer: resolve.Answer{Unanswered: resolve.Any},
		},
		{
			name: "truncated, and right over TCP", broken: breaking(dnsserver.Truncate()),
			want: OK,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			zone := newZone(t)
			pin := serve(t, replies(hello))
			set(t, zone, host, pin)
			if test.broken != nil {
				test.broken(zone)
			}
			if !test.server.IsValid() {
				test.server = zone.Addr()
			}
			if test.timeout == 0 {
				test.timeout = ample
			}
			o := Options{Timeout: test.timeout, Resolver: newResolver(t, test.server)}
			got := newClient(t, targetAt(t, urlTo(pin)), byName, o).Probe(t.Context(), netip.AddrPort{})
			want := Result{Outcome: test.want, Errno: test.errno, Detail: got.Detail, Answer: &test.answer}
			test.answer.Host, test.answer.Server, test.answer.Source = host, test.server, resolve.FromDNS
			if test.want == OK {
				want.Addr, want.Status, want.Answer = pin, 200, answered(test.server, pin)
			} else if got.Phases.Resolve == 0 || got.Phases.Connect != 0 {
				t.Errorf("phases %+v", got.Phases)
			}
			checkResult(t, got, want)
			if got.Answer == nil || len(got.Answer.Tried) == 0 {
				t.Errorf("the answer does not say what was tried: %+v", got.Answer)
			}
			if got.Outcome == DNSTimeout && got.Total < brief {
				t.Errorf("gave up after %v of %v", got.Total, brief)
			}
		})
	}
}

func breaking(f dnsserver.Fault) func(*dnsserver.Server) {
	return func(s *dnsserver.Server) { s.Break("", 0, f) }
}

func TestStopWhileResolvingIsVoid(t *testing.T) {
	zone := newZone(t)
	zone.Break("", 0, dnsserver.Silence())
	ctx, cancel := context.WithTimeout(t.Context(), brief)
	defer cancel()
	c := newClient(t, targetAt(t, "http://target.invalid/"), byName, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	got := c.Probe(ctx, netip.AddrPort{})
	checkResult(t, got, Result{
		Outcome: Void, Reason: Stopped, Detail: "the prober stopped before the probe was over",
		Answer: unanswered(zone.Addr()),
	})
}

// The promise: the first address that takes a connection is the one, and the others are in the result with their reasons.
func TestAddressesAreTriedInTheirOrder(t *testing.T) {
	zone := newZone(t)
	alive := serve(t, replies(hello))
	dead := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), alive.Port())
	worse := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.10"), alive.Port())
	resetting := serveOn(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.11"), alive.Port()).String(), func(c *net.TCPConn) {
		readRequest(bufio.NewReader(c))
		c.SetLinger(0)
	})
	refused := func(a netip.AddrPort) Attempt { return Attempt{Addr: a, Outcome: Refused} }
	for _, test := range []struct {
		name  string
		addrs []netip.AddrPort
		want  Result
	}{
		{
			"dead first, alive second", []netip.AddrPort{dead, alive},
			Result{Outcome: OK, Status: 200, Addr: alive, Failed: []Attempt{refused(dead)}},
		},
		{
			"alive first", []netip.AddrPort{alive, dead},
			Result{Outcome: OK, Status: 200, Addr: alive},
		},
		{
			"all dead", []netip.AddrPort{dead, worse},
			Result{
				Outcome: Refused, Errno: "ECONNREFUSED", Detail: "connect: connection refused",
				Addr: worse, Failed: []Attempt{refused(dead), refused(worse)},
			},
		},
		{
			"one that takes the connection and resets it, as curl has it", []netip.AddrPort{dead, resetting, alive},
			Result{
				Outcome: Reset, Errno: "ECONNRESET", Detail: "read: connection reset by peer",
				Addr: resetting, Failed: []Attempt{refused(dead)},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			set(t, zone, host, test.addrs...)
			o := Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())}
			test.want.Answer = answered(zone.Addr(), test.addrs...)
			checkResult(t, newClient(t, targetAt(t, urlTo(alive)), byName, o).Probe(t.Context(), netip.AddrPort{}), test.want)
		})
	}
}

// The promise: an address that swallows the attempt costs its share of the time, and leaves the next one its own.
func TestEveryAddressHasAShareOfTheTime(t *testing.T) {
	zone := newZone(t)
	silent := swallow(t)
	alive := serveOn(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.12"), silent.Port()).String(), replies(hello))
	set(t, zone, host, silent, alive)
	const timeout = 10 * brief
	c := newClient(t, targetAt(t, urlTo(silent)), byName, Options{Timeout: timeout, Resolver: newResolver(t, zone.Addr())})
	got := c.Probe(t.Context(), netip.AddrPort{})
	checkResult(t, got, Result{
		Outcome: OK, Status: 200, Addr: alive, Failed: []Attempt{{Addr: silent, Outcome: ConnectTimeout}},
		Answer: answered(zone.Addr(), silent, alive),
	})
	if took := got.Failed[0].Took; took < timeout/3 || took > timeout*2/3 {
		t.Errorf("the first of two addresses had %v of %v", took, timeout)
	}
}

func TestAnswerOfManyAddressesIsNotManyDials(t *testing.T) {
	zone := newZone(t)
	port := closedPort(t, "127.0.0.1").Port()
	var addrs []netip.AddrPort
	for i := range byte(200) {
		addrs = append(addrs, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, 1, i}), port))
	}
	set(t, zone, host, addrs...)
	c := newClient(t, targetAt(t, urlTo(addrs[0])), byName, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	const most = 64 // of one family, for package resolve
	if got := c.Probe(t.Context(), netip.AddrPort{}); got.Outcome != Refused || len(got.Failed) != most {
		t.Errorf("%s after %d addresses, want %s after %d", got.Outcome, len(got.Failed), Refused, most)
	}
}

// The promise: an address is kept as long as the approach says, counted from the answer, whatever fails.
func TestCacheKeepsWhatItSays(t *testing.T) {
	zone := newZone(t)
	first := serve(t, replies(hello))
	second := serveOn(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.13"), first.Port()).String(), replies(hello))
	closed := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.14"), first.Port())
	resolver := newResolver(t, zone.Addr())
	const day = 24 * time.Hour
	for _, test := range []struct {
		name  string
		keep  time.Duration
		after []time.Duration // of the zone's change, which is made right after a first probe
		fresh []bool          // whether each of these resolves
	}{
		{"none", 0, []time.Duration{0, time.Second}, []bool{true, true}},
		{"ten seconds", 10 * time.Second, []time.Duration{0, 9 * time.Second, 11 * time.Second, 12 * time.Second, 22 * time.Second},
			[]bool{false, false, true, false, true}},
		{"forever", Forever, []time.Duration{0, day, 1000 * day}, []bool{false, false, false}},
	} {
		for name, before := range map[string]netip.AddrPort{"an address that answers": first, "one that does not": closed} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := byName
					a.Cache = test.keep
					c := newClient(t, targetAt(t, urlTo(first)), a, Options{Timeout: ample, Resolver: resolver})
					result := func(addr netip.AddrPort) Result {
						if addr == closed {
							return failedDial(addr, Refused, "ECONNREFUSED", "connect: connection refused")
						}
						return Result{Outcome: OK, Status: 200, Addr: addr}
					}
					set(t, zone, host, before)
					want := result(before)
					want.Answer = answered(zone.Addr(), before)
					checkResult(t, c.Probe(t.Context(), netip.AddrPort{}), want)

					set(t, zone, host, second)
					start, kept := time.Now(), before
					for i, after := range test.after {
						time.Sleep(after - time.Since(start))
						if test.fresh[i] {
							kept = second
						}
						want := result(kept)
						if test.fresh[i] {
							want.Answer = answered(zone.Addr(), second)
						} else {
							want.FromCache = true
						}
						got := c.Probe(t.Context(), netip.AddrPort{})
						checkResult(t, got, want)
						if got.Resolved() != test.fresh[i] {
							t.Errorf("%v later: resolved is %v", after, got.Resolved())
						}
					}
				})
			})
		}
	}
}

func TestKeptConnectionOutlivesItsName(t *testing.T) {
	zone := newZone(t)
	old := serve(t, replies(hello))
	a := byName
	a.KeepAlive = true
	c := newClient(t, targetAt(t, urlTo(old)), a, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	set(t, zone, host, old)
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}),
		Result{Outcome: OK, Status: 200, Addr: old, Answer: answered(zone.Addr(), old)})
	zone.Remove(host)
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}), Result{Outcome: OK, Status: 200, Addr: old, Reused: true})
	if asked := len(zone.Questions()); asked != 2 { // A and AAAA, once
		t.Errorf("%d questions", asked)
	}
}
