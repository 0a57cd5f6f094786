package curl

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbyname/internal/dnsserver"
	"callbyname/internal/echo"
	"callbyname/internal/identity"
)

var update = flag.Bool("update", false, "rewrite testdata/usage.txt")

func TestUsage(t *testing.T) {
	got := ours(t, "", "--help")
	golden := filepath.Join("testdata", "usage.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.stdout), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.stdout != string(want) || got.status != 0 || got.stderr != "" {
		t.Errorf("got %d, %s:\n%s\nwant (go test ./internal/curl -update, if that is right):\n%s", got.status, got.stderr, got.stdout, want)
	}
}

func TestUnknownFlagsSayWhereTheKnownOnesAre(t *testing.T) {
	got := ours(t, "", "--compressed", "http://127.0.0.1:1")
	want := said{exitUsage, "", "curl: option --compressed: is unknown\n" +
		"curl: try 'curl --help' for what this curl, a part of prober, supports\n"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// pod is an httpd of ours, which says who it is.
func pod(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := echo.New(echo.Options{Identity: identity.Identity{
		Name: "pod-httpd", UID: "u-1", Instance: "i-1", Namespace: "localcluster", Node: "n-1",
		IPs: []netip.Addr{netip.MustParseAddr("10.244.0.5")}, Source: identity.FromPod,
	}})
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() { s.Close(); <-served })
	return netip.MustParseAddrPort(ln.Addr().String())
}

// zone is a DNS server with one name in it.
func zone(t *testing.T, name string, addrs ...netip.Addr) *dnsserver.Server {
	t.Helper()
	s, err := dnsserver.Start("127.0.0.1:0", ".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Set(name, 5*time.Second, addrs...); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerboseTellsNamesAddressesWhoAnsweredAndTimes(t *testing.T) {
	at := pod(t)
	dns := zone(t, "apache.localcluster.", at.Addr())
	got := ours(t, "", "-sv4", "-o", "/dev/null", "--dns-servers", dns.Addr().String(), fmt.Sprintf("http://apache.localcluster.:%d/", at.Port()))
	if got.status != 0 || got.stdout != "" {
		t.Fatalf("%+v", got)
	}
	rest := got.stderr
	for _, want := range []string{
		fmt.Sprintf("* Asked %v for A apache.localcluster.: NOERROR, 1 found in ", dns.Addr()),
		"* apache.localcluster. is apache.localcluster.: [127.0.0.1], TTL 5s\n",
		fmt.Sprintf("*   Trying %v...\n", at),
		fmt.Sprintf("* Connected to apache.localcluster. (127.0.0.1) port %d\n", at.Port()),
		"> GET / HTTP/1.1\n", fmt.Sprintf("> Host: apache.localcluster.:%d\n", at.Port()), "> \n",
		"< HTTP/1.1 200 OK\n", "< Pod-Name: pod-httpd\n", "< \n",
		"* Answered by pod pod-httpd, uid u-1, IP 10.244.0.5, namespace localcluster, node n-1, instance i-1, on " + at.String(),
		"* Times: resolve ", "connect ", "first byte ", "in all ",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("%q is missing after what came before it in:\n%s", want, got.stderr)
		}
		rest = after
	}
}

func TestVerboseShowsTheSameHeadersAsTheRealCurl(t *testing.T) {
	needsCurl(t)
	plain, _ := web(t)
	args := []string{"-sv", "-A", "test", "-d", "a=b", "-L", plain.URL + "/status/307?to=/x"}
	headers := func(s said) (lines string) {
		for line := range strings.Lines(strings.ReplaceAll(withoutDate(strings.ReplaceAll(s.stderr, "< Date", "Date")), "\r", "")) {
			if strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "< ") {
				lines += line
			}
		}
		return lines
	}
	if got, want := headers(ours(t, "", args...)), headers(theirs(t, "", args...)); got != want {
		t.Errorf("got:\n%s\nthat of curl:\n%s", got, want)
	}
}

func TestVerboseSaysWhyANameHasNoAddress(t *testing.T) {
	dns := zone(t, "apache.localcluster.", netip.MustParseAddr("10.0.0.1"))
	got := ours(t, "", "-v4", "--dns-servers", dns.Addr().String(), "http://apachee.localcluster./")
	if got.status != exitResolve || !strings.Contains(got.stderr, "for A apachee.localcluster.: NXDOMAIN in ") ||
		!strings.HasSuffix(got.stderr, "\ncurl: (6) Could not resolve host: apachee.localcluster.\n") {
		t.Errorf("%+v", got)
	}
}

func TestANameserverThatIsSilentIsATimeout(t *testing.T) {
	dns := zone(t, "apache.localcluster.")
	dns.Break("", 0, dnsserver.Silence())
	got := ours(t, "", "--connect-timeout", "0.2", "--dns-servers", dns.Addr().String(), "http://apache.localcluster./")
	if got.status != exitTimeout || !strings.HasPrefix(got.stderr, "curl: (28) Resolving timed out after ") {
		t.Errorf("%+v", got)
	}
}

func TestNothingThatAServerSendsReachesATerminalByTheTrace(t *testing.T) {
	raw := "HTTP/1.1 200 \x1b[31mOK\r\nA: \x1b]0;title\a\u202e\xff\r\nContent-Length: 0\r\n\r\n"
	got := ours(t, "", "-v", "http://"+answers(t, raw))
	if got.status != 0 || strings.ContainsAny(got.stderr, "\x1b\a\u202e") || strings.Contains(got.stderr, "\xff") || !strings.Contains(got.stderr, `< A: \u001b]0;title\u0007\u202e\xff`) {
		t.Errorf("%+v", got)
	}
}

func TestFilesAreWrittenAsTheRealCurlDoes(t *testing.T) {
	needsCurl(t)
	plain, _ := web(t)
	for _, test := range []struct {
		name string
		args []string
	}{
		{"-o", []string{"-o", "a", plain.URL + "/x"}},
		{"-o for two", []string{"-o", "a", "-o", "b", plain.URL + "/x", plain.URL + "/y"}},
		{"-o with its headers", []string{"-i", "-o", "a", plain.URL + "/status/204"}},
		{"-o of nothing", []string{"-o", "a", plain.URL + "/status/204"}},
		{"-o of a failure", []string{"-f", "-o", "a", plain.URL + "/status/404"}},
		{"-o of a standard output", []string{"-o", "-", plain.URL + "/x"}},
		{"-O", []string{"-O", plain.URL + "/x/y?z"}},
		{"-O and -o", []string{"-O", "-o", "b", plain.URL + "/x/y", plain.URL + "/z"}},
		{"more than URLs", []string{"-o", "a", "-o", "b", plain.URL + "/x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			results := map[string]string{}
			for name, curl := range map[string]func(args ...string) said{
				"ours":   func(args ...string) said { return ours(t, "", args...) },
				"theirs": func(args ...string) said { return theirs(t, "", args...) },
			} {
				t.Chdir(t.TempDir())
				s := curl(append([]string{"-s"}, test.args...)...)
				text := fmt.Sprintf("%d %s%s", s.status, s.stdout, s.stderr)
				files, _ := filepath.Glob("*")
				for _, file := range files {
					content, _ := os.ReadFile(file)
					text += fmt.Sprintf("\n%s: %s", file, withoutDate(string(content)))
				}
				results[name] = text
			}
			if results["ours"] != results["theirs"] {
				t.Errorf("got %s\nthat of curl: %s", results["ours"], results["theirs"])
			}
		})
	}
}

func TestTheBodyIsPassedOnWhileItComes(t *testing.T) {
	seen := make(chan struct{})
	at := listen(t, "127.0.0.1:0", func(c net.Conn) {
		readRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nfirst")
		<-seen
		io.WriteString(c, " second")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := &watched{seen: seen}
	if status := Run(ctx, []string{"http://" + at}, nil, out, io.Discard); status != 0 || out.String() != "first second" {
		t.Errorf("status %d, %q", status, out)
	}
}

// watched closes seen when it is first written to.
type watched struct {
	bytes.Buffer
	seen chan struct{}
}

func (w *watched) Write(b []byte) (int, error) {
	if w.Len() == 0 {
		close(w.seen)
	}
	return w.Buffer.Write(b)
}

func TestTheEndOfTheContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan struct{})
	at := holding(t, "HTTP/1.0 200 OK\r\n\r\nfirst")
	go func() { <-seen; cancel() }()
	var errs bytes.Buffer
	status := Run(ctx, []string{"http://" + at, "http://" + at}, nil, &watched{seen: seen}, &errs)
	if status != 130 || errs.Len() > 0 {
		t.Errorf("status %d, %s", status, &errs)
	}
}

func TestAKeptConnectionThatDiedIsOpenedAnew(t *testing.T) {
	at := listen(t, "127.0.0.1:0", func(c net.Conn) { // one answer for each connection, without saying so
		readRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
	})
	got := ours(t, "", "-sS", "-w", " %{num_connects} ", "http://"+at, "http://"+at)
	if want := (said{0, "abc 1 abc 1 ", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhereItIsStricterThanTheRealCurl(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		want      int
		message   string
	}{
		{"an answer that ends within its headers", "HTTP/1.1 200 OK\r\nA: b\r\n", exitPartial, "transfer closed within the headers"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", exitWeird, "Weird server reply: "},
		{"headers without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: 0123456789\r\n", 30000), exitReceive, "Too large response headers"},
		{"a header without end", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 400<<10), exitReceive, "Too large response headers"},
		{"interim answers without end", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20000), exitReceive, "Too large response headers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ours(t, "", "-sS", "http://"+answers(t, test.raw))
			if got.status != test.want || !strings.HasPrefix(got.stderr, fmt.Sprintf("curl: (%d) %s", test.want, test.message)) {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("a file that can't be read", func(t *testing.T) {
		got := ours(t, "", "-d", "@/nonexistent/file", "http://127.0.0.1:1")
		if got.status != exitRead || !strings.Contains(got.stderr, "/nonexistent/file") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a pattern", func(t *testing.T) {
		at := "http://" + mirror(t, "127.0.0.1:0")
		if got := ours(t, "", at+"/{a,b}"); got.status != exitURL {
			t.Errorf("%+v", got)
		}
		if got := ours(t, "", "-g", at+"/{a,b}"); got.status != 0 || !strings.HasPrefix(got.stdout, "GET /{a,b} HTTP/1.1\r\n") {
			t.Errorf("%+v", got)
		}
	})
}
