package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"callbyname/internal/arrival"
)

// work is the memory of one lookup, used again by later ones.
type work struct {
	questions [2]question
	buffer    [4096]byte // a UDP reply; what is longer than this was not asked for
	control   arrival.Control
}

// conversation is one socket to one server: the waiting questions go out together, and replies come in any order.
type conversation struct {
	*lookup
	server netip.AddrPort
	qs     []question
	began  time.Time // of the exchange, UDP included: its first packet, where there was one
	came   time.Time // the message that was received last
	until  time.Time
	tcp    bool
	stray  bool // packets came that answer nothing
}

// run ends when no question waits, the time is up or the socket fails; whatever then still waits has its trouble.
func (c *conversation) run(ctx context.Context) {
	conn, err := c.dial(ctx)
	if err != nil {
		c.fail(err)
		return
	}
	defer conn.Close()
	past := time.Unix(1, 0)
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(past) })()
	wait := func(until time.Time) {
		_ = conn.SetDeadline(until)
		if ctx.Err() != nil { // AfterFunc's deadline may have just been overwritten
			_ = conn.SetDeadline(past)
		}
	}
	wait(c.until)
	if !c.tcp {
		c.began = time.Now() // what making the socket took is no server's
	}
	if c.asked.IsZero() {
		c.asked = c.began
	}
	for i := range c.qs {
		if q := &c.qs[i]; q.waiting {
			if err := c.send(conn, q); err != nil {
				c.fail(err)
				return
			}
		}
	}
	for graced := false; c.waiting(); {
		msg, err := c.receive(conn)
		if err != nil {
			c.fail(err)
			return
		}
		q := c.match(msg)
		switch {
		case q == nil:
			c.stray = true // a forger's, or late: it must not end the question (RFC 5452)
			continue
		case !q.waiting: // a copy of what it was answered
			continue
		case !q.plain && (msg[3]&0xf == dns.RcodeFormatError || msg[3]&0xf == dns.RcodeNotImplemented):
			q.plain = true // a server that knows no EDNS0 (RFC 6891, section 7)
			if err := c.send(conn, q); err != nil {
				c.fail(err)
				return
			}
			continue
		case msg[2]&0x02 != 0 && !c.tcp:
			q.waiting, q.truncated = false, true
		default:
			kind, rcode := q.take(msg, c.server)
			c.tried(q, kind, rcode)
		}
		if !graced && (q.truncated || q.enough()) {
			graced = true
			wait(c.graceEnd())
		}
	}
}

// graceEnd is when to stop waiting for the rest, now that there is enough: see grace.
func (c *conversation) graceEnd() time.Time {
	now := time.Now()
	return earlier(c.until, now.Add(max(grace, now.Sub(c.began))))
}

// dial opens the socket, from a port of its own for each exchange (RFC 5452, section 9.2). A connected UDP socket takes
// packets from this server only, and hears of a closed port.
func (c *conversation) dial(ctx context.Context) (net.Conn, error) {
	if c.tcp {
		// A deadline that the dialer is given besides does not count where ctx has the same and keeps it for nobody.
		ctx, cancel := context.WithDeadline(ctx, c.until)
		defer cancel()
		return new(net.Dialer).DialContext(ctx, "tcp", c.server.String())
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.server))
	switch {
	case err == nil:
		if raw, err := conn.SyscallConn(); err == nil {
			_ = raw.Control(arrival.Ask)
		}
		return conn, nil
	case errors.Is(err, syscall.EAGAIN):
		return nil, fmt.Errorf("no local UDP port is free: %w", syscall.EADDRNOTAVAIL)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("no local address to ask %v from: %w", c.server, syscall.ENETUNREACH)
	}
	return nil, err
}

// send packs a question anew and sends it, over TCP behind its length (RFC 7766).
func (c *conversation) send(conn net.Conn, q *question) error {
	for again := true; again; {
		if err := q.pack(); err != nil {
			return err
		}
		again = false
		for i := range c.qs {
			other := &c.qs[i]
			again = again || other != q && other.waiting && other.id == q.id
		}
	}
	packet := q.query
	if c.tcp {
		packet = append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
	}
	_, err := conn.Write(packet)
	return err
}

// receive reads one message. It is valid until the next one is read.
func (c *conversation) receive(conn net.Conn) ([]byte, error) {
	buffer := c.work.buffer[:]
	if !c.tcp {
		n, told, _, _, err := conn.(*net.UDPConn).ReadMsgUDPAddrPort(buffer, c.work.control[:])
		if err != nil {
			return nil, err
		}
		c.came = arrival.Of(c.work.control[:told], c.began, time.Now())
		return buffer[:n], nil
	}
	defer func() { c.came = time.Now() }()
	if _, err := io.ReadFull(conn, buffer[:2]); err != nil {
		return nil, err
	}
	if n := int(binary.BigEndian.Uint16(buffer)); n <= len(buffer) {
		buffer = buffer[:n]
	} else {
		buffer = make([]byte, n)
	}
	if _, err := io.ReadFull(conn, buffer); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buffer, nil
}

func (c *conversation) waiting() bool {
	for i := range c.qs {
		if c.qs[i].waiting {
			return true
		}
	}
	return false
}

// match finds the question that a message answers, one that waits before one that has its answer; nil when it answers none.
func (c *conversation) match(msg []byte) (answered *question) {
	for i := range c.qs {
		switch q := &c.qs[i]; {
		case len(q.query) == 0 || !q.answeredBy(msg):
		case q.waiting:
			return q
		default:
			answered = q
		}
	}
	return answered
}

// fail ends what still waits.
func (c *conversation) fail(err error) {
	kind := Unreachable
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		kind = Malformed
	case errors.Is(err, os.ErrDeadlineExceeded) && c.stray:
		kind, err = Malformed, errStray
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		kind, err = Timeout, context.DeadlineExceeded
	}
	c.came = time.Now()
	for i := range c.qs {
		if q := &c.qs[i]; q.waiting {
			q.trouble(c.server, kind, "", err)
			c.tried(q, kind, "")
		}
	}
}

// tried lists what came of a question.
func (c *conversation) tried(q *question, kind Kind, rcode string) {
	c.told = c.came
	if q.try < 0 {
		return
	}
	t := &c.answer.Tried[q.try]
	t.Kind, t.Rcode, t.Addrs, t.TCP = kind, rcode, len(q.addrs), c.tcp
	t.Took = c.came.Sub(c.began).Truncate(time.Microsecond)
}
