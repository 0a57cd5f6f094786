// Package probe makes one request by one approach and says exactly what happened: how long each phase took, which
// addresses were tried, what DNS said, who answered, and the outcome out of one closed set. It speaks over a
// connection of its own (dial, write, http.ReadResponse) and never through http.Transport, whose pool, retries and
// proxy variables would decide behind its back what "by IP" and "by name" mean. What results mean over time is left to
// package compare; when probes are made, to package monitor.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"callbyname/internal/resolve"
)

// Resolver is what an approach by name needs of package resolve. Its errors are *resolve.Error. It returns at ctx's deadline by
// its own clock: at the deadline ctx is not done.
type Resolver interface {
	Lookup(ctx context.Context, host string, family resolve.Family) (resolve.Answer, error)
}

// Options are what all probes of a prober share.
type Options struct {
	// Resolver is needed by approaches with a Host only.
	Resolver Resolver
	// Timeout bounds each probe from its start to the last byte of the answer; greater than zero.
	Timeout time.Duration
	// UserAgent is the User-Agent header of targets that set none of their own; empty sends none.
	UserAgent string
	// RootCAs verify https targets; nil means the system's.
	RootCAs *x509.CertPool
}

// Client makes the probes of one approach of one target, and keeps what the approach keeps between them: the resolved
// address, the open connection. It is not for concurrent use. Everything that a probe does to the network but a
// lookup it does in the calling goroutine, so that one that is locked to a thread in a network namespace stays there.
type Client struct {
	target   *Target
	approach *Approach
	options  *Options
	port     uint16 // dialled together with approach.Host

	tls     *tls.Config // nil for http
	clock   *clock      // nil for http
	request request
	cached  cache
	kept    *conn // nil when none is open
	last    remembered
}

// NewClient checks what a probe would trip over each time: a URL, method or header that no request can be made of, a
// timeout that is none, an approach by name without a resolver. The Client keeps what it is given, which must not change any more:
// a prober has thousands of Clients.
func NewClient(t *Target, a *Approach, o *Options) (*Client, error) {
	c := &Client{target: t, approach: a, options: o, port: a.Port}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("approach %q of target %q: %w", a.Name, t.Name, err)
	}
	if c.port == 0 {
		c.port = t.Port()
	}
	if t.URL.Scheme == "https" {
		c.clock = startClock()
		c.tls = &tls.Config{
			InsecureSkipVerify: true, // it is verified by name
			NextProtos:         []string{"http/1.1"},
		}
		c.name(c.tls, t.URL.Hostname())
	}
	var err error
	if c.request, err = newRequest(t, a.Literal, o.UserAgent); err != nil {
		return nil, fmt.Errorf("approach %q of target %q: %w", a.Name, t.Name, err)
	}
	return c, nil
}

// name makes a handshake ask for a server of that name, and verify it unless the target says otherwise.
func (c *Client) name(config *tls.Config, name string) {
	config.ServerName = name
	if !c.target.Insecure {
		config.VerifyConnection = c.verification(name)
	}
}

func (c *Client) check() error {
	u := c.target.URL
	switch {
	case u == nil || u.Hostname() == "":
		return errors.New("a URL with a host is needed")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("URL %q: the scheme must be http or https", u.Redacted())
	case c.target.Port() == 0:
		return fmt.Errorf("URL %q: the port must be a number from 1 to 65535", u.Redacted())
	case c.options.Timeout <= 0:
		return fmt.Errorf("timeout %v: it must be greater than zero", c.options.Timeout)
	case c.approach.Cache < 0 && c.approach.Cache != Forever:
		return fmt.Errorf("cache %v: it must be zero, greater than zero, or forever", c.approach.Cache)
	case !c.approach.Pinned() && c.options.Resolver == nil:
		return fmt.Errorf("host %q: a resolver is needed", c.approach.Host)
	}
	return nil
}

// Close closes the connection that is kept open, if one is: without TLS' goodbye, which fails if the peer went first. It
// returns nil. The client can be used on; the next probe dials anew.
func (c *Client) Close() error {
	if c.kept != nil {
		c.kept.abandon()
		c.kept = nil
	}
	return nil
}

// Probe makes one request and says what came of it. A pinned approach dials pin, and is Pending without one; an
// approach by name ignores it.
//
// The end of ctx is the prober's own stop: a probe that it cuts short is Void, never a failure.
func (c *Client) Probe(ctx context.Context, pin netip.AddrPort) Result {
	p := c.begin()
	f := p.do(ctx, pin)
	result := p.end(f)
	p.leave()
	p.release()
	*p = run{} // it holds on to nothing
	runs.Put(p)
	return result
}

// run is one probe while it is being made.
type run struct {
	*Client
	start    time.Time
	deadline time.Time
	conn     *conn   // nil when there is none
	answers  *reader // nil until an answer is waited for
	reusable bool    // conn can carry another request
	result   Result
}

// runs are those that are over, for the next ones: one is the largest thing that a probe needs for itself.
var runs = sync.Pool{New: func() any { return new(run) }}

func (c *Client) begin() *run {
	p, start := runs.Get().(*run), time.Now()
	*p = run{Client: c, start: start, deadline: start.Add(c.options.Timeout)}
	return p
}

func (p *run) do(ctx context.Context, pin netip.AddrPort) *fault {
	if p.approach.Pinned() && !pin.IsValid() {
		return &fault{outcome: Pending, detail: "no address is pinned yet"}
	}
	if f := p.connect(ctx, unmapped(pin)); f != nil {
		return f
	}
	return p.exchange(ctx)
}

// end is the result of a probe that failed with f, or did not.
func (p *run) end(f *fault) Result {
	p.result.Outcome = OK
	if f != nil {
		p.result.Outcome, p.result.Reason, p.result.Errno, p.result.Detail = f.outcome, f.reason, f.errno, printable(f.detail)
	}
	p.result.Total = whole(time.Since(p.start))
	return p.result
}

// leave keeps the connection for the next probe, which starts from nothing after a failure.
func (p *run) leave() {
	switch {
	case p.conn == nil:
	case p.result.Outcome != OK:
		p.conn.abandon()
	case p.reusable && p.approach.KeepAlive:
		p.kept = p.conn
	default:
		p.conn.Close() // the answer is complete: an error here says nothing about the target
	}
}

// connect takes the kept connection as long as it is good, else a new one.
func (p *run) connect(ctx context.Context, pin netip.AddrPort) *fault {
	if kept := p.kept; kept != nil {
		p.kept = nil
		if kept.idle() && (!p.approach.Pinned() || kept.addr == pin) {
			p.conn, p.result.Addr, p.result.Reused = kept, kept.addr, true
			return nil
		}
		kept.abandon()
	}
	addrs := []netip.AddrPort{pin}
	if !p.approach.Pinned() {
		var f *fault
		if addrs, f = p.addresses(ctx); f != nil {
			return f
		}
	}
	if f := p.dial(ctx, addrs); f != nil || p.tls == nil {
		return f
	}
	return p.handshake(ctx)
}

// whole is d in whole microseconds, cut rather than rounded, so that a sum of phases never exceeds their total.
func whole(d time.Duration) time.Duration { return d.Truncate(time.Microsecond) }

// unmapped shows an IPv4 address as such, however it was written.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
