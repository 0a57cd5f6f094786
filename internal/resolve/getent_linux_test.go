package resolve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"github.com/miekg/dns"
)

// TestGetentFindsTheSame asks glibc's own resolver, by getent, and Go's the same names with the same files and the same
// DNS server, and compares the addresses; with glibc also the names that were asked for, in order. getent takes its
// servers from /etc/resolv.conf and asks port 53, so each resolv.conf has a network and mount namespace with a copy of this test.
func TestGetentFindsTheSame(t *testing.T) {
	if etc := os.Getenv(insideEnv); etc != "" {
		compareInside(t, etc)
		return
	}
	if _, err := exec.LookPath("getent"); err != nil {
		t.Skip("needs getent")
	}
	for what, conf := range map[string]string{
		"a pod's":                 "search localcluster.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n",
		"ndots 1":                 "search svc.cluster.local cluster.local\nnameserver 127.0.0.1\n",
		"ndots 0, and the root":   "search cluster.local .\nnameserver 127.0.0.1\noptions ndots:0 attempts:1\n",
		"a domain":                "search nowhere.local\ndomain cluster.local\nnameserver 127.0.0.1\n",
		"no-tld-query":            "search svc.cluster.local\nnameserver 127.0.0.1\noptions no-tld-query ndots:2\n",
		"over TCP":                "search cluster.local\nnameserver 127.0.0.1\noptions use-vc ndots:2\n",
		"lines that mean nothing": " nameserver 127.0.0.9\nnameserver nobody\nnameserver 127.0.0.1\n#search a\noptions ndots:x attempts:9 ndots:3\nsearch\nsearch cluster.local. .svc.cluster.local\n",
		"a dead server first":     "search svc.cluster.local cluster.local\nnameserver 127.0.0.9\nnameserver 127.0.0.1\noptions ndots:3\n",
		"no nameserver":           "search cluster.local\n",
	} {
		t.Run(what, func(t *testing.T) {
			etc := t.TempDir()
			write(t, filepath.Join(etc, "resolv.conf"), conf)
			write(t, filepath.Join(etc, "hosts"), hostsFile)
			write(t, filepath.Join(etc, "nsswitch.conf"), "hosts: files dns\n")
			write(t, filepath.Join(etc, "host.conf"), "multi on\n")
			inNamespaces(t, etc)
		})
	}
}

const hostsFile = `127.0.0.1 localhost
::1 localhost ip6-localhost
10.1.1.1 hosted Hosted.Example alias1 # comment
10.1.1.2 hosted
fd00:1::1 hosted
10.1.1.3 web.localcluster.svc.cluster.local
bogus hosted2
::ffff:10.1.1.4 mapped
`

// compareInside runs in the namespaces.
func compareInside(t *testing.T, etc string) {
	mountEtc(t, etc)
	loopbackUp(t)
	s, err := dnsserver.Start("127.0.0.1:53", ".")
	must(t, "starting the server", err)
	defer s.Close()
	for _, zone := range []string{"localcluster.svc.cluster.local.", "cluster.local.", "example."} {
		populate(t, s, zone)
	}
	put(t, s, "deep.svc.cluster.local.", "10.0.2.1")
	put(t, s, "later.svc.cluster.local.") // NODATA here, found in the next
	put(t, s, "later.cluster.local.", "10.0.2.2")
	put(t, s, "halves.svc.cluster.local.", "fd00:2::1")
	put(t, s, "halves.cluster.local.", "10.0.2.3")
	put(t, s, "top.", "10.0.2.4", "fd00:2::2")
	s.Break("sick.svc.cluster.local.", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	put(t, s, "sick.cluster.local.", "10.0.2.5")
	s.Break("no.svc.cluster.local.", 0, dnsserver.Rcode(dns.RcodeRefused))
	put(t, s, "no.cluster.local.", "10.0.2.6")
	s.Break("six.cluster.local.", dns.TypeA, dnsserver.Rcode(dns.RcodeServerFailure))
	s.Break("four.cluster.local.", dns.TypeAAAA, dnsserver.Rcode(dns.RcodeServerFailure))
	s.Break("cut.cluster.local.", 0, dnsserver.Truncate())
	put(t, s, "cut.cluster.local.", "10.0.2.7", "fd00:2::7")

	conf, err := os.ReadFile("/etc/resolv.conf")
	must(t, "reading resolv.conf", err)
	ours, err := New(Options{})
	must(t, "making the resolver", err)
	gos := &net.Resolver{PreferGo: true}
	names := []string{
		"web", "WEB", "four", "six", "empty", "alias", "chain", "dangling", "nobody", "ns", "x.ns", "many", "under_score", "-dash", "cut",
		"web.localcluster", "deep", "later", "halves", "top", "top.", "sick", "no",
		"web.svc", "web.example", "web.example.", "web.cluster.local", "web.cluster.local.", "nobody.cluster.local", "nobody.cluster.local.",
		"web.localcluster.svc.cluster.local", "web.localcluster.svc.cluster.local.", "a.b.c.d.e.f.nowhere", "x.ns.example", "alias.example.", "ALIAS.Example",
		"localhost", "ip6-localhost", "hosted", "HOSTED.example", "hosted.example.", "alias1", "hosted2", "mapped",
		"10.0.0.1", "fd00::1", "a..b", ".web", strings.Repeat("x", 64), strings.Repeat("x", 63), long,
	}
	for _, host := range names {
		for database, family := range map[string]Family{"ahosts": Any, "ahostsv4": IPv4, "ahostsv6": IPv6} {
			if glibcMaps(host, family) || family != Any && !strings.Contains(string(conf), "ndots:5") {
				continue
			}
			s.Forget()
			theirs := getent(t, database, host, family)
			theirWalk := walked(s, host, family)
			s.Forget()
			answer, err := ours.Lookup(within(t, 10*time.Second), host, family)
			if got := sorted(answer.Addrs); !slices.Equal(got, theirs) {
				t.Errorf("%s %q: got %v, %v; getent has %v", database, host, got, err, theirs)
			}
			// getent asks again when an answer is longer than its buffer, for one family alone it asks before it finds that
			// it does not like the dash, and it does not wait for the other reply when one is truncated.
			if walk := walked(s, host, family); walk != theirWalk && !slices.Contains([]string{"many", "-dash", "cut"}, host) {
				t.Errorf("%s %q: asked for\n  %s; getent asked for\n  %s", database, host, walk, theirWalk)
			}
		}
		if !goDiffers(string(conf), host) {
			compareWithGo(t, gos, ours, host, "ip", Any)
		}
	}
}

// glibcMaps reports whether getaddrinfo turns addresses of the other family into the one that was asked for: IPv4 from
// literals and the hosts file into IPv6 (AI_V4MAPPED, which getent sets), and the hosts file's ::1 into 127.0.0.1.
func glibcMaps(host string, family Family) bool {
	switch host {
	case "web.localcluster.svc.cluster.local", "HOSTED.example", "alias1", "mapped", "10.0.0.1":
		return family == IPv6
	case "ip6-localhost", "fd00::1":
		return family == IPv4
	}
	return false
}

// goDiffers reports whether Go's resolver is known to treat a name unlike glibc: it knows neither no-tld-query nor a domain with
// a dot before it, goes on with the search list after REFUSED, remembers the last failure, and finds names in the hosts
// file in spite of a last dot.
func goDiffers(conf, host string) bool {
	return strings.Contains(conf, "no-tld-query") || strings.Contains(conf, " .svc") ||
		slices.Contains([]string{"no", "sick", "web.localcluster.svc.cluster.local.", "hosted.example."}, host)
}

// getent asks one of getent's databases; nil when it finds nothing.
func getent(t *testing.T, database, host string, family Family) []netip.Addr {
	t.Helper()
	out, err := exec.Command("getent", database, "--", host).Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2) { // 2: not found
		t.Fatalf("getent %s %q: %v", database, host, err)
	}
	var addrs []netip.Addr
	for line := range strings.Lines(string(out)) {
		addr, err := netip.ParseAddr(strings.Fields(line)[0])
		must(t, "reading getent's answer", err)
		if !addr.Is4In6() || family&IPv4 != 0 { // or it is one that IPv6 was not asked for
			addrs = append(addrs, addr)
		}
	}
	return sorted(addrs)
}

// walked are the names that the server was asked for, in order, each as often as it was. A and AAAA, which arrive in any order,
// stand apart, and so do UDP and TCP; getent asks for A, to map it into IPv6, when IPv6 alone was asked for.
func walked(s *dnsserver.Server, host string, family Family) string {
	by := make(map[string][]string)
	for _, q := range s.Questions() {
		name := lower(q.Name)
		late := !strings.HasPrefix(name, lower(strings.TrimSuffix(host, ".")+".")) // of the host before
		if late || q.Type == "A" && family&IPv4 == 0 {
			continue
		}
		kind := q.Type + " over UDP"
		if q.TCP {
			kind = q.Type + " over TCP"
		}
		by[kind] = append(by[kind], name)
	}
	return fmt.Sprint(by)
}
