package main

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"callbyname/internal/probe"
)

// nobody is an address at which nothing listens, neither over TCP nor over UDP.
func nobody(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return netip.MustParseAddrPort(c.LocalAddr().String())
}

func TestWhatATargetCanBe(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(secure.Close)
	file := filepath.Join(t.TempDir(), "prober.yaml")
	text := "targets: [{name: httpd, url: " + strings.Replace(secure.URL, "127.0.0.1", "httpd.test.", 1) +
		", insecure: true, ip: 127.0.0.1, approaches: [ip]}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v6 := answering(t, "[::1]:0", nil)
	for _, tt := range []struct {
		name string
		args []string
		want map[string]probe.Outcome // of the second round
	}{
		{"an IPv6 address", v6, map[string]probe.Outcome{"ip": probe.OK, "dns": probe.OK}},
		{"an IPv6 pin", []string{v6[0] + ",ip=::1", "--nameserver=" + nobody(t).String()},
			map[string]probe.Outcome{"ip": probe.OK, "dns": probe.DNSUnreachable}},
		{"https, any certificate", []string{"--config=" + file}, map[string]probe.Outcome{"ip": probe.OK}},
		{"a DNS server that is not there", []string{"--target=httpd=http://httpd.test.", "--nameserver=" + nobody(t).String()},
			map[string]probe.Outcome{"ip": probe.Pending, "dns": probe.DNSUnreachable}},
		{"nobody", named(t, nobody(t)), map[string]probe.Outcome{"ip": probe.Pending, "dns": probe.Refused}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, enough := until(t)
			log, code, stderr := probing(ctx, t, func(line string) {
				if strings.Contains(line, `"seq":2`) {
					enough()
				}
			}, append(tt.args, "--log-format=json", "--interval=200ms", "--timeout=180ms")...)
			if code != exitOK || stderr != "" {
				t.Errorf("exit status %d, %q", code, stderr)
			}
			outcomes := hear(t, log).outcomes()
			if len(outcomes) != len(tt.want) {
				t.Errorf("approaches %v", outcomes)
			}
			for name, want := range tt.want {
				if got := outcomes[name]; len(got) < 2 || slices.Contains(got[:2], probe.Void) || got[1] != want {
					t.Errorf("%s: %v, want %v in round 2", name, got, want)
				}
			}
		})
	}
}

func TestAConnectionThatThePeerResetIsNoFaultAtTheStop(t *testing.T) {
	t.Parallel()
	ctx, enough := until(t)
	conns := make(chan net.Conn, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateIdle {
			conns <- c
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	flags := named(t, netip.MustParseAddrPort(s.Listener.Addr().String()))
	file := filepath.Join(t.TempDir(), "prober.yaml")
	text := "targets: [{name: httpd, url: " + strings.Replace(flags[0], "--target=httpd=http", "https", 1) +
		", insecure: true, approaches: [{name: kept, keepalive: true}]}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, code, stderr := probing(ctx, t, func(line string) {
		if strings.Contains(line, `"seq":2`) {
			select {
			case c := <-conns:
				tcp := c.(*tls.Conn).NetConn().(*net.TCPConn)
				tcp.SetLinger(0)
				tcp.Close()
			case <-ctx.Done():
			}
			enough()
		}
	}, "--config="+file, flags[1], "--log-format=json", "--interval=500ms", "--timeout=450ms")
	if code != exitOK || stderr != "" {
		t.Errorf("exit status %d, %q", code, stderr)
	}
}
