// Package echo is httpd: an HTTP server that says which pod answered, on GET / in words and on every answer in headers,
// and that echoes requests below /echo, shaped as the query asks. It stands on labstack/echo and net/http. It never
// logs: one observer is told of every answer. Flags, signals and the order of a shutdown are left to cmd/httpd.
package echo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"callbyname/internal/identity"
)

// Limits that no option changes. The ones of shaping stand in shape.go.
const (
	maxShown = 64 << 10 // bytes of a request's body that /echo shows; more is counted
	// slack is what net/http reads beyond MaxHeader, so that the handler gets to say 431 itself.
	slack      = 8 << 10
	maxStreams = 100 // concurrent requests on one HTTP/2 connection
	// buffers is what the kernel may keep of a connection in each direction, and what an HTTP/2 client may send before it is read.
	buffers = 64 << 10
	// settling is for how long a shutdown looks for requests that were sent and not read yet.
	settling = 3 * time.Second
	// quiet is how many looks in a row must find none: for some microseconds one cannot be seen, between accept(2) or read(2) and the note of it.
	quiet = 5
)

// Options are what a Server is made of. A zero duration or size means the default that stands beside it.
type Options struct {
	Identity      identity.Identity
	MaxBody       int64         // bytes of a request's body; 1 MiB
	MaxHeader     int           // bytes of a request's line and headers; 32 KiB
	HeaderTimeout time.Duration // from the first byte (of a new connection: from its start) to the end of the headers; 10s
	ReadTimeout   time.Duration // the same to the end of the body; 30s
	WriteTimeout  time.Duration // from the end of the headers to the end of the answer, a delay asked for not counted; 60s
	IdleTimeout   time.Duration // between two requests on a connection; 60s
	// MaxConnections is how many there may be at once, but for the admin listener's; 20,000. A further one takes the place of the one
	// that keeps the server waiting longest.
	MaxConnections int
	// Observe is told of every answer, after it, from the goroutine that gave it. Nil for nobody.
	Observe func(Record)
	// Metrics answers GET /metrics; nil for no such path.
	Metrics http.Handler
	// ErrorLog gets what net/http has to say of connections that never became a request. Nil for nobody.
	ErrorLog *log.Logger
}

// Record is one answer, as an access log wants it. All strings but Proto come from outside, unchecked.
type Record struct {
	Method string // empty when net/http refused the request before it was read whole, and then Path and Host are too
	Path   string // as it was sent, without the query
	Route  string // what of the server's own Path led to: "/", "/echo/*"; empty for none
	Host   string
	Proto  string // "HTTP/1.1"
	Client string // address and port
	Status int
	Bytes  int64 // of the answer's body, as written
	Took   time.Duration
	Admin  bool // it came in on the admin listener
	// Err is why the answer is not whole, or was never given; nil when all is well.
	Err error
}

// Server answers on any number of listeners. The zero Server is not usable.
type Server struct {
	options Options
	encoder *identity.Encoder
	rows    []row // of the identity
	told    atomic.Bool
	drains  atomic.Bool
	active  atomic.Int64
	fixed   fixed
	scratch sync.Pool // of *scratch
	answers sync.Pool // of *[]byte, for conn.Write
	seats   *seats
	room    room

	mu        sync.Mutex
	listeners []*listener // with seats

	handler, admin *http.Server
	cancel         context.CancelFunc // ends the context of all requests
}

// New makes a server that is ready and has no listener yet. Whoever makes one closes it.
func New(o Options) *Server {
	setDefault(&o.MaxBody, 1<<20)
	setDefault(&o.MaxHeader, 32<<10)
	setDefault(&o.HeaderTimeout, 10*time.Second)
	setDefault(&o.ReadTimeout, 30*time.Second)
	setDefault(&o.WriteTimeout, 60*time.Second)
	setDefault(&o.IdleTimeout, 60*time.Second)
	setDefault(&o.MaxConnections, 20_000)
	if o.Observe == nil {
		o.Observe = func(Record) {}
	}
	s := &Server{options: o, encoder: identity.NewEncoder(o.Identity), rows: identityRows(o.Identity), fixed: newFixed(),
		seats: newSeats(o.MaxConnections), room: newRoom(o)}
	s.scratch.New = func() any { return new(scratch) }
	s.answers.New = func() any { return new([]byte) }
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.handler = s.server(ctx, s.routes())
	s.admin = s.server(ctx, s.adminRoutes())
	return s
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// server is net/http's with every limit set. It speaks HTTP/1 and HTTP/2, the latter by prior knowledge (h2c) or, where
// [Server.ServeTLS] lies beneath, by ALPN.
func (s *Server) server(ctx context.Context, h http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:                      h,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            s.options.HeaderTimeout,
		ReadTimeout:                  s.options.ReadTimeout,
		WriteTimeout:                 s.options.WriteTimeout,
		IdleTimeout:                  s.options.IdleTimeout,
		MaxHeaderBytes:               s.options.MaxHeader + slack,
		Protocols:                    &protocols,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams, WriteByteTimeout: s.options.WriteTimeout,
			MaxReadFrameSize: buffers / 4, MaxReceiveBufferPerConnection: buffers, MaxReceiveBufferPerStream: buffers},
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: connContext,
		ConnState:   connState,
		ErrorLog:    s.options.ErrorLog,
	}
}

// Handler is what the listeners serve, for use with a server of one's own. Then the answers that net/http gives itself
// are without identity, and connections count no requests.
func (s *Server) Handler() http.Handler { return s.handler.Handler }

// Serve answers HTTP/1 and h2c on ln until Shutdown or Close, and then returns [http.ErrServerClosed]. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	return s.serve(&listener{Listener: ln, server: s})
}

// ServeTLS is Serve over TLS 1.2 or later; HTTP/2 is agreed on by ALPN. The config needs a certificate.
func (s *Server) ServeTLS(ln net.Listener, config *tls.Config) error {
	config = config.Clone()
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.NextProtos = []string{"h2", "http/1.1"}
	return s.serve(&listener{Listener: ln, server: s, tls: config})
}

func (s *Server) serve(ln *listener) error {
	limitBuffers(ln.Listener)
	s.mu.Lock()
	s.listeners = append(s.listeners, ln)
	s.mu.Unlock()
	return s.handler.Serve(ln)
}

// ServeAdmin answers on a listener that only the pod's owner can reach: the state of readiness on GET /, and POST or PUT to
// /ready and /unready change it.
func (s *Server) ServeAdmin(ln net.Listener) error {
	return s.admin.Serve(&listener{Listener: ln, server: s, admin: true})
}

// Ready reports what /readyz and the Pod-Ready header say.
func (s *Server) Ready() bool { return !s.told.Load() && !s.drains.Load() }

// SetReady makes the server unready, or ready again unless it drains.
func (s *Server) SetReady(ready bool) { s.told.Store(!ready) }

// Drain makes the server unready for good. It goes on answering, and asks with each answer that the connection be
// closed.
func (s *Server) Drain() { s.drains.Store(true) }

// Draining reports whether the server is unready for good.
func (s *Server) Draining() bool { return s.drains.Load() }

// Active is the number of requests that are being answered.
func (s *Server) Active() int64 { return s.active.Load() }

// Connections are how many there are, but for the admin listener's, and how many had to go for others since the start.
func (s *Server) Connections() (open int, evicted uint64) { return s.seats.connections() }

// Shutdown stops accepting, and waits until the requests in flight are answered, those among them that have been sent and not
// been read yet. When ctx ends first it cuts them off and returns an error that counts them and unwraps to the context's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.settle(ctx)
	err := s.handler.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("waiting for %d requests in flight: %w", s.Active(), err)
	}
	return errors.Join(err, s.Close())
}

// settle waits until handlers have the requests that clients had sent when it was called: what lies unread in the kernel is
// lost when a listener or an idle connection is closed, and net/http takes a connection for idle until a request was read whole. Each
// connection has one more request at most, since it is asked to close by now. Whoever sends half a request is not waited for long.
func (s *Server) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for looks := 0; looks < quiet; looks++ {
		if s.pending() {
			looks = -1
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) pending() bool {
	s.mu.Lock()
	listeners := s.listeners
	s.mu.Unlock()
	for _, ln := range listeners {
		if unread(ln.Listener) {
			return true
		}
	}
	return s.seats.wanted() || slices.ContainsFunc(s.seats.seated(), (*conn).pending)
}

// Close ends everything at once.
func (s *Server) Close() error {
	s.cancel()
	return errors.Join(s.handler.Close(), s.admin.Close())
}
