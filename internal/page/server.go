package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"syscall"
	"time"
)

// lastWords is how long those who watch have to hear that it is over.
const lastWords = time.Second

// Listen opens the address that --listen names. It returns nil for an empty one: nothing is served then. Its error names the
// flag.
func Listen(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	ln, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("--listen %q: %w: give another port, or --listen= for no page", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("--listen %q: %w: ports below 1024 are not for everybody; :8080 needs no rights", address, err)
	}
	return nil, fmt.Errorf("--listen %q: must be an address to listen on, such as :8080, or empty for no page: %w", address, err)
}

// Server serves in the background.
type Server struct {
	http  *http.Server
	ended chan struct{} // closed when nothing is served any more
}

// Serve serves h on ln until Stop, and closes ln. When ln fails before, failed is told, in another goroutine.
func Serve(ln net.Listener, h http.Handler, failed func(error)) *Server {
	s := &Server{ended: make(chan struct{}), http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // streams set their own for each write
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // of connections that never became a request
	}}
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed(err)
		}
	}()
	return s
}

// Stop ends it. Who watches hears so first, if the Page was stopped before; who has not gone within a second is cut off.
func (s *Server) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close() // its error says no more
	}
	<-s.ended
}

// Address is where a browser on this machine finds what a listener serves.
func Address(ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
