package resolve

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"callbyname/internal/dnsserver"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a DNS server for the zones that ends with the test.
func serve(t testing.TB, zones ...string) *dnsserver.Server {
	t.Helper()
	s, err := dnsserver.Start("127.0.0.1:0", zones...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// put sets a name's addresses, with a TTL of 5 s.
func put(t testing.TB, s *dnsserver.Server, name string, addrs ...string) {
	t.Helper()
	if err := s.Set(name, 5*time.Second, parseAddrs(addrs...)...); err != nil {
		t.Fatal(err)
	}
}

func parseAddrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

// resolver makes a resolver with files of its own that asks the servers.
func resolver(t testing.TB, resolvConf, hostsFile string, servers ...netip.AddrPort) *Resolver {
	t.Helper()
	dir := t.TempDir()
	options := Options{HostsFile: filepath.Join(dir, "hosts"), ResolvConf: filepath.Join(dir, "resolv.conf"), Nameservers: servers}
	write(t, options.HostsFile, hostsFile)
	write(t, options.ResolvConf, resolvConf)
	r, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// within is a context with a deadline that ends with the test.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
