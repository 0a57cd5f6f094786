package walk

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"callbyname/internal/dnsserver"
)

var update = flag.Bool("update", false, "rewrite testdata/usage.txt")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = Run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	status, got, stderr := run(t, "--help")
	golden := filepath.Join("testdata", "usage.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) || status != exitOK || stderr != "" {
		t.Errorf("got %d, %s:\n%s\nwant (go test ./internal/walk -update, if that is right):\n%s", status, stderr, got, want)
	}
}

// settled is a text with one blank for many, "T" for every duration of a try, and "DNS" for the server.
func settled(text string, server netip.AddrPort) string {
	text = strings.ReplaceAll(text, server.String(), "DNS")
	text = regexp.MustCompile(`(?m)(in |  )[0-9.]+(µs|ms|s|m)+$`).ReplaceAllString(text, "${1}T")
	return regexp.MustCompile(` +`).ReplaceAllString(text, " ")
}

func TestEveryTryIsShownAndWhatCameOfIt(t *testing.T) {
	s, err := dnsserver.Start("127.0.0.1:0", ".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	set := func(name string, addrs ...string) {
		var list []netip.Addr
		for _, a := range addrs {
			list = append(list, netip.MustParseAddr(a))
		}
		if err := s.Set(name, 30*time.Second, list...); err != nil {
			t.Fatal(err)
		}
	}
	set("apache.localcluster.", "10.96.0.7", "fd00::7")
	set("empty.localcluster.")
	set("long.localcluster.", "10.96.0.8")
	if err := s.CNAME("alias.localcluster.", 5*time.Second, "apache.localcluster."); err != nil {
		t.Fatal(err)
	}
	s.Break("long.localcluster.", dns.TypeA, dnsserver.Truncate())
	s.Break("failing.localcluster.", 0, dnsserver.Rcode(dns.RcodeServerFailure))
	s.Break("silent.localcluster.", 0, dnsserver.Silence())
	const head = "NAME TYPE SERVER RESULT ADDRESSES TIME\n"
	for _, test := range []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{[]string{"-4", "apache.localcluster."}, exitOK, head + "apache.localcluster. A DNS NOERROR 1 T\n" +
			"\napache.localcluster. is apache.localcluster.: by DNS, TTL 30s, in T\n 10.96.0.7\n", ""},
		{[]string{"apache.localcluster."}, exitOK, head + "apache.localcluster. A DNS NOERROR 1 T\napache.localcluster. AAAA DNS NOERROR 1 T\n" +
			"\napache.localcluster. is apache.localcluster.: by DNS, TTL 30s, in T\n 10.96.0.7\n fd00::7\n", ""},
		{[]string{"-6", "alias.localcluster."}, exitOK, head + "alias.localcluster. AAAA DNS NOERROR 1 T\n" +
			"\nalias.localcluster. is alias.localcluster., an alias of apache.localcluster.: by DNS, TTL 5s, in T\n fd00::7\n", ""},
		{[]string{"-4", "long.localcluster."}, exitOK, head + "long.localcluster. A DNS (TCP) NOERROR 1 T\n" +
			"\nlong.localcluster. is long.localcluster.: by DNS, TTL 30s, in T\n 10.96.0.8\n", ""},
		{[]string{"-4", "gone.localcluster."}, exitNone, head + "gone.localcluster. A DNS NXDOMAIN 0 T\n",
			"prober resolve: looking up \"gone.localcluster.\": no such name (NXDOMAIN), DNS server DNS\n"},
		{[]string{"-4", "empty.localcluster."}, exitNone, head + "empty.localcluster. A DNS NOERROR 0 T\n",
			"prober resolve: looking up \"empty.localcluster.\": the name has no such address, DNS server DNS\n"},
		{[]string{"127.0.0.1"}, exitOK, "127.0.0.1 is an address itself\n 127.0.0.1\n", ""},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			status, stdout, stderr := run(t, append([]string{"--nameserver", s.Addr().String()}, test.args...)...)
			if status != test.status || settled(stdout, s.Addr()) != test.stdout || settled(stderr, s.Addr()) != test.stderr {
				t.Errorf("got %d\n%s\n%s\nwant %d\n%s\n%s", status, settled(stdout, s.Addr()), settled(stderr, s.Addr()),
					test.status, test.stdout, test.stderr)
			}
		})
	}
	for name, want := range map[string]string{"failing.localcluster.": " SERVFAIL 0 ", "silent.localcluster.": " timeout 0 "} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := run(t, "--nameserver", s.Addr().String(), "--timeout=200ms", "-4", name)
			if status != exitNone || !strings.Contains(settled(stdout, s.Addr()), "DNS"+want) || stderr == "" {
				t.Errorf("%d\n%s\n%s", status, stdout, stderr)
			}
		})
	}
}

func TestBadArgumentsAreOneLine(t *testing.T) {
	const more = "; prober resolve --help shows what there is\n"
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "0 names given, and one is wanted"},
		{[]string{"a", "b"}, "2 names given, and one is wanted"},
		{[]string{"-4", "-6", "a"}, "-4 and -6 exclude each other; without them both kinds of addresses are asked for"},
		{[]string{"--timeout", "0", "a"}, "--timeout 0s: it must be greater than zero"},
		{[]string{"--nameserver", "ns1", "a"}, `--nameserver "ns1" is not an IP address; write it like 10.96.0.10 or [fd00::a]:53`},
		{[]string{"--nameserver", "[::1]:0", "a"}, `--nameserver "[::1]:0" has no valid port; a port is a number from 1 to 65535`},
		{[]string{"--no-such", "a"}, "unknown flag: --no-such"},
	} {
		status, stdout, stderr := run(t, test.args...)
		if want := fmt.Sprintf("prober resolve: %s%s", test.want, more); status != exitUsage || stdout != "" || stderr != want {
			t.Errorf("%q: got %d, %q, %q, want %q", test.args, status, stdout, stderr, want)
		}
	}
}
