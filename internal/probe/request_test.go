package probe

import (
	"bufio"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// sent is what a server receives as the request of one probe.
func sent(t *testing.T, target Target, a Approach, pin netip.AddrPort) string {
	t.Helper()
	c := newClient(t, target, a, Options{Timeout: ample, UserAgent: "callbyname-prober/1"})
	b, err := c.request.to(pin)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRequestIsTheTargets(t *testing.T) {
	pin := netip.MustParseAddrPort("127.0.0.1:80")
	for _, test := range []struct {
		name   string
		url    string
		change func(*Target)
		want   string
	}{
		{
			"the least", "http://apache.localcluster", func(*Target) {},
			"GET / HTTP/1.1\r\nHost: apache.localcluster\r\nUser-Agent: callbyname-prober/1\r\n\r\n",
		},
		{
			"a path, a query, a port, and a fragment that stays here", "http://h:8080/a%20b?q=1#x", func(*Target) {},
			"GET /a%20b?q=1 HTTP/1.1\r\nHost: h:8080\r\nUser-Agent: callbyname-prober/1\r\n\r\n",
		},
		{
			"another method", "http://h/", func(t *Target) { t.Method = "HEAD" },
			"HEAD / HTTP/1.1\r\nHost: h\r\nUser-Agent: callbyname-prober/1\r\n\r\n",
		},
		{
			"a method that has a body, which is empty", "http://h/", func(t *Target) { t.Method = "POST" },
			"POST / HTTP/1.1\r\nHost: h\r\nUser-Agent: callbyname-prober/1\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"headers of its own", "http://h/",
			func(t *Target) {
				t.Header = http.Header{"x-a": {"1", "2"}, "User-Agent": {"curl"}, "Connection": {"close"}}
			},
			"GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: curl\r\nConnection: close\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
		},
		{
			"a user, as curl has it", "http://user:word@h/", func(*Target) {},
			"GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: callbyname-prober/1\r\nAuthorization: Basic dXNlcjp3b3Jk\r\n\r\n",
		},
		{
			"an IPv6 host", "http://[::1]:8080/", func(*Target) {},
			"GET / HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: callbyname-prober/1\r\n\r\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := targetAt(t, test.url)
			test.change(&target)
			if got := sent(t, target, ip, pin); got != test.want {
				t.Errorf("sent\n%q, want\n%q", got, test.want)
			}
		})
	}
}

func TestLiteralSendsTheAddress(t *testing.T) {
	for _, test := range []struct{ url, pin, want string }{
		{"http://h/", "10.0.0.1:80", "10.0.0.1"},
		{"http://h/", "10.0.0.1:8080", "10.0.0.1:8080"},
		{"http://h:8080/", "10.0.0.1:80", "10.0.0.1"},
		{"https://h/", "10.0.0.1:443", "10.0.0.1"},
		{"https://h/", "10.0.0.1:80", "10.0.0.1:80"},
		{"http://h/", "[fd00::1]:80", "[fd00::1]"},
		{"http://h/", "[fd00::1]:8080", "[fd00::1]:8080"},
		{"http://h/", "[fe80::1%eth0]:80", "[fe80::1]"},
	} {
		got := sent(t, targetAt(t, test.url), Approach{Literal: true}, netip.MustParseAddrPort(test.pin))
		if _, rest, _ := strings.Cut(got, "Host: "); !strings.HasPrefix(rest, test.want+"\r\n") {
			t.Errorf("%s by %s sent %q, want the host %q", test.url, test.pin, got, test.want)
		}
		got = sent(t, targetAt(t, test.url), ip, netip.MustParseAddrPort(test.pin))
		if !strings.Contains(got, "Host: h") {
			t.Errorf("%s by %s sent %q, want the URL's host", test.url, test.pin, got)
		}
	}
}

// The promise: a proxy in the environment changes nothing; a literal host follows the address from probe to probe.
func TestWhatIsSentArrivesAtTheAddress(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	hosts := make(chan string, 1)
	server := func(c *net.TCPConn) {
		if r, ok := readRequest(bufio.NewReader(c)); ok {
			hosts <- r.Host
			c.Write([]byte(hello))
		}
	}
	one, two := serve(t, server), serve(t, server)
	literal := newClient(t, targetAt(t, "http://target.invalid/"), Approach{Literal: true}, Options{Timeout: ample})
	plain := newClient(t, targetAt(t, "http://target.invalid/"), ip, Options{Timeout: ample})
	for _, pin := range []netip.AddrPort{one, two, one} {
		checkResult(t, literal.Probe(t.Context(), pin), Result{Outcome: OK, Addr: pin, Status: 200})
		if got := await(t, hosts); got != pin.String() {
			t.Errorf("%v was sent the host %q", pin, got)
		}
		checkResult(t, plain.Probe(t.Context(), pin), Result{Outcome: OK, Addr: pin, Status: 200})
		if got := await(t, hosts); got != "target.invalid" {
			t.Errorf("%v was sent the host %q", pin, got)
		}
	}
}

func TestClientIsNotMadeOfNonsense(t *testing.T) {
	good := func() (Target, Approach, Options) {
		return targetAt(t, "http://h/"), Approach{Name: "a"}, Options{Timeout: time.Second}
	}
	for _, test := range []struct {
		name   string
		change func(*Target, *Approach, *Options)
		want   string
	}{
		{"no URL", func(t *Target, _ *Approach, _ *Options) { t.URL = nil }, "a URL with a host is needed"},
		{
			"no host", func(t *Target, _ *Approach, _ *Options) { t.URL = &url.URL{Scheme: "http", Host: ":80"} },
			"a URL with a host is needed",
		},
		{
			"another scheme", func(t *Target, _ *Approach, _ *Options) { t.URL = &url.URL{Scheme: "ftp", Host: "h"} },
			`URL "ftp://h": the scheme must be http or https`,
		},
		{
			"a port that is none", func(t *Target, _ *Approach, _ *Options) { t.URL.Host = "h:65536" },
			`URL "http://h:65536/": the port must be a number from 1 to 65535`,
		},
		{
			"a method that is none", func(t *Target, _ *Approach, _ *Options) { t.Method = "GET /" },
			`net/http: invalid method "GET /"`,
		},
		{
			"a method for proxies", func(t *Target, _ *Approach, _ *Options) { t.Method = "CONNECT" },
			`method "CONNECT": a probe asks a server, not a proxy`,
		},
		{
			"a header that would not be sent", func(t *Target, _ *Approach, _ *Options) { t.Header = http.Header{"host": {"x"}} },
			`header "host": it follows from the URL and the method, and can't be set`,
		},
		{
			"a header that is none", func(t *Target, _ *Approach, _ *Options) { t.Header = http.Header{"a b": {"x"}} },
			"header \"a b\": a name has letters, digits and !#$%&'*+-.^_`|~ only",
		},
		{
			"a header that holds another", func(t *Target, _ *Approach, _ *Options) { t.Header = http.Header{"A": {"x\r\nB: y"}} },
			`header "A", value "x\r\nB: y": control characters can't be sent`,
		},
		{
			"no timeout", func(_ *Target, _ *Approach, o *Options) { o.Timeout = 0 },
			"timeout 0s: it must be greater than zero",
		},
		{
			"a cache of the past", func(_ *Target, a *Approach, _ *Options) { a.Cache = -time.Second },
			"cache -1s: it must be zero, greater than zero, or forever",
		},
		{
			"a name and nobody to ask", func(_ *Target, a *Approach, _ *Options) { a.Host = "h" },
			`host "h": a resolver is needed`,
		},
	} {
		target, approach, options := good()
		test.change(&target, &approach, &options)
		c, err := NewClient(&target, &approach, &options)
		if want := `approach "a" of target "t": ` + test.want; c != nil || err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", test.name, err, want)
		}
	}
}
