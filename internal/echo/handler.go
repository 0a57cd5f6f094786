package echo

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	labstack "github.com/labstack/echo/v4"
)

// routes are httpd's own paths.
func (s *Server) routes() http.Handler {
	e := s.mux(false)
	s.get(e, "/", s.who)
	s.get(e, "/healthz", s.healthz)
	s.get(e, "/readyz", s.readyz)
	if s.options.Metrics != nil {
		s.get(e, "/metrics", func(c labstack.Context) error {
			conn := connOf(c.Request())
			return conn.seats.wait(conn, func() error {
				s.options.Metrics.ServeHTTP(c.Response(), c.Request())
				return nil
			})
		})
	}
	// The handler for "no such route" gets every method there is, those that nobody has thought of included.
	e.RouteNotFound("/echo", s.echo)
	e.RouteNotFound("/echo/*", s.echo)
	return e
}

// adminRoutes are those of the admin listener.
func (s *Server) adminRoutes() http.Handler {
	e := s.mux(true)
	s.get(e, "/", func(c labstack.Context) error { return s.reply(c, http.StatusOK, s.state()) })
	for path, ready := range map[string]bool{"/ready": true, "/unready": false} {
		e.Match([]string{http.MethodPost, http.MethodPut}, path, s.set(ready))
	}
	return e
}

func (s *Server) get(e *labstack.Echo, path string, h labstack.HandlerFunc) {
	e.Match([]string{http.MethodGet, http.MethodHead}, path, h)
}

// mux is an empty one that surrounds its handlers with what all answers have.
func (s *Server) mux(admin bool) *labstack.Echo {
	e := labstack.New()
	forgery := http.NewCrossOriginProtection()
	e.Use(func(next labstack.HandlerFunc) labstack.HandlerFunc {
		return func(c labstack.Context) error {
			start := time.Now()
			s.active.Add(1)
			defer s.active.Add(-1)
			r, w := c.Request(), c.Response()
			conn := connOf(r)
			conn.begin(r)
			crowded := conn.seats.begin(conn)
			defer conn.seats.end(conn)
			h := w.Header()
			s.identify(conn, r, h, s.Ready())
			// RFC 9112, section 6.1, has a connection end with a request that has chunks and a length: others may take another part of it
			// for the next request. net/http drops the length without telling.
			if s.drains.Load() || len(r.TransferEncoding) > 0 || conn.seats.yields(conn) {
				h["Connection"] = s.fixed.closing
			}
			err := crowded // an answer would have to wait for the client, too
			if err == nil {
				err = s.admit(r)
			}
			if err == nil && admin {
				err = forbid(forgery.Check(r))
			}
			if err == nil {
				err = next(c)
			}
			if err != nil && !w.Committed {
				err = s.fail(c, err)
			}
			s.options.Observe(Record{
				Method: r.Method, Path: r.URL.EscapedPath(), Route: c.Path(), Host: r.Host, Proto: r.Proto, Client: r.RemoteAddr,
				Status: status(w), Bytes: w.Size, Took: time.Since(start), Admin: admin, Err: err,
			})
			if err != nil {
				panic(http.ErrAbortHandler) // cuts the connection or stream: half an answer must not look whole
			}
			return nil
		}
	})
	return e
}

// status is 0 when none was sent.
func status(w *labstack.Response) int {
	if !w.Committed {
		return 0
	}
	return w.Status
}

// failure is an error that the client is told, with its status.
type failure struct {
	status int
	detail string
}

func (f *failure) Error() string { return f.detail }

func fault(status int, format string, args ...any) *failure {
	return &failure{status, fmt.Sprintf(format, args...)}
}

// busy is the answer to a request that may find room a little later.
func (s *Server) busy(detail string) error {
	return fault(http.StatusServiceUnavailable, "%s; try again", detail)
}

func forbid(err error) error {
	if err == nil {
		return nil
	}
	return fault(http.StatusForbidden, "%v", err)
}

// admit refuses what no handler should see.
func (s *Server) admit(r *http.Request) error {
	if r.Host == "" && r.ProtoAtLeast(1, 1) {
		return fault(http.StatusBadRequest, "a request must name its host (RFC 9112, section 3.2)")
	}
	if headerSize(r) > s.options.MaxHeader {
		return fault(http.StatusRequestHeaderFieldsTooLarge, "the request line and headers may have %d bytes together", s.options.MaxHeader)
	}
	if r.ContentLength > s.options.MaxBody {
		return s.tooLarge()
	}
	return nil
}

func (s *Server) tooLarge() error {
	return fault(http.StatusRequestEntityTooLarge, "a body may have %d bytes", s.options.MaxBody)
}

// headerSize is what the request line and the headers take in HTTP/1, line ends included.
func headerSize(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host) + len("  \r\nHost: \r\n")
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// fail answers with an error, in the format that was asked for. An error that can't be told comes back.
func (s *Server) fail(c labstack.Context, err error) error {
	r := c.Request()
	var f *failure
	if !errors.As(err, &f) {
		var routed *labstack.HTTPError
		switch {
		case !errors.As(err, &routed):
			return err
		case r.Method == http.MethodOptions && r.URL.Path == "*":
			c.Response().Header().Set("Allow", methods)
			c.Response().WriteHeader(http.StatusNoContent)
			return nil
		case routed.Code == http.StatusMethodNotAllowed:
			f = fault(routed.Code, "%s is not for %s", r.Method, r.URL.Path)
		default:
			f = fault(routed.Code, "there is nothing at %s; try / or /echo", r.URL.Path)
		}
	}
	switch f.status {
	case http.StatusServiceUnavailable:
		c.Response().Header().Set("Retry-After", "1")
	case http.StatusRequestEntityTooLarge, http.StatusRequestTimeout, http.StatusRequestHeaderFieldsTooLarge:
		// What is left of the request is not worth waiting for.
		c.Response().Header()["Connection"] = s.fixed.closing
	}
	return s.reply(c, f.status, &Message{Status: f.status, Text: http.StatusText(f.status), Detail: f.detail})
}

// methods is what the server as a whole understands, for OPTIONS; below /echo others do as well.
const methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
