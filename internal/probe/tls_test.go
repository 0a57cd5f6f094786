package probe

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := &authority{pool: x509.NewCertPool()}
	der, key := a.sign(t, template)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.key, a.cert = key, cert
	a.pool.AddCert(cert)
	return a
}

// sign makes a certificate with a key of its own; the first one signs itself.
func (a *authority) sign(t testing.TB, template *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

// server is a certificate for names and addresses that is good until then.
func (a *authority) server(t testing.TB, until time.Time, names []string, ips ...net.IP) *tls.Config {
	t.Helper()
	der, key := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names, IPAddresses: ips, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestTLSVerifiesTheURLsHost(t *testing.T) {
	a := newAuthority(t)
	later, earlier := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	loopback := net.IPv4(127, 0, 0, 1)
	named := []string{"target.invalid"}
	literal := Approach{Name: "ip", Literal: true}
	for _, test := range []struct {
		name     string
		server   *tls.Config
		approach Approach
		roots    *x509.CertPool
		insecure bool
		want     Result
	}{
		{name: "the URL's host", server: a.server(t, later, named), roots: a.pool, want: Result{Outcome: OK, Status: 200}},
		{
			name: "another name", server: a.server(t, later, []string{"other.invalid"}), roots: a.pool,
			want: Result{
				Outcome: TLS,
				Detail: "tls: failed to verify certificate: " +
					"x509: certificate is valid for other.invalid, not target.invalid",
			},
		},
		{
			name: "the address, where the host is asked for", server: a.server(t, later, nil, loopback), roots: a.pool,
			want: Result{
				Outcome: TLS,
				Detail: "tls: failed to verify certificate: x509: certificate is not valid for any names, " +
					"but wanted to match target.invalid",
			},
		},
		{
			name: "the address, where it is asked for", server: a.server(t, later, nil, loopback), roots: a.pool,
			approach: literal, want: Result{Outcome: OK, Status: 200},
		},
		{
			name: "the host, where the address is asked for", server: a.server(t, later, named), roots: a.pool,
			approach: literal,
			want: Result{
				Outcome: TLS,
				Detail: "tls: failed to verify certificate: " +
					"x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
			},
		},
		{
			name: "an unknown authority", server: a.server(t, later, named), roots: x509.NewCertPool(),
			want: Result{
				Outcome: TLS,
				Detail:  "tls: failed to verify certificate: x509: certificate signed by unknown authority",
			},
		},
		{
			name: "any certificate will do", server: a.server(t, earlier, nil), insecure: true,
			want: Result{Outcome: OK, Status: 200},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pin := serveHTTP(t, &http.Server{Handler: http.NotFoundHandler(), TLSConfig: test.server})
			target := targetAt(t, "https://target.invalid/")
			target.Insecure, target.Statuses = test.insecure, []StatusRange{{404, 404}}
			c := newClient(t, target, test.approach, Options{Timeout: ample, RootCAs: test.roots})
			test.want.Addr = pin
			if test.want.Outcome == OK {
				test.want.Status = 404
			}
			got := c.Probe(t.Context(), pin)
			checkResult(t, got, test.want)
			if got.Phases.TLS == 0 || (got.Outcome == TLS) != (got.Phases.Write == 0) {
				t.Errorf("phases %+v", got.Phases)
			}
		})
	}

	t.Run("an expired certificate", func(t *testing.T) {
		pin := serveHTTP(t, &http.Server{TLSConfig: a.server(t, earlier, named)})
		c := newClient(t, targetAt(t, "https://target.invalid/"), ip, Options{Timeout: ample, RootCAs: a.pool})
		got := c.Probe(t.Context(), pin)
		checkResult(t, got, Result{Outcome: TLS, Addr: pin, Detail: got.Detail}) // which has the time of day
	})
}

func TestTLSTroubleHasItsClass(t *testing.T) {
	a := newAuthority(t)
	good := a.server(t, time.Now().Add(time.Hour), []string{"target.invalid"})
	wantsClient := good.Clone()
	wantsClient.ClientAuth = tls.RequireAnyClientCert
	for _, test := range []struct {
		name    string
		server  func(*net.TCPConn)
		timeout time.Duration // ample when 0
		want    Result
	}{
		{
			name:   "plain HTTP on the port",
			server: func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); hold(c) },
			want:   Result{Outcome: TLS, Detail: "tls: first record does not look like a TLS handshake"},
		},
		{
			name:   "closed in the handshake",
			server: func(c *net.TCPConn) { c.Read(make([]byte, 16<<10)) },
			want:   Result{Outcome: Closed, Detail: "the connection was closed during the TLS handshake"},
		},
		{
			name: "closed within a record of the handshake",
			server: func(c *net.TCPConn) {
				c.Read(make([]byte, 16<<10))
				io.WriteString(c, "\x16\x03\x03\x00\x20\x02")
			},
			want: Result{Outcome: Closed, Detail: "the connection was closed during the TLS handshake"},
		},
		{
			name: "reset in the handshake",
			server: func(c *net.TCPConn) {
				c.Read(make([]byte, 16<<10))
				c.SetLinger(0)
			},
			want: Result{Outcome: Reset, Errno: "ECONNRESET", Detail: "read: connection reset by peer"},
		},
		{
			name:    "silence in the handshake",
			server:  func(c *net.TCPConn) { hold(c) },
			timeout: brief,
			want:    Result{Outcome: ResponseTimeout, Detail: "TLS handshake not finished within 300ms"},
		},
		{
			name:   "a certificate asked of the client",
			server: secured(wantsClient, func(*tls.Conn) {}),
			want:   Result{Outcome: TLS, Detail: "remote error: tls: certificate required"},
		},
		{
			name:   "closed without an answer",
			server: secured(good, func(c *tls.Conn) { readRequest(bufio.NewReader(c)); c.Close() }),
			want:   Result{Outcome: Closed, Detail: "the connection was closed before an answer"},
		},
		{
			name: "a body up to the end, without TLS' goodbye, as many servers do",
			server: secured(good, func(c *tls.Conn) {
				readRequest(bufio.NewReader(c))
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
			}),
			want: Result{Outcome: OK, Status: 200},
		},
		{
			name: "cut within a record",
			server: secured(good, func(c *tls.Conn) {
				readRequest(bufio.NewReader(c))
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
				io.WriteString(c.NetConn(), "\x17\x03\x03\x00\x20half")
			}),
			want: Result{Outcome: Truncated, Status: 200, Detail: "the connection was closed within the answer"},
		},
		{
			name: "a body up to TLS' goodbye",
			server: secured(good, func(c *tls.Conn) {
				readRequest(bufio.NewReader(c))
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
				c.Close()
			}),
			want: Result{Outcome: OK, Status: 200},
		},
		{
			name: "a record that was tampered with",
			server: func(c *net.TCPConn) {
				secured(good, func(*tls.Conn) {})(c)
				io.WriteString(c, "\x17\x03\x03\x00\x20tampered with, and 32 bytes long")
				hold(c)
			},
			want: Result{Outcome: TLS, Detail: "local error: tls: bad record MAC"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pin := serve(t, test.server)
			if test.timeout == 0 {
				test.timeout = ample
			}
			c := newClient(t, targetAt(t, "https://target.invalid/"), ip, Options{Timeout: test.timeout, RootCAs: a.pool})
			test.want.Addr = pin
			checkResult(t, c.Probe(t.Context(), pin), test.want)
		})
	}
}

// secured is a server that goes on after a handshake.
func secured(config *tls.Config, then func(*tls.Conn)) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		if s := tls.Server(c, config); s.Handshake() == nil {
			then(s)
		}
	}
}

func TestTLSConnectionIsKeptOpen(t *testing.T) {
	a := newAuthority(t)
	config := a.server(t, time.Now().Add(time.Hour), []string{"target.invalid"})
	pin := serveHTTP(t, &http.Server{TLSConfig: config, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.NegotiatedProtocol != "http/1.1" || r.TLS.ServerName != "target.invalid" {
			http.Error(w, "", http.StatusMisdirectedRequest)
		}
	})})
	keepalive := Approach{Name: "keepalive", KeepAlive: true}
	c := newClient(t, targetAt(t, "https://target.invalid/"), keepalive, Options{Timeout: ample, RootCAs: a.pool})
	for _, reused := range []bool{false, true, true} {
		checkResult(t, c.Probe(t.Context(), pin), Result{Outcome: OK, Addr: pin, Status: 200, Reused: reused})
	}
}
