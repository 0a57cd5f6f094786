package echo

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"callbyname/internal/identity"
)

// listener makes every connection a *conn.
type listener struct {
	net.Listener
	server *Server
	tls    *tls.Config // nil for none
	admin  bool
	closed bool // guarded by the seats
}

func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, raw: raw, server: l.server, secure: l.tls != nil, admin: l.admin}
	if !l.admin {
		c.seats = l.server.seats
		if !c.seats.take(c, &l.closed) {
			return nil, errors.Join(net.ErrClosed, raw.Close())
		}
	}
	c.local = identity.Local(addrPort(raw.LocalAddr()))
	if c.secure {
		c.Conn = tls.Server(raw, l.tls)
	}
	return c, nil
}

// Close also ends the search for a seat.
func (l *listener) Close() error {
	l.server.seats.mu.Lock()
	l.closed = true
	l.server.seats.freed.Broadcast()
	l.server.seats.mu.Unlock()
	return l.Listener.Close()
}

func addrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{}
}

// conn is a connection with what an answer says of it. It puts the identity into the answers of HTTP/1: the handlers' and those
// that net/http gives itself, before any handler: 400, 417, 431 and 501.
//
// TLS is hidden within it: net/http takes it for a plain connection that speaks HTTP/1 or HTTP/2, and tells them apart by
// the preface, as it does for h2c. So its own answers come by here in clear text, too.
type conn struct {
	net.Conn // of TLS, a *tls.Conn
	raw      net.Conn
	server   *Server
	seats    *seats // nil where there are none
	seat     seat
	secure   bool
	admin    bool
	local    []string // for identity.Encoder
	served   atomic.Int64
	stage    atomic.Int32 // of the answer to the request that came in last
	http2    atomic.Bool
	ready    bool // what a handler's answer on HTTP/1 says. The goroutine's that serves the connection, which is the one that writes, too.
	// asked is when the first of the bytes came in that no handler has yet, as [time.Time.UnixNano] has it; 0 for none. More of them do not
	// change it: who sends byte by byte gains nothing.
	asked atomic.Int64
	// plain is set by the first Read when the client did not speak TLS to a TLS listener.
	plain net.Conn
}

// The stages of an answer.
const (
	// unhandled is from one answer's end to a handler's having the next request: what is written then is an answer of net/http's own.
	unhandled int32 = iota
	handled         // a handler has it, and nothing was written
	begun           // what follows may look like anything; on HTTP/2, whose frames always may, for good
)

type connKey struct{}

func connContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connState is net/http's hook; idle means that an HTTP/1 answer is out, and what the handler left of the request's body is read.
func connState(c net.Conn, state http.ConnState) {
	if c := c.(*conn); state == http.StateIdle && !c.http2.Load() {
		c.stage.Store(unhandled)
		c.asked.Store(0)
	}
}

// connOf is the connection of a request, or an empty one when another server than ours accepted it.
func connOf(r *http.Request) *conn {
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		return c
	}
	return &conn{}
}

// begin counts a request that has reached a handler.
func (c *conn) begin(r *http.Request) {
	c.served.Add(1)
	c.asked.Store(0)
	if r.ProtoMajor == 2 {
		c.http2.Store(true)
		c.stage.Store(begun)
	} else {
		c.stage.Store(handled)
	}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.note()
	}
	if err != nil && c.secure && c.plain == nil {
		var not tls.RecordHeaderError
		if errors.As(err, &not) && not.Conn != nil && looksLikeHTTP(not.RecordHeader) {
			c.plain = not.Conn // net/http now says 400, and Write below whom to
		}
	}
	return n, err
}

// note says that something has come in.
func (c *conn) note() {
	if c.asked.Load() == 0 {
		c.asked.CompareAndSwap(0, time.Now().UnixNano())
	}
}

// Close gives the connection's seat to others.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.seats.leave(c)
	return err
}

// idle reports whether the last answer is out, and nothing came in after it.
func (c *conn) idle() bool {
	return c.asked.Load() == 0 && (c.stage.Load() == unhandled || c.http2.Load()) && !unread(c.raw)
}

// pending reports whether the client has sent something that no handler has got yet. On HTTP/2 it is not known of what was
// read already: most frames are no requests.
func (c *conn) pending() bool {
	return c.asked.Load() != 0 && !c.http2.Load() || unread(c.raw)
}

// looksLikeHTTP tells a client that forgot the s in https from noise.
func looksLikeHTTP(first [5]byte) bool {
	switch string(first[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH":
		return true
	}
	return false
}

// identify has the answer to r, whose header is h, say who gives it. On HTTP/1 it is left to the connection: net/http would sort the
// header, and write it line by line.
func (s *Server) identify(c *conn, r *http.Request, h http.Header, ready bool) {
	if c.server != nil && r.ProtoMajor == 1 {
		c.ready = ready
	} else {
		s.encoder.Set(h, c.local, ready)
	}
}

// Write puts the identity behind the status line of an answer. net/http writes that line at the beginning of a Write: it flushes each
// answer, and before that each interim one.
func (c *conn) Write(p []byte) (int, error) {
	w := c.Conn
	if c.plain != nil {
		w = c.plain
	}
	stage, ready := c.stage.Load(), c.ready
	if stage == begun || interim(p) {
		return w.Write(p)
	}
	if stage == handled {
		c.stage.Store(begun)
	} else {
		ready = c.server.Ready()
	}
	line, rest, ok := bytes.Cut(p, []byte("\r\n"))
	if !ok || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return w.Write(p)
	}
	buffer := c.server.answers.Get().(*[]byte)
	defer c.server.answers.Put(buffer)
	*buffer = append(append((*buffer)[:0], line...), "\r\n"...)
	*buffer = append(c.server.encoder.Append(*buffer, c.local, ready), rest...)
	if c.plain != nil {
		*buffer = append(*buffer, ": this port speaks TLS, so use https\n"...) // the body ends with the connection
	}
	_, err := w.Write(*buffer)
	if stage == unhandled {
		c.server.options.Observe(c.refused(line, rest, err))
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// interim reports whether p is an answer that another one follows (RFC 9110, section 15.2): 100 Continue.
func interim(p []byte) bool {
	return bytes.HasPrefix(p, []byte("HTTP/1.1 1"))
}

// refused is the record of an answer that net/http gave itself: its status line, and the rest.
func (c *conn) refused(line, rest []byte, err error) Record {
	r := Record{Proto: string(line[:len("HTTP/1.1")]), Client: c.RemoteAddr().String(), Admin: c.admin, Err: err}
	if err != nil {
		return r // nobody got it: a TLS handshake that failed, for one
	}
	if f := bytes.Fields(line); len(f) > 1 {
		r.Status, _ = strconv.Atoi(string(f[1])) // net/http wrote it
	}
	if _, body, ok := bytes.Cut(rest, []byte("\r\n\r\n")); ok {
		r.Bytes = int64(len(body))
	}
	return r
}

// CloseWrite lets net/http hang up so that the client still reads the last answer.
func (c *conn) CloseWrite() error {
	c.seats.linger(c)
	w := c.Conn
	if c.plain != nil {
		w = c.plain
	}
	if half, ok := w.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
