package resolve

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func servers(list ...string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range list {
		out = append(out, netip.AddrPortFrom(netip.MustParseAddr(s), 53))
	}
	return out
}

func TestResolvConfIsReadAsGlibcReadsIt(t *testing.T) {
	local := servers("127.0.0.1")
	const hostname = "pod-1"
	for _, tc := range []struct {
		what, text, hostname string
		want                 config
	}{
		{"a pod's", "search localcluster.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n", hostname,
			config{servers: servers("10.96.0.10"), search: []string{"localcluster.svc.cluster.local", "svc.cluster.local", "cluster.local"}, ndots: 5}},
		{"empty", "", hostname, config{servers: local, ndots: 1}},
		{"empty, on a host with a domain", "", "node.example.com", config{servers: local, search: []string{"example.com"}, ndots: 1}},
		{"its own list wins over the host's domain", "search a\n", "node.example.com", config{servers: local, search: []string{"a"}, ndots: 1}},
		{"three nameservers at most", "nameserver 10.0.0.1\nnameserver ::1\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n", hostname,
			config{servers: servers("10.0.0.1", "::1", "10.0.0.3"), ndots: 1}},
		{"a bad nameserver does not take a place", "nameserver ten\nnameserver 10.0.0.300\nnameserver\nnameserver 10.0.0.1 # mine\n", hostname,
			config{servers: servers("10.0.0.1"), ndots: 1}},
		{"a zone", "nameserver fe80::1%eth0\n", hostname, config{servers: servers("fe80::1%eth0"), ndots: 1}},
		{"comments", "# nameserver 10.0.0.1\n; nameserver 10.0.0.2\n#search a\n", hostname, config{servers: local, ndots: 1}},
		{"a keyword stands at the start, before a blank", " nameserver 10.0.0.1\nnameserver10.0.0.2\nNAMESERVER 10.0.0.3\n", hostname,
			config{servers: local, ndots: 1}},
		{"tabs", "nameserver\t10.0.0.1\nsearch\ta \t b\t\noptions\tndots:2\ttimeout:3", hostname,
			config{servers: servers("10.0.0.1"), search: []string{"a", "b"}, ndots: 2, timeout: 3 * time.Second}},
		{"the last search or domain wins", "search a b\ndomain c d\n", hostname, config{servers: local, search: []string{"c"}, ndots: 1}},
		{"and so the other way round", "domain c\nsearch a b\nsearch \n", hostname, config{servers: local, search: []string{"a", "b"}, ndots: 1}},
		{"dots around domains", "search .a. b. .\n", hostname, config{servers: local, search: []string{"a", "b", ""}, ndots: 1}},
		{"limits", "options ndots:16 timeout:31 attempts:6\n", hostname, config{servers: local, ndots: 15, timeout: 30 * time.Second, attempts: 5}},
		{"huge numbers", "options ndots:99999999999999999999 timeout:99999999999999999999 attempts:99999999999999999999\n", hostname,
			config{servers: local, ndots: 15, timeout: 30 * time.Second, attempts: 5}},
		{"zeros", "options ndots:0 timeout:0 attempts:0\n", hostname, config{servers: local, timeout: time.Second, attempts: 1}},
		{"no numbers", "options ndots: timeout:x attempts:-3\n", hostname, config{servers: local, timeout: time.Second, attempts: 1}},
		{"numbers with something behind", "options ndots:3x\n", hostname, config{servers: local, ndots: 3}},
		{"options add up", "options rotate\noptions no-aaaa use-vc no-tld-query edns0 trust-ad nonsense\n", hostname,
			config{servers: local, ndots: 1, rotate: true, noAAAA: true, tcp: true, noTLD: true}},
		{"the other spelling", "options no_tld_query", hostname, config{servers: local, ndots: 1, noTLD: true}},
		{"lines end as in DOS", "nameserver 10.0.0.1\r\noptions ndots:5\r\n", hostname, config{servers: servers("10.0.0.1"), ndots: 5}},
		{"what is not printable is escaped", "search a\x1bb\xff\n", hostname, config{servers: local, search: []string{`a\027b\255`}, ndots: 1}},
	} {
		if tc.want.timeout == 0 {
			tc.want.timeout = 5 * time.Second
		}
		if tc.want.attempts == 0 {
			tc.want.attempts = 2
		}
		if got, want := fmt.Sprintf("%+v", parseConfig(tc.text, tc.hostname)), fmt.Sprintf("%+v", tc.want); got != want {
			t.Errorf("%s:\n got %s\nwant %s", tc.what, got, want)
		}
	}
}

func FuzzResolvConf(f *testing.F) {
	f.Add("nameserver 10.96.0.10\nsearch a.svc.cluster.local svc.cluster.local\noptions ndots:5 timeout:1 attempts:2 rotate\n", "pod.example")
	f.Add("domain .\nnameserver fe80::1%\x1b[31m\noptions ndots:-1 attempts:00000000000009\r\n#", "")
	f.Add("search a\\b \\300 \x00\noptions\n", "...")
	f.Fuzz(func(t *testing.T, text, hostname string) {
		c := parseConfig(text, hostname)
		if len(c.servers) < 1 || len(c.servers) > maxServers || len(c.search) > maxSearch || c.ndots < 0 || c.ndots > maxNdots ||
			c.timeout < time.Second || c.timeout > maxTimeout*time.Second || c.attempts < 1 || c.attempts > maxAttempts {
			t.Fatalf("out of bounds: %+v", c)
		}
		for _, domain := range c.search {
			name := join("web", domain)
			if !isPrintable(name) {
				t.Errorf("the name %q is not printable", name)
			}
			if !isQualified(name) {
				continue
			}
			var q question
			q.start(name, IPv4)
			if err := q.pack(); err != nil {
				t.Errorf("%q passes for a name and does not pack: %v", name, err)
			} else if _, _, err := dns.UnpackDomainName(q.query, 12); err != nil {
				t.Errorf("%q does not unpack: %v", name, err)
			}
		}
	})
}

func isPrintable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}
