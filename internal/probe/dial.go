package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// conn is a connection to a target.
type conn struct {
	net.Conn // what is spoken over: tcp itself, or TLS on it
	tcp      *socket
	addr     netip.AddrPort
}

// heard is when what a socket read last had come.
type heard struct {
	asked   time.Time     // what is read now came no earlier
	arrived time.Time     // at this machine
	read    time.Time     // by the process, which went on so much later
	slept   time.Duration // for which reads went on waiting for what had come, all together
}

// note takes a read that began to wait, was over, and got what arrived then.
func (h *heard) note(began, arrived, over time.Time) {
	h.arrived, h.read = arrived, over
	h.slept += over.Sub(later(began, arrived))
}

// abandon closes without TLS' goodbye, which could block on a peer that reads nothing.
func (c *conn) abandon() { c.tcp.Close() }

// idle reports whether a kept connection can carry another request: it is open as far as is known here, and nothing
// came unasked. Under TLS any byte counts as the peer's goodbye, which cannot be told apart while it is encrypted.
func (c *conn) idle() bool {
	raw, err := c.tcp.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, peeked = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && peeked == syscall.EAGAIN // the end is a nil error, as a byte is
}

// dial connects to the first address that takes a connection, in the order given, as curl does: an address is tried when
// the one before it took none, never because a request failed. Each has a share of the time left.
//
// When none does, the failure is that of the last address that the machine has a network for: a host without IPv6 is
// told what its IPv4 addresses said, not that it has no IPv6.
func (p *run) dial(ctx context.Context, addrs []netip.AddrPort) *fault {
	began := time.Now()
	var call, there time.Time
	defer func() {
		if there.IsZero() {
			there = time.Now()
		}
		p.result.Phases.Connect = whole(there.Sub(began))
	}()
	called := func() {
		call = time.Now()
		if len(p.result.Failed) == 0 { // what making the first socket takes is no network's
			began = call
		}
	}
	var telling *fault
	for i, addr := range addrs {
		now := time.Now()
		share := max(0, p.deadline.Sub(now)) / time.Duration(len(addrs)-i)
		conn, f := dialOne(ctx, addr, now.Add(share), called)
		if f == nil && conn.tcp.shook > 0 {
			there = call.Add(min(conn.tcp.shook, time.Since(call)))
		}
		if f == nil || f.outcome == Void {
			p.conn, p.result.Addr = conn, addr
			return f
		}
		p.result.Failed = append(p.result.Failed, Attempt{Addr: addr, Outcome: f.outcome, Took: whole(time.Since(now))})
		if f.outcome == ConnectTimeout && f.errno == "" {
			f.detail = fmt.Sprintf("no connection within %v", share.Round(time.Millisecond))
		}
		if telling == nil || f.outcome != NoNetwork {
			telling, p.result.Addr = f, addr
		}
	}
	return telling
}

// dialOne does not leave the calling goroutine. It calls called when there is a socket, and the next that happens to it is its
// first packet.
func dialOne(ctx context.Context, addr netip.AddrPort, deadline time.Time, called func()) (*conn, *fault) {
	tcp, err := connect(ctx, addr, deadline, called)
	if err != nil {
		return nil, dialFault(ctx, err, addr)
	}
	// A port in the automatic range that nobody listens on can be given to the dialling socket itself, which then
	// connects to itself (RFC 9293, simultaneous open). The address answered nothing but an echo.
	if tcp.local() == netip.AddrPortFrom(addr.Addr().WithZone(""), addr.Port()) {
		tcp.Close()
		return nil, &fault{outcome: Refused, detail: "nobody listens: the connection met itself"}
	}
	return &conn{Conn: tcp, tcp: tcp, addr: addr}, nil
}

func dialFault(ctx context.Context, err error, addr netip.AddrPort) *fault {
	f := socketFault(ctx, err, ConnectTimeout)
	switch {
	case f.reason == NoPorts && sourceless(ctx, addr):
		// The machine has an address family without an address in it ("::1" in a container without IPv6), which is
		// no lack of ports.
		f.outcome, f.reason = NoNetwork, ""
	case f.outcome == Other && errors.Is(err, syscall.EINVAL) && !needsZone(addr.Addr()):
		f.outcome = Blackhole
	}
	return f
}

// sourceless reports whether the machine has no address of its own to reach addr from. A UDP socket tells, since its
// ports are others than TCP's.
func sourceless(ctx context.Context, addr netip.AddrPort) bool {
	socket, err := (&net.Dialer{}).DialContext(ctx, "udp", addr.String())
	if err == nil {
		socket.Close()
	}
	return errors.Is(err, syscall.EADDRNOTAVAIL)
}

// needsZone reports whether EINVAL means that an address is incomplete, rather than a blackhole route.
func needsZone(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() && a.Zone() == "" }

// handshake puts TLS on the connection. A server that stays silent in it failed to answer in time; one that hangs up,
// closed or reset the connection; everything else is TLS' own.
func (p *run) handshake(ctx context.Context) *fault {
	began := time.Now()
	p.conn.tcp.asked = began
	defer func() { p.result.Phases.TLS = whole(time.Since(began) - p.conn.tcp.slept) }()
	unbound := p.bound(ctx)
	defer unbound()
	config := p.tls
	if p.approach.Literal {
		config = config.Clone()
		p.name(config, p.conn.addr.Addr().WithZone("").String())
	}
	secured := tls.Client(p.conn.tcp, config)
	if err := secured.Handshake(); err != nil {
		return p.tlsFault(ctx, err)
	}
	p.conn.Conn = secured
	return nil
}

func (p *run) tlsFault(ctx context.Context, err error) *fault {
	f := socketFault(ctx, err, ResponseTimeout)
	var unverified *tls.CertificateVerificationError
	switch {
	case f.outcome == Void:
	case errors.As(err, &unverified): // and be it that the system's authorities can't be read
		f.outcome = TLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.outcome, f.detail = Closed, "the connection was closed during the TLS handshake"
	case f.outcome == ResponseTimeout:
		f.detail = fmt.Sprintf("TLS handshake not finished within %v", p.options.Timeout)
	case f.outcome == Other && f.errno == "":
		f.outcome = TLS
	}
	return f
}

// bound makes the connection fail when the probe's time is over, or when the caller ends it. What it returns ends the latter,
// and must be called; false means that it came too late for that.
func (p *run) bound(ctx context.Context) (unbound func() bool) {
	tcp := p.conn.tcp
	tcp.SetDeadline(p.deadline)
	return context.AfterFunc(ctx, func() { tcp.SetDeadline(time.Unix(1, 0)) })
}
