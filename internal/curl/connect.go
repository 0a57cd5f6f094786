package curl

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"callbyname/internal/resolve"
)

// pool opens connections, and keeps them for the next request to the same origin.
type pool struct {
	*options
	trace    trace
	resolver *resolve.Resolver
	roots    *x509.CertPool // nil for the system's
	kept     map[string]*conn
}

func newPool(o *options, t trace) (*pool, error) {
	p := &pool{options: o, trace: t, kept: make(map[string]*conn)}
	if o.authorities != "" {
		pem, err := os.ReadFile(o.authorities)
		p.roots = x509.NewCertPool()
		if err != nil || !p.roots.AppendCertsFromPEM(pem) {
			return nil, failf(exitAuthorities, "error setting certificate verify locations:  CAfile: %s", o.authorities)
		}
	}
	var err error
	if p.resolver, err = resolve.New(resolve.Options{Nameservers: o.nameservers}); err != nil {
		return nil, &failure{exitUsage, err.Error()}
	}
	return p, nil
}

func (p *pool) close() {
	for _, c := range p.kept {
		c.tcp.Close()
	}
}

// conn is a connection to an origin.
type conn struct {
	net.Conn // what is spoken over: tcp itself, or TLS on it
	tcp      net.Conn
	origin   string
	reused   bool
	buf      *bufio.Reader
	ended    error // how reading ended, which parsers put words of their own in the place of; nil while it has not
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.ended = err
	}
	return n, err
}

// bound makes the connection fail when it is time, or when the caller ends it. What it returns ends that, and must be called.
func bound(ctx context.Context, tcp net.Conn, deadline time.Time) (release func()) {
	tcp.SetDeadline(deadline)
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(over)
		tcp.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-over
		}
	}
}

// take gives the kept connection to an origin, if there is one, to the caller.
func (p *pool) take(origin string) *conn {
	c := p.kept[origin]
	delete(p.kept, origin)
	return c
}

// open makes a connection, and notes in the transfer's figures when its parts were done.
func (t *transfer) open(ctx context.Context) (*conn, error) {
	limit := time.Now().Add(t.connectTimeout)
	if !t.deadline.IsZero() && t.deadline.Before(limit) {
		limit = t.deadline
	}
	addrs, err := t.addresses(ctx, limit)
	if err != nil {
		return nil, err
	}
	t.stats.lookup = t.elapsed()
	tcp, err := t.dial(ctx, addrs, limit)
	if err != nil {
		return nil, err
	}
	t.stats.connect, t.stats.connects = t.elapsed(), t.stats.connects+1
	t.over(tcp)
	t.trace.note("Connected to %s (%v) port %d", t.link.host, t.stats.remote.Addr(), t.stats.remote.Port())
	c := &conn{Conn: tcp, tcp: tcp, origin: t.link.origin()}
	if t.link.scheme == "https" {
		if c.Conn, err = t.handshake(ctx, tcp, limit); err != nil {
			tcp.Close()
			return nil, err
		}
		t.stats.appconnect = t.elapsed()
	}
	c.buf = bufio.NewReaderSize(c, bufferSize)
	return c, nil
}

// over notes which connection is used.
func (t *transfer) over(tcp net.Conn) {
	t.stats.scheme = strings.ToUpper(t.link.scheme)
	t.stats.local = tcp.LocalAddr().(*net.TCPAddr).AddrPort()
	t.stats.remote = tcp.RemoteAddr().(*net.TCPAddr).AddrPort()
}

// addresses are those of the URL's host, by --resolve or by the resolver.
func (t *transfer) addresses(ctx context.Context, limit time.Time) ([]netip.Addr, error) {
	host, port := t.link.host, t.link.number()
	for _, key := range []string{resolveKey(host, port), resolveKey("*", port)} {
		if addrs := t.resolve[key]; addrs != nil {
			t.trace.note("%s has its addresses from --resolve: %v", host, addrs)
			return addrs, nil
		}
	}
	within, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	answer, err := t.pool.resolver.Lookup(within, host, t.family)
	t.trace.lookup(host, answer, err)
	switch {
	case err == nil:
		return answer.Addrs, nil
	case answer.Source == resolve.FromLiteral:
		return nil, failf(exitConnect, "Couldn't connect to server")
	case !time.Now().Before(limit):
		return nil, failf(exitTimeout, "Resolving timed out after %d milliseconds", t.elapsed().Milliseconds())
	}
	return nil, failf(exitResolve, "Could not resolve host: %s", host)
}

// dial connects to the first address that takes a connection, in the order given. Each has a share of the time left.
func (t *transfer) dial(ctx context.Context, addrs []netip.Addr, limit time.Time) (net.Conn, error) {
	port := t.link.number()
	for i, addr := range addrs {
		to := netip.AddrPortFrom(addr, port)
		t.trace.note("  Trying %v...", to)
		now := time.Now()
		dialer := net.Dialer{Deadline: now.Add(limit.Sub(now) / time.Duration(len(addrs)-i)), KeepAlive: -1}
		tcp, err := dialer.DialContext(ctx, "tcp", to.String())
		if err == nil {
			return tcp, nil
		}
		t.trace.note("connect to %v port %d failed: %s", addr, port, errText(err))
	}
	took := t.elapsed().Milliseconds()
	if !time.Now().Before(limit) {
		return nil, failf(exitTimeout, "Failed to connect to %s port %d after %d ms: Timeout was reached", t.link.host, port, took)
	}
	return nil, failf(exitConnect, "Failed to connect to %s port %d after %d ms: Couldn't connect to server", t.link.host, port, took)
}

// handshake puts TLS on a connection.
func (t *transfer) handshake(ctx context.Context, tcp net.Conn, limit time.Time) (net.Conn, error) {
	defer bound(ctx, tcp, limit)()
	secured := tls.Client(tcp, &tls.Config{
		ServerName:         t.link.host,
		RootCAs:            t.pool.roots,
		InsecureSkipVerify: t.insecure,
		NextProtos:         []string{"http/1.1"},
	})
	err := secured.Handshake()
	var unverified *tls.CertificateVerificationError
	switch {
	case err == nil:
		t.trace.secured(secured.ConnectionState(), t.insecure)
		return secured, nil
	case errors.As(err, &unverified):
		return nil, failf(exitCertificate, "SSL certificate problem: %v", unverified.Err)
	case timedOut(err):
		return nil, failf(exitTimeout, "SSL connection timeout")
	case slices.ContainsFunc([]error{io.EOF, io.ErrUnexpectedEOF}, func(end error) bool { return errors.Is(err, end) }):
		return nil, failf(exitTLS, "TLS connect error: the connection to %s:%d was closed", t.link.host, t.link.number())
	}
	return nil, failf(exitTLS, "TLS connect error: %s", errText(err))
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
