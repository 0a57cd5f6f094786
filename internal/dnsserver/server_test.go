package dnsserver

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, zones ...string) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", zones...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// ask sends one query over UDP, or over TCP, and returns the reply.
func ask(t *testing.T, s *Server, network, name string, qtype uint16, with ...func(*dns.Msg)) *dns.Msg {
	t.Helper()
	query := new(dns.Msg).SetQuestion(name, qtype)
	for _, f := range with {
		f(query)
	}
	client := dns.Client{Net: network, UDPSize: dns.MaxMsgSize, Timeout: 5 * time.Second}
	reply, _, err := client.Exchange(query, s.Addr().String())
	if err != nil {
		t.Fatalf("asking for %s over %s: %v", name, network, err)
	}
	return reply
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

// shown is a reply in one line: the code, the answers, then the authority's owner.
func shown(m *dns.Msg) string {
	parts := []string{dns.RcodeToString[m.Rcode]}
	for _, rr := range m.Answer {
		parts = append(parts, strings.Join(strings.Fields(rr.String()), " "))
	}
	for _, rr := range m.Ns {
		parts = append(parts, "SOA of "+rr.Header().Name)
	}
	return strings.Join(parts, " | ")
}

func TestEveryAnswerIsTheOneAnAuthorityGives(t *testing.T) {
	s := start(t, "cluster.local", "example.")
	must(t, s.Set("apache.localcluster.svc.cluster.local", 5*time.Second, addrs("10.96.0.7", "fd00::7")...))
	must(t, s.Set("pod-httpd.apache-pods.localcluster.svc.cluster.local.", 0, addrs("10.244.0.5", "10.244.0.6")...))
	must(t, s.Set("empty.cluster.local.", time.Second))
	must(t, s.CNAME("www.cluster.local.", 30*time.Second, "apache.localcluster.svc.cluster.local"))
	must(t, s.CNAME("dangling.cluster.local.", time.Second, "nowhere.cluster.local."))
	must(t, s.CNAME("away.cluster.local.", time.Second, "elsewhere.example."))
	must(t, s.CNAME("a.cluster.local.", time.Second, "b.cluster.local."))
	must(t, s.CNAME("b.cluster.local.", time.Second, "a.cluster.local."))

	for _, tc := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"apache.localcluster.svc.cluster.local.", dns.TypeA, "NOERROR | apache.localcluster.svc.cluster.local. 5 IN A 10.96.0.7"},
		{"apache.localcluster.svc.cluster.local.", dns.TypeAAAA, "NOERROR | apache.localcluster.svc.cluster.local. 5 IN AAAA fd00::7"},
		{"APACHE.LocalCluster.svc.cluster.LOCAL.", dns.TypeA, "NOERROR | APACHE.LocalCluster.svc.cluster.LOCAL. 5 IN A 10.96.0.7"},
		{"apache.localcluster.svc.cluster.local.", dns.TypeMX, "NOERROR | SOA of cluster.local."},
		{"pod-httpd.apache-pods.localcluster.svc.cluster.local.", dns.TypeA,
			"NOERROR | pod-httpd.apache-pods.localcluster.svc.cluster.local. 0 IN A 10.244.0.5" +
				" | pod-httpd.apache-pods.localcluster.svc.cluster.local. 0 IN A 10.244.0.6"},
		{"pod-httpd.apache-pods.localcluster.svc.cluster.local.", dns.TypeAAAA, "NOERROR | SOA of cluster.local."},
		{"empty.cluster.local.", dns.TypeA, "NOERROR | SOA of cluster.local."},
		{"localcluster.svc.cluster.local.", dns.TypeA, "NOERROR | SOA of cluster.local."},
		{"cluster.local.", dns.TypeA, "NOERROR | SOA of cluster.local."},
		{"nobody.localcluster.svc.cluster.local.", dns.TypeA, "NXDOMAIN | SOA of cluster.local."},
		{"x.apache.localcluster.svc.cluster.local.", dns.TypeA, "NXDOMAIN | SOA of cluster.local."},
		{"other.example.", dns.TypeA, "NXDOMAIN | SOA of example."},
		{"www.cluster.local.", dns.TypeA, "NOERROR | www.cluster.local. 30 IN CNAME apache.localcluster.svc.cluster.local." +
			" | apache.localcluster.svc.cluster.local. 5 IN A 10.96.0.7"},
		{"www.cluster.local.", dns.TypeCNAME, "NOERROR | www.cluster.local. 30 IN CNAME apache.localcluster.svc.cluster.local."},
		{"dangling.cluster.local.", dns.TypeA, "NXDOMAIN | dangling.cluster.local. 1 IN CNAME nowhere.cluster.local. | SOA of cluster.local."},
		{"away.cluster.local.", dns.TypeA, "NOERROR | away.cluster.local. 1 IN CNAME elsewhere.example."},
		{"a.cluster.local.", dns.TypeA, "NOERROR | a.cluster.local. 1 IN CNAME b.cluster.local. | b.cluster.local. 1 IN CNAME a.cluster.local."},
		{"kernel.org.", dns.TypeA, "REFUSED"},
		{".", dns.TypeA, "REFUSED"},
	} {
		for _, network := range []string{"udp", "tcp"} {
			reply := ask(t, s, network, tc.name, tc.qtype)
			if got := shown(reply); got != tc.want {
				t.Errorf("%s %s over %s:\n got %s\nwant %s", tc.name, dns.TypeToString[tc.qtype], network, got, tc.want)
			}
			if authority := reply.Rcode != dns.RcodeRefused; reply.Authoritative != authority {
				t.Errorf("%s: AA is %v", tc.name, reply.Authoritative)
			}
		}
	}
}

func TestTheRootIsAZoneLikeAnother(t *testing.T) {
	s := start(t, ".", "cluster.local.")
	must(t, s.Set("kernel.org.", time.Minute, addrs("192.0.2.1")...))
	for question, want := range map[string]string{
		"kernel.org.":      "NOERROR | kernel.org. 60 IN A 192.0.2.1",
		"org.":             "NOERROR | SOA of .",
		".":                "NOERROR | SOA of .",
		"x.org.":           "NXDOMAIN | SOA of .",
		"x.cluster.local.": "NXDOMAIN | SOA of cluster.local.",
	} {
		if got := shown(ask(t, s, "udp", question, dns.TypeA)); got != want {
			t.Errorf("%s: got %s, want %s", question, got, want)
		}
	}
}

func TestTheZoneChangesWhileItServes(t *testing.T) {
	s := start(t)
	const name, above = "web.ns.svc.cluster.local.", "ns.svc.cluster.local."
	serial := func() uint32 { return ask(t, s, "udp", "cluster.local.", dns.TypeSOA).Answer[0].(*dns.SOA).Serial }
	first := serial()
	step := func(what, question, want string) {
		t.Helper()
		if got := shown(ask(t, s, "udp", question, dns.TypeA)); got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	step("before", name, "NXDOMAIN | SOA of cluster.local.")
	must(t, s.Set(name, time.Minute, addrs("10.0.0.1")...))
	step("set", name, "NOERROR | web.ns.svc.cluster.local. 60 IN A 10.0.0.1")
	must(t, s.Set(name, time.Second, addrs("10.0.0.2")...))
	step("set again", name, "NOERROR | web.ns.svc.cluster.local. 1 IN A 10.0.0.2")
	step("what lies above exists", above, "NOERROR | SOA of cluster.local.")
	must(t, s.CNAME(name, time.Second, "x.example."))
	step("now an alias", name, "NOERROR | web.ns.svc.cluster.local. 1 IN CNAME x.example.")
	s.Remove(name)
	s.Remove(name)
	step("removed", name, "NXDOMAIN | SOA of cluster.local.")
	step("and what lay above", above, "NXDOMAIN | SOA of cluster.local.")
	if got := serial(); got != first+4 {
		t.Errorf("the serial went from %d to %d over 4 changes", first, got)
	}
}

func TestNamesThatAreNotInAZoneAreErrors(t *testing.T) {
	s := start(t)
	for _, name := range []string{"www.example.", "", "a..cluster.local.", strings.Repeat("x", 64) + ".cluster.local."} {
		if err := s.Set(name, 0, addrs("10.0.0.1")...); err == nil {
			t.Errorf("Set(%q) is no error", name)
		}
	}
	if err := s.CNAME("a.cluster.local.", 0, "b..c"); err == nil {
		t.Error("an alias to no name is no error")
	}
	if _, err := Start("127.0.0.1:0", "a..b"); err == nil {
		t.Error("a zone that is no name is no error")
	}
	if _, err := Start(s.Addr().String()); err == nil {
		t.Error("a port that is taken is no error")
	}
}

func TestWhatIsTooLongForUDPIsTruncatedAndWholeOverTCP(t *testing.T) {
	s := start(t)
	var many []netip.Addr
	for i := range 200 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}))
	}
	must(t, s.Set("many.cluster.local.", 0, many...))
	must(t, s.Set("some.cluster.local.", 0, many[:40]...))
	edns := func(size uint16) func(*dns.Msg) { return func(m *dns.Msg) { m.SetEdns0(size, false) } }
	for _, tc := range []struct {
		what, network, name string
		with                []func(*dns.Msg)
		truncated           bool
		longest             int
	}{
		{"plain, over 512 bytes", "udp", "some.cluster.local.", nil, true, 512},
		{"EDNS0 makes room", "udp", "some.cluster.local.", []func(*dns.Msg){edns(1232)}, false, 1232},
		{"no more room than 1232", "udp", "many.cluster.local.", []func(*dns.Msg){edns(4096)}, true, 1232},
		{"no less than 512", "udp", "many.cluster.local.", []func(*dns.Msg){edns(0)}, true, 512},
		{"TCP", "tcp", "many.cluster.local.", nil, false, dns.MaxMsgSize},
	} {
		reply := ask(t, s, tc.network, tc.name, dns.TypeA, tc.with...)
		if reply.Truncated != tc.truncated {
			t.Errorf("%s: truncated is %v with %d records", tc.what, reply.Truncated, len(reply.Answer))
		}
		reply.Compress = true
		if reply.Len() > tc.longest {
			t.Errorf("%s: %d bytes", tc.what, reply.Len())
		}
		if asked := len(tc.with) > 0; (reply.IsEdns0() != nil) != asked {
			t.Errorf("%s: an OPT record in the reply is %v", tc.what, reply.IsEdns0() != nil)
		}
	}
}

func TestWhatIsNoQuestionForItIsRefusedByItsName(t *testing.T) {
	s := start(t)
	for _, tc := range []struct {
		what  string
		with  func(*dns.Msg)
		rcode int
	}{
		{"another class", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, dns.RcodeRefused},
		{"NOTIFY", func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, dns.RcodeNotImplemented},
		{"UPDATE", func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, dns.RcodeNotImplemented},
		{"an EDNS version to come", func(m *dns.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }, dns.RcodeBadVers},
		{"two questions", func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }, dns.RcodeFormatError},
	} {
		if reply := ask(t, s, "udp", "cluster.local.", dns.TypeA, tc.with); reply.Rcode != tc.rcode {
			t.Errorf("%s: %s", tc.what, dns.RcodeToString[reply.Rcode])
		}
	}
}

func TestTheHistoryIsInOrderAndBounded(t *testing.T) {
	s := start(t)
	ask(t, s, "udp", "A.cluster.local.", dns.TypeA)
	ask(t, s, "tcp", "b.cluster.local.", dns.TypeAAAA, func(m *dns.Msg) { m.SetEdns0(1232, false) })
	want := []Question{{Name: "A.cluster.local.", Type: "A"}, {Name: "b.cluster.local.", Type: "AAAA", TCP: true, EDNS: true}}
	if got := s.Questions(); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	s.Forget()
	for i := range maxHistory + 10 {
		s.history.add(Question{Type: string(rune('a' + i%26))})
	}
	got := s.Questions()
	if len(got) != maxHistory || got[0].Type != string(rune('a'+10)) || got[maxHistory-1].Type != string(rune('a'+(maxHistory+9)%26)) {
		t.Errorf("%d questions, first %+v, last %+v", len(got), got[0], got[len(got)-1])
	}
}

func TestTheMostExactFaultWins(t *testing.T) {
	s := start(t)
	const name = "web.cluster.local."
	must(t, s.Set(name, 0, addrs("10.0.0.1", "fd00::1")...))
	s.Break("", 0, Rcode(dns.RcodeServerFailure))
	s.Break("", dns.TypeAAAA, Rcode(dns.RcodeNotImplemented))
	s.Break("WEB.cluster.local", 0, Rcode(dns.RcodeRefused))
	s.Break(name, dns.TypeA, Truncate())
	check := func(name string, qtype uint16, want string) {
		t.Helper()
		if got := shown(ask(t, s, "udp", name, qtype)); got != want {
			t.Errorf("%s %s: got %s, want %s", name, dns.TypeToString[qtype], got, want)
		}
	}
	check("x.cluster.local.", dns.TypeA, "SERVFAIL")
	check("x.cluster.local.", dns.TypeAAAA, "NOTIMP")
	check(name, dns.TypeAAAA, "REFUSED")
	check(name, dns.TypeA, "NOERROR")
	s.Break(name, 0, nil)
	s.Break(name, dns.TypeA, nil)
	check(name, dns.TypeA, "SERVFAIL")
	check(name, dns.TypeAAAA, "NOTIMP")
}

func TestClosingDoesNotWaitForADelay(t *testing.T) {
	s := start(t)
	s.Break("", 0, Delay(time.Hour))
	conn, err := dns.Dial("udp", s.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.WriteMsg(new(dns.Msg).SetQuestion("cluster.local.", dns.TypeA)))
	for deadline := time.Now().Add(10 * time.Second); len(s.Questions()) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no question came in 10 s")
		}
	}
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("Close still waits after 10 s")
	}
}
