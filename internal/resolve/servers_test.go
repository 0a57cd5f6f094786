package resolve

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"github.com/miekg/dns"
)

// Copies of one question's answer are no nonsense: that the other one's does not come is what went wrong.
func TestCopiesOfAnAnswerAnswerNothingElse(t *testing.T) {
	t.Parallel()
	const name = "web.cluster.local."
	s := serve(t)
	put(t, s, name, "10.0.0.1")
	s.Break(name, dns.TypeA, dnsserver.Silence())
	s.Break(name, dns.TypeAAAA, dnsserver.Before(dnsserver.Before(dnsserver.Delay(0))))
	answer, err := resolver(t, "options attempts:1", "", s.Addr()).Lookup(within(t, 300*time.Millisecond), name, Any)
	checkFailed(t, answer, err, Timeout, "", context.DeadlineExceeded, s.Addr())
}

func TestTheNextServerIsAskedWithinTheDeadline(t *testing.T) {
	const name, deadline = "web.cluster.local.", 900 * time.Millisecond
	for _, tc := range []struct {
		what   string
		faults []dnsserver.Fault // of the servers before the one that works; nil is a closed port
		atMost time.Duration
	}{
		{"the first is silent", []dnsserver.Fault{dnsserver.Silence()}, 700 * time.Millisecond},
		{"the first two are silent", []dnsserver.Fault{dnsserver.Silence(), dnsserver.Silence()}, 800 * time.Millisecond},
		{"the first refuses", []dnsserver.Fault{dnsserver.Rcode(dns.RcodeRefused)}, 300 * time.Millisecond},
		{"the first fails", []dnsserver.Fault{dnsserver.Rcode(dns.RcodeServerFailure)}, 300 * time.Millisecond},
		{"the first knows nothing", []dnsserver.Fault{lame}, 300 * time.Millisecond},
		{"the first talks nonsense", []dnsserver.Fault{dnsserver.Garbage()}, 300 * time.Millisecond},
		{"the first is forged", []dnsserver.Fault{dnsserver.WrongID()}, 700 * time.Millisecond},
		{"the first is dead", []dnsserver.Fault{nil}, 300 * time.Millisecond},
		{"the first is dead, the second silent", []dnsserver.Fault{nil, dnsserver.Silence()}, 700 * time.Millisecond},
	} {
		t.Run(tc.what, func(t *testing.T) {
			t.Parallel()
			var servers []netip.AddrPort
			for _, fault := range tc.faults {
				if fault == nil {
					servers = append(servers, closedPort(t))
					continue
				}
				bad := serve(t)
				bad.Break("", 0, fault)
				servers = append(servers, bad.Addr())
			}
			good := serve(t)
			put(t, good, name, "10.0.0.1", "fd00::1")
			servers = append(servers, good.Addr())
			r := resolver(t, "search a.cluster.local b.cluster.local\noptions ndots:5", "", servers...)

			// Two domains of the search list say no before the name is found: only the first question waits for the bad servers.
			answer, err := r.Lookup(within(t, deadline), "web.cluster.local", Any)
			if err != nil || answer.Server != good.Addr() || len(answer.Addrs) != 2 || answer.Unanswered != 0 {
				t.Fatalf("got %+v, %v", answer, err)
			}
			if answer.Took > tc.atMost {
				t.Errorf("it took %v", answer.Took)
			}
			if want := 2 * (len(servers) + 2); len(answer.Tried) != want {
				t.Errorf("%d tries, want %d: %+v", len(answer.Tried), want, answer.Tried)
			}
		})
	}
}

func TestTheMostTellingFailureIsReported(t *testing.T) {
	silent, servFail, refuse := dnsserver.Silence(), dnsserver.Rcode(dns.RcodeServerFailure), dnsserver.Rcode(dns.RcodeRefused)
	for _, tc := range []struct {
		what   string
		faults []dnsserver.Fault // nil is a closed port
		want   Kind
		by     int
	}{
		{"dead, then silent", []dnsserver.Fault{nil, silent}, Timeout, 1},
		{"silent, then dead", []dnsserver.Fault{silent, nil}, Timeout, 0},
		{"silent, then nonsense", []dnsserver.Fault{silent, dnsserver.Garbage()}, Malformed, 1},
		{"forged, then refused, then dead", []dnsserver.Fault{dnsserver.WrongID(), refuse, nil}, Refused, 1},
		{"refused, then failed, then refused", []dnsserver.Fault{refuse, servFail, refuse}, ServFail, 1},
		{"two that fail", []dnsserver.Fault{servFail, servFail}, ServFail, 0},
	} {
		t.Run(tc.what, func(t *testing.T) {
			t.Parallel()
			var servers []netip.AddrPort
			for _, fault := range tc.faults {
				if fault == nil {
					servers = append(servers, closedPort(t))
					continue
				}
				s := serve(t)
				s.Break("", 0, fault)
				servers = append(servers, s.Addr())
			}
			_, err := resolver(t, "", "", servers...).Lookup(within(t, 300*time.Millisecond), "web.cluster.local.", Any)
			if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != tc.want || e.Server != servers[tc.by] {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAShortageIsMoreTellingThanAnyServer(t *testing.T) {
	for _, order := range [][]error{{syscall.EMFILE, nil}, {nil, syscall.EMFILE}} {
		var q question
		for _, err := range order {
			if err == nil {
				q.trouble(anyServer, ServFail, "SERVFAIL", nil)
			} else {
				q.trouble(anyServer, Unreachable, "", err)
			}
		}
		if q.kind != Unreachable || !shortage(q.err) || q.rcode != "" {
			t.Errorf("after %v: %s, %v", order, q.kind, q.err)
		}
	}
}

func TestServersAreAskedInRounds(t *testing.T) {
	a, b := serve(t), serve(t)
	a.Break("", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	b.Break("", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	order := func(answer Answer) (list []netip.AddrPort) {
		for _, try := range answer.Tried {
			list = append(list, try.Server)
		}
		return list
	}
	r := resolver(t, "options attempts:3", "", a.Addr(), b.Addr())
	answer, _ := r.Lookup(within(t, 5*time.Second), "x.cluster.local.", IPv4)
	if want := []netip.AddrPort{a.Addr(), b.Addr(), a.Addr(), b.Addr(), a.Addr(), b.Addr()}; !slices.Equal(order(answer), want) {
		t.Errorf("asked %v", order(answer))
	}
	r = resolver(t, "options attempts:1 rotate", "", a.Addr(), b.Addr())
	for _, want := range [][]netip.AddrPort{{a.Addr(), b.Addr()}, {b.Addr(), a.Addr()}, {a.Addr(), b.Addr()}} {
		if answer, _ := r.Lookup(within(t, 5*time.Second), "x.cluster.local.", IPv4); !slices.Equal(order(answer), want) {
			t.Errorf("with rotate, asked %v, want %v", order(answer), want)
		}
	}
}

func TestResolvConfsTimeoutHoldsWithoutADeadline(t *testing.T) {
	silent, good := serve(t), serve(t)
	silent.Break("", 0, dnsserver.Silence())
	put(t, good, "web.cluster.local.", "10.0.0.1")
	r := resolver(t, "options timeout:1", "", silent.Addr(), good.Addr())
	answer, err := r.Lookup(t.Context(), "web.cluster.local.", Any)
	if err != nil || answer.Took < 900*time.Millisecond || answer.Took > 3*time.Second || answer.Server != good.Addr() {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func TestOneFamilyIsEnough(t *testing.T) {
	const name, deadline = "web.cluster.local.", 5 * time.Second
	for _, tc := range []struct {
		what       string
		qtype      uint16 // that is broken
		fault      dnsserver.Fault
		addrs      []string
		unanswered Family
	}{
		{"AAAA is silent", dns.TypeAAAA, dnsserver.Silence(), []string{"10.0.0.1"}, IPv6},
		{"AAAA fails", dns.TypeAAAA, dnsserver.Rcode(dns.RcodeServerFailure), []string{"10.0.0.1"}, IPv6},
		{"AAAA is refused", dns.TypeAAAA, dnsserver.Rcode(dns.RcodeRefused), []string{"10.0.0.1"}, IPv6},
		{"AAAA is not implemented", dns.TypeAAAA, dnsserver.Rcode(dns.RcodeNotImplemented), []string{"10.0.0.1"}, IPv6},
		{"AAAA is garbage", dns.TypeAAAA, dnsserver.Garbage(), []string{"10.0.0.1"}, IPv6},
		{"AAAA is a loop", dns.TypeAAAA, dnsserver.Loop(), []string{"10.0.0.1"}, IPv6},
		{"AAAA is said not to exist", dns.TypeAAAA, dnsserver.Rcode(dns.RcodeNameError), []string{"10.0.0.1"}, 0},
		{"A is silent", dns.TypeA, dnsserver.Silence(), []string{"fd00::1"}, IPv4},
		{"A fails", dns.TypeA, dnsserver.Rcode(dns.RcodeServerFailure), []string{"fd00::1"}, IPv4},
		{"AAAA is a little late", dns.TypeAAAA, dnsserver.Delay(grace / 3), []string{"10.0.0.1", "fd00::1"}, 0},
		{"AAAA is truncated", dns.TypeAAAA, dnsserver.Truncate(), []string{"10.0.0.1", "fd00::1"}, 0},
		{"AAAA is truncated, then silent", dns.TypeAAAA, truncatedSilence, []string{"10.0.0.1"}, IPv6},
	} {
		t.Run(tc.what, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			put(t, s, name, "10.0.0.1", "fd00::1")
			s.Break("", tc.qtype, tc.fault)
			answer, err := resolver(t, "", "", s.Addr()).Lookup(within(t, deadline), name, Any)
			if err != nil || !slices.Equal(answer.Addrs, parseAddrs(tc.addrs...)) || answer.Unanswered != tc.unanswered {
				t.Errorf("got %+v, %v", answer, err)
			}
			if answer.Took > deadline/5 {
				t.Errorf("held up for %v", answer.Took)
			}
		})
	}
}

func TestANameThatIsNotThereIsNotHeldUpByASilentAAAA(t *testing.T) {
	s := serve(t)
	put(t, s, "web.ns.cluster.local.", "10.0.0.1")
	s.Break("", dns.TypeAAAA, dnsserver.Silence())
	r := resolver(t, "search a.cluster.local b.cluster.local ns.cluster.local\noptions ndots:5", "", s.Addr())
	answer, err := r.Lookup(within(t, 5*time.Second), "web", Any)
	if err != nil || answer.Name != "web.ns.cluster.local." || answer.Unanswered != IPv6 || answer.Took > time.Second {
		t.Errorf("got %+v, %v", answer, err)
	}
	// But an empty A answer says nothing of AAAA.
	put(t, s, "six.cluster.local.", "fd00::1")
	_, err = r.Lookup(within(t, 300*time.Millisecond), "six.cluster.local.", Any)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Timeout {
		t.Errorf("got %v", err)
	}
}

func TestAServerWithoutALocalAddressToAskItFromIsUnreachable(t *testing.T) {
	_, err := resolver(t, "", "", netip.MustParseAddrPort("[fe80::1%nowhere]:53")).Lookup(within(t, time.Second), "x.cluster.local.", Any)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Unreachable || shortage(err) {
		t.Errorf("got %v", err)
	}
}

func TestIPv6ServersAreAskedToo(t *testing.T) {
	s, err := dnsserver.Start("[::1]:0")
	if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Skip("no IPv6 on this machine's loopback")
	} else if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, "web.cluster.local.", "10.0.0.1")
	for _, conf := range []string{"", "options use-vc"} {
		answer, err := resolver(t, conf, "", s.Addr()).Lookup(within(t, 5*time.Second), "web.cluster.local.", Any)
		if err != nil || answer.Server != s.Addr() {
			t.Errorf("%q: %+v, %v", conf, answer, err)
		}
	}
}

func TestOptionsThatChangeTheQuestions(t *testing.T) {
	s := serve(t, ".")
	put(t, s, "web.cluster.local.", "10.0.0.1", "fd00::1")
	asked := func(conf, host string, family Family) (Answer, []dnsserver.Question, error) {
		s.Forget()
		answer, err := resolver(t, conf, "", s.Addr()).Lookup(within(t, 5*time.Second), host, family)
		return answer, s.Questions(), err
	}
	answer, questions, err := asked("options no-aaaa", "web.cluster.local.", Any)
	if err != nil || answer.Unanswered != 0 || len(questions) != 1 || questions[0].Type != "A" || !questions[0].EDNS {
		t.Errorf("no-aaaa: %+v, %v, asked %v", answer, err, questions)
	}
	_, questions, err = asked("options no-aaaa", "web.cluster.local.", IPv6)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != NoData || len(questions) != 0 {
		t.Errorf("no-aaaa and IPv6: %v, asked %v", err, questions)
	}
	answer, questions, err = asked("options use-vc", "web.cluster.local.", Any)
	if err != nil || len(answer.Addrs) != 2 || len(questions) != 2 || !questions[0].TCP || !questions[1].TCP {
		t.Errorf("use-vc: %+v, %v, asked %v", answer, err, questions)
	}
}
