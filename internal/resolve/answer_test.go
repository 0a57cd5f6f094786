package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"github.com/miekg/dns"
)

func TestAnAnswerSaysWhereItCameFrom(t *testing.T) {
	s := serve(t, "cluster.local.", "example.")
	put(t, s, "web.ns.svc.cluster.local.", "10.0.0.2", "10.0.0.1", "fd00::2", "fd00::1")
	put(t, s, "four.cluster.local.", "10.0.0.4")
	put(t, s, "end.example.", "10.0.0.9", "fd00::9")
	alias(t, s, "alias.cluster.local.", "web.ns.svc.cluster.local.")
	alias(t, s, "away.cluster.local.", "middle.example.")
	alias(t, s, "middle.example.", "end.example.")
	r := resolver(t, "search ns.svc.cluster.local cluster.local\noptions ndots:5", "10.1.1.1 Hosted alias2\nfd00::1:1 hosted\n", s.Addr())
	for _, tc := range []struct {
		host   string
		family Family
		want   Answer
		asked  []string
	}{
		{"web", Any, Answer{Name: "web.ns.svc.cluster.local.", Addrs: parseAddrs("10.0.0.2", "10.0.0.1", "fd00::2", "fd00::1"), TTL: 5 * time.Second},
			[]string{"web.ns.svc.cluster.local. A 2", "web.ns.svc.cluster.local. AAAA 2"}},
		{"WEB", IPv6, Answer{Name: "WEB.ns.svc.cluster.local.", Addrs: parseAddrs("fd00::2", "fd00::1"), TTL: 5 * time.Second},
			[]string{"WEB.ns.svc.cluster.local. AAAA 2"}},
		{"four", Any, Answer{Name: "four.cluster.local.", Addrs: parseAddrs("10.0.0.4"), TTL: 5 * time.Second},
			[]string{"four.ns.svc.cluster.local. A not_found", "four.ns.svc.cluster.local. AAAA not_found",
				"four.cluster.local. A 1", "four.cluster.local. AAAA no_data"}},
		{"alias.cluster.local.", IPv4, Answer{Name: "alias.cluster.local.", Canonical: "web.ns.svc.cluster.local.",
			Addrs: parseAddrs("10.0.0.2", "10.0.0.1"), TTL: 3 * time.Second}, []string{"alias.cluster.local. A 2"}},
		{"away.cluster.local.", Any, Answer{Name: "away.cluster.local.", Canonical: "end.example.",
			Addrs: parseAddrs("10.0.0.9", "fd00::9"), TTL: 3 * time.Second},
			[]string{"away.cluster.local. A no_data", "away.cluster.local. AAAA no_data", "middle.example. A 1", "middle.example. AAAA 1"}},
		{"hosted", Any, Answer{Source: FromHosts, Addrs: parseAddrs("10.1.1.1", "fd00::1:1")}, nil},
		{"HOSTED", IPv6, Answer{Source: FromHosts, Addrs: parseAddrs("fd00::1:1")}, nil},
	} {
		got, err := r.Lookup(within(t, 5*time.Second), tc.host, tc.family)
		if err != nil {
			t.Errorf("%s: %v", tc.host, err)
			continue
		}
		if tc.want.Source == "" {
			tc.want.Source, tc.want.Rcode, tc.want.Server = FromDNS, "NOERROR", s.Addr()
		}
		tc.want.Host = tc.host
		var asked []string
		for _, try := range got.Tried {
			came := string(try.Kind)
			if try.Addrs > 0 {
				came = fmt.Sprint(try.Kind, try.Addrs)
			}
			asked = append(asked, fmt.Sprintf("%s %s %s", try.Name, try.Type, came))
			if try.Server != s.Addr() || try.TCP || try.Took <= 0 || try.Took%time.Microsecond != 0 || try.Took > got.Took+time.Microsecond {
				t.Errorf("%s: %+v", tc.host, try)
			}
		}
		if !slices.Equal(asked, tc.asked) {
			t.Errorf("%s:\n  tried %q\n   want %q", tc.host, asked, tc.asked)
		}
		if got.Took < 0 || got.Took%time.Microsecond != 0 {
			t.Errorf("%s: took %v", tc.host, got.Took)
		}
		got.Tried, got.Took = nil, 0
		if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", tc.want); g != w {
			t.Errorf("%s:\n got %s\nwant %s", tc.host, g, w)
		}
	}
}

func TestOddButRightRepliesAreTaken(t *testing.T) {
	const name = "web.cluster.local."
	for _, tc := range []struct {
		what  string
		fault dnsserver.Fault
		tcp   bool
	}{
		{"truncated over UDP", dnsserver.Truncate(), true},
		{"no EDNS0", dnsserver.NoEDNS0(), false},
		{"NOTIMP to EDNS0", notImplemented, false},
		{"an error without the question", bareFormatError, false},
		{"a forged id first", dnsserver.Before(dnsserver.WrongID()), false},
		{"another question first", dnsserver.Before(dnsserver.WrongQuestion()), false},
		{"noise first", dnsserver.Before(dnsserver.Noise()), false},
		{"late, but in time", dnsserver.Delay(60 * time.Millisecond), false},
		{"the question in capitals", capitals, false},
		{"an extra record that does not parse", brokenExtra, false},
		{"addresses before their alias", backwards, false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			put(t, s, name, "10.0.0.1", "fd00::1")
			alias(t, s, "www.cluster.local.", name)
			s.Break("", 0, tc.fault)
			for _, host := range []string{name, "www.cluster.local."} {
				answer, err := resolver(t, "", "", s.Addr()).Lookup(within(t, 5*time.Second), host, Any)
				for try := 1; try < 5 && err == nil && answer.Unanswered != 0; try++ { // on a busy machine the second family may miss its grace
					answer, err = resolver(t, "", "", s.Addr()).Lookup(within(t, 5*time.Second), host, Any)
				}
				if err != nil || !slices.Equal(answer.Addrs, parseAddrs("10.0.0.1", "fd00::1")) || answer.Unanswered != 0 {
					t.Fatalf("%s: got %+v, %v", host, answer, err)
				}
				for _, try := range answer.Tried {
					if try.TCP != tc.tcp || try.Rcode != "NOERROR" || try.Addrs != 1 {
						t.Errorf("%s: tried %+v", host, try)
					}
				}
			}
		})
	}
}

func notImplemented(done <-chan struct{}, x dnsserver.Exchange) [][]byte {
	if x.Query.IsEdns0() != nil {
		return dnsserver.Rcode(dns.RcodeNotImplemented)(done, x)
	}
	return packed(x.Answer)
}

func bareFormatError(_ <-chan struct{}, x dnsserver.Exchange) [][]byte {
	if x.Query.IsEdns0() != nil {
		m := new(dns.Msg).SetRcode(x.Query, dns.RcodeFormatError)
		m.Question = nil
		return packed(m)
	}
	return packed(x.Answer)
}

func capitals(_ <-chan struct{}, x dnsserver.Exchange) [][]byte {
	packets := packed(x.Answer)
	for _, p := range packets {
		for i := 12; i < 12+len(x.Query.Question[0].Name); i++ {
			if 'a' <= p[i] && p[i] <= 'z' {
				p[i] -= 'a' - 'A'
			}
		}
	}
	return packets
}

func brokenExtra(_ <-chan struct{}, x dnsserver.Exchange) [][]byte {
	x.Answer.Extra = nil
	packets := packed(x.Answer)
	for i, p := range packets {
		p[11] = 1
		packets[i] = append(p, 0xc0)
	}
	return packets
}

func backwards(_ <-chan struct{}, x dnsserver.Exchange) [][]byte {
	slices.Reverse(x.Answer.Answer)
	return packed(x.Answer)
}

func packed(m *dns.Msg) [][]byte {
	packet, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{packet}
}

func TestALongAnswerComesWholeOverTCP(t *testing.T) {
	s := serve(t)
	var many []netip.Addr
	for i := range 2000 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	if err := s.Set("many.cluster.local.", 0, many...); err != nil {
		t.Fatal(err)
	}
	for _, conf := range []string{"", "options use-vc"} {
		answer, err := resolver(t, conf, "", s.Addr()).Lookup(within(t, 5*time.Second), "many.cluster.local.", Any)
		if err != nil || !slices.Equal(answer.Addrs, many[:maxAddrs]) || !answer.Tried[0].TCP || answer.TTL != 0 {
			t.Errorf("%q: got %d addresses, %+v, %v", conf, len(answer.Addrs), answer.Tried, err)
		}
	}
}

func TestAliasesAreFollowedToALimit(t *testing.T) {
	s := serve(t, "cluster.local.", "a.", "b.")
	zones := []string{"a.", "b."}
	for i := range 20 {
		alias(t, s, fmt.Sprintf("n%d.cluster.local.", i), fmt.Sprintf("n%d.cluster.local.", i+1)) // all in one answer
		alias(t, s, fmt.Sprintf("n%d.%s", i, zones[i%2]), fmt.Sprintf("n%d.%s", i+1, zones[(i+1)%2]))
	}
	put(t, s, "n20.cluster.local.", "10.0.0.1")
	put(t, s, "n20.a.", "10.0.0.1")
	r := resolver(t, "", "", s.Addr())
	for _, tc := range []struct {
		host  string
		right bool
		tried int
	}{
		{fmt.Sprintf("n%d.cluster.local.", 20-maxAliases), true, 1},
		{fmt.Sprintf("n%d.cluster.local.", 20-maxAliases-1), false, 1},
		{fmt.Sprintf("n%d.%s", 20-maxAliases, zones[(20-maxAliases)%2]), true, maxAliases + 1},
		{fmt.Sprintf("n%d.%s", 20-maxAliases-1, zones[(20-maxAliases-1)%2]), false, maxAliases + 1},
	} {
		answer, err := r.Lookup(within(t, 5*time.Second), tc.host, IPv4)
		if len(answer.Tried) != tc.tried || answer.Unanswered != 0 && tc.right {
			t.Errorf("%s took %d questions, want %d: %+v", tc.host, len(answer.Tried), tc.tried, answer)
		}
		if e := (*Error)(nil); tc.right != (err == nil) || !tc.right && (!errors.As(err, &e) || e.Kind != Malformed) {
			t.Errorf("%s: got %v, %v", tc.host, answer.Addrs, err)
		}
	}
}

func TestALookupTakesAsLongAsItsQuestion(t *testing.T) {
	s, err := dnsserver.Start("127.0.0.1:0", ".")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, "web.", "10.0.0.1")
	got, err := resolver(t, "", "", s.Addr()).Lookup(within(t, 5*time.Second), "web.", IPv4)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Tried) != 1 || got.Took != got.Tried[0].Took || got.Took <= 0 {
		t.Errorf("a lookup of %v, with the questions %+v", got.Took, got.Tried)
	}
}

func TestCancellingIsNoAnswerOfTheServers(t *testing.T) {
	s := serve(t)
	s.Break("", 0, dnsserver.Silence())
	for _, conf := range []string{"", "options use-vc"} {
		s.Forget()
		ctx, cancel := context.WithCancel(within(t, time.Minute))
		failed := make(chan error)
		go func() {
			_, err := resolver(t, conf, "", s.Addr()).Lookup(ctx, "web.cluster.local.", Any)
			failed <- err
		}()
		for len(s.Questions()) < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		select {
		case err := <-failed:
			if e := (*Error)(nil); !errors.Is(err, context.Canceled) || errors.As(err, &e) {
				t.Errorf("%q: got %v", conf, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q: it goes on after 10 s", conf)
		}
	}
	over, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	s.Forget()
	_, err := resolver(t, "", "", s.Addr()).Lookup(over, "web.cluster.local.", Any)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Timeout || len(s.Questions()) > 0 {
		t.Errorf("with a deadline that has passed: %v after %v", err, s.Questions())
	}
}

func TestLookupsAtOnceDoNotMix(t *testing.T) {
	s := serve(t)
	const names = 50
	for i := range names {
		put(t, s, fmt.Sprintf("n%d.cluster.local.", i), fmt.Sprintf("10.0.0.%d", i), fmt.Sprintf("fd00::%x", i))
	}
	r := resolver(t, "search nowhere.cluster.local cluster.local", "", s.Addr())
	var lookups sync.WaitGroup
	for i := range names {
		want := parseAddrs(fmt.Sprintf("10.0.0.%d", i), fmt.Sprintf("fd00::%x", i))
		lookups.Go(func() {
			for range 10 {
				answer, err := r.Lookup(within(t, 20*time.Second), fmt.Sprintf("n%d", i), Any)
				// On a busy machine the second family may miss its grace; what does come is its own.
				mine := slices.DeleteFunc(slices.Clone(want), func(a netip.Addr) bool {
					return a.Is4() && answer.Unanswered&IPv4 != 0 || a.Is6() && answer.Unanswered&IPv6 != 0
				})
				if err != nil || !slices.Equal(answer.Addrs, mine) || len(mine) == 0 || len(answer.Tried) != 4 {
					t.Errorf("n%d: got %+v, %v", i, answer, err)
				}
			}
		})
	}
	lookups.Wait()
}
