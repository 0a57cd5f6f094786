package resolve

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"github.com/miekg/dns"
)

func TestTheSearchListIsWalkedAsGlibcWalksIt(t *testing.T) {
	s := serve(t, ".")
	put(t, s, "apache.localcluster.svc.cluster.local.", "10.96.0.7")
	put(t, s, "kernel.org.", "192.0.2.1")
	put(t, s, "top.", "192.0.2.2")
	put(t, s, "both.svc.cluster.local.")
	put(t, s, "both.cluster.local.", "10.0.0.1")
	put(t, s, "empty.svc.cluster.local.")
	put(t, s, "dotted.name.", "192.0.2.3")
	s.Break("sick.localcluster.svc.cluster.local", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	put(t, s, "sick.cluster.local.", "10.0.0.2")
	s.Break("ill.svc.cluster.local", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	s.Break("no.svc.cluster.local", 0, dnsserver.Rcode(dns.RcodeRefused))
	put(t, s, "no.cluster.local.", "10.0.0.3")
	s.Break("no.dots", 0, dnsserver.Rcode(dns.RcodeRefused))
	put(t, s, "no.dots.localcluster.svc.cluster.local.", "10.0.0.4")
	s.Break("mad.localcluster.svc.cluster.local", 0, dnsserver.Garbage())
	s.Break("unwilling", 0, dnsserver.Rcode(dns.RcodeRefused))

	const (
		cluster = "search localcluster.svc.cluster.local svc.cluster.local cluster.local\noptions attempts:1 ndots:5"
		host    = "search localcluster.svc.cluster.local cluster.local\noptions attempts:1"
	)
	for _, tc := range []struct {
		what, conf, host string
		asked            string // the names in order; "+" before the one that has addresses
		kind             Kind
	}{
		{"a service in its own namespace", cluster, "apache", "+apache.localcluster.svc.cluster.local.", ""},
		{"a service by namespace", cluster, "apache.localcluster",
			"apache.localcluster.localcluster.svc.cluster.local. +apache.localcluster.svc.cluster.local.", ""},
		{"with all domains but the last dot", cluster, "apache.localcluster.svc.cluster.local",
			"apache.localcluster.svc.cluster.local.localcluster.svc.cluster.local. apache.localcluster.svc.cluster.local.svc.cluster.local." +
				" apache.localcluster.svc.cluster.local.cluster.local. +apache.localcluster.svc.cluster.local.", ""},
		{"with the last dot", cluster, "apache.localcluster.svc.cluster.local.", "+apache.localcluster.svc.cluster.local.", ""},
		{"with the last dot, and nothing there", cluster, "apache.", "apache.", NotFound},
		{"dots at ndots", "search cluster.local\noptions ndots:1", "kernel.org", "+kernel.org.", ""},
		{"dots over ndots, found in the list", "search localcluster.svc.cluster.local\noptions ndots:1", "no.dots",
			"no.dots. no.dots. +no.dots.localcluster.svc.cluster.local.", ""},
		{"ndots 0 asks for a bare name as it is", "search cluster.local\noptions ndots:0", "top", "+top.", ""},
		{"a bare name goes through the list first", "search cluster.local", "top", "top.cluster.local. +top.", ""},
		{"a bare name that is nowhere", host, "nobody", "nobody.localcluster.svc.cluster.local. nobody.cluster.local. nobody.", NotFound},
		{"no search list", "", "top", "+top.", ""},
		{"no-tld-query without a list", "options no-tld-query", "top", "+top.", ""},
		{"no-tld-query", "search cluster.local\noptions no-tld-query", "top", "top.cluster.local.", NotFound},
		{"no-tld-query spares dotted names", "search cluster.local\noptions no-tld-query ndots:3", "dotted.name", "dotted.name.cluster.local. +dotted.name.", ""},
		{"the root in the list is the name as it is", "search cluster.local . svc.cluster.local", "top", "top.cluster.local. +top.", ""},
		{"... and is not asked twice", "search . cluster.local", "nobody", "nobody. nobody.cluster.local.", NotFound},
		{"an empty answer does not end the walk", cluster, "both",
			"both.localcluster.svc.cluster.local. both.svc.cluster.local. +both.cluster.local.", ""},
		{"an empty answer is what is remembered", cluster, "empty",
			"empty.localcluster.svc.cluster.local. empty.svc.cluster.local. empty.cluster.local. empty.", NoData},
		{"but not over the first try as it is", "search svc.cluster.local\noptions ndots:0", "empty", "empty. empty.svc.cluster.local.", NotFound},
		{"SERVFAIL does not end the walk", cluster, "sick",
			"sick.localcluster.svc.cluster.local. sick.svc.cluster.local. +sick.cluster.local.", ""},
		{"SERVFAIL is remembered over NXDOMAIN", cluster, "ill",
			"ill.localcluster.svc.cluster.local. ill.svc.cluster.local. ill.cluster.local. ill.", ServFail},
		{"REFUSED ends the list, and the name is tried as it is", cluster, "no",
			"no.localcluster.svc.cluster.local. no.svc.cluster.local. no.", NotFound},
		{"so does nonsense", cluster, "mad", "mad.localcluster.svc.cluster.local. mad.", NotFound},
		{"the last word is that of the name as it is", host, "unwilling",
			"unwilling.localcluster.svc.cluster.local. unwilling.cluster.local. unwilling.", Refused},
		{"a name too long for a domain ends the list", cluster, long, long + ".", NotFound},
	} {
		t.Run(tc.what, func(t *testing.T) {
			if strings.HasPrefix(tc.what, "dots over") {
				tc.conf += " attempts:2" // twice refused
			}
			answer, err := resolver(t, tc.conf, "", s.Addr()).Lookup(within(t, 5*time.Second), tc.host, IPv4)
			var asked []string
			for _, try := range answer.Tried {
				mark := ""
				if try.Addrs > 0 {
					mark = "+"
				}
				asked = append(asked, mark+try.Name)
			}
			if got := strings.Join(asked, " "); got != tc.asked {
				t.Errorf("asked\n %s, want\n %s", got, tc.asked)
			}
			e := new(Error)
			if errors.As(err, &e); e.Kind != tc.kind || (err != nil) != (tc.kind != "") {
				t.Errorf("got %v, want %q", err, tc.kind)
			}
			if err == nil && (!slices.Contains(asked, "+"+answer.Name)) {
				t.Errorf("the answer's name is %q", answer.Name)
			}
		})
	}
}

// long is a name with room for a domain of 20 characters at most.
var long = strings.Repeat(strings.Repeat("x", 57)+".", 4)[:231]

func TestTheWalkEndsWhereNoServerCanBeReached(t *testing.T) {
	r := resolver(t, "search a.local b.local\noptions attempts:1", "", closedPort(t))
	answer, err := r.Lookup(within(t, 5*time.Second), "web", IPv4)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Unreachable || len(answer.Tried) != 1 {
		t.Errorf("got %v after %+v", err, answer.Tried)
	}
}

func TestAWalkThatTheDeadlineCutsShortIsATimeout(t *testing.T) {
	s := serve(t, ".")
	s.Break("web.b.local", 0, dnsserver.Silence())
	put(t, s, "web.a.local.")
	_, err := resolver(t, "search a.local b.local c.local\noptions ndots:2", "", s.Addr()).Lookup(within(t, 200*time.Millisecond), "web", Any)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Timeout {
		t.Errorf("got %v", err)
	}
}

func TestOnly64TriesAreListed(t *testing.T) {
	s := serve(t, ".")
	s.Break("", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	r := resolver(t, "search"+strings.Repeat(" a", 40)+"\noptions attempts:2", "", s.Addr())
	answer, _ := r.Lookup(within(t, 10*time.Second), "web", Any)
	if len(answer.Tried) != maxTried || len(s.Questions()) != 2*2*(maxSearch+1) {
		t.Errorf("%d tries listed of %d", len(answer.Tried), len(s.Questions()))
	}
}
