package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"github.com/miekg/dns"
)

// TestGosOwnResolverFindsTheSame compares fully qualified names only: Go's resolver takes its search list from this machine's
// resolv.conf. Within a namespace of its own it is compared with a search list too, see TestGetentFindsTheSame.
func TestGosOwnResolverFindsTheSame(t *testing.T) {
	s := serve(t, "cluster.local.")
	populate(t, s, "cluster.local.")
	ours := resolver(t, "options attempts:1", "", s.Addr())
	gos := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.Addr().String())
	}}
	for _, name := range []string{"web", "WEB", "four", "six", "empty", "alias", "chain", "dangling", "nobody", "ns", "x.ns", "many", "under_score", "-dash"} {
		host := name + ".cluster.local."
		for network, family := range map[string]Family{"ip": Any, "ip4": IPv4, "ip6": IPv6} {
			compareWithGo(t, gos, ours, host, network, family)
		}
	}
	for what, fault := range map[string]dnsserver.Fault{
		"SERVFAIL": dnsserver.Rcode(dns.RcodeServerFailure), "truncated": dnsserver.Truncate(), "forged": dnsserver.Before(dnsserver.WrongID()),
		"garbage": dnsserver.Garbage(), "refused": dnsserver.Rcode(dns.RcodeRefused),
	} {
		t.Log(what)
		s.Break("", 0, fault)
		compareWithGo(t, gos, ours, "web.cluster.local.", "ip", Any)
	}
}

// populate fills a zone with names of all shapes.
func populate(t testing.TB, s *dnsserver.Server, zone string) {
	t.Helper()
	put(t, s, "web."+zone, "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2")
	put(t, s, "four."+zone, "10.0.0.4")
	put(t, s, "six."+zone, "fd00::6")
	put(t, s, "empty."+zone)
	put(t, s, "x.ns."+zone, "10.0.0.5")
	put(t, s, "under_score."+zone, "10.0.0.6")
	put(t, s, "-dash."+zone, "10.0.0.7")
	var many []netip.Addr
	for i := range 60 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), netip.AddrFrom16([16]byte{0: 0xfd, 15: byte(i)}))
	}
	if err := s.Set("many."+zone, 0, many...); err != nil {
		t.Fatal(err)
	}
	alias(t, s, "alias."+zone, "web."+zone)
	alias(t, s, "chain."+zone, "alias."+zone)
	alias(t, s, "dangling."+zone, "nobody."+zone)
}

// compareWithGo compares addresses as sets, since Go sorts them, and whether a failure is a "no such host".
func compareWithGo(t *testing.T, gos *net.Resolver, ours *Resolver, host, network string, family Family) {
	t.Helper()
	ctx := within(t, 5*time.Second)
	want, goErr := gos.LookupNetIP(ctx, network, host)
	answer, err := ours.Lookup(ctx, host, family)
	if !slices.Equal(sorted(answer.Addrs), sorted(want)) {
		t.Errorf("%s %s: got %v, %v; Go has %v, %v", network, host, answer.Addrs, err, want, goErr)
	}
	var dnsErr *net.DNSError
	if errors.As(goErr, &dnsErr) {
		e := new(Error)
		if errors.As(err, &e); (e.Kind == NotFound || e.Kind == NoData) != dnsErr.IsNotFound {
			t.Errorf("%s %s: got %v; Go has %v", network, host, err, goErr)
		}
	}
}

func sorted(addrs []netip.Addr) []netip.Addr {
	out := make([]netip.Addr, 0, len(addrs))
	for _, a := range addrs {
		out = append(out, a.Unmap())
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}
