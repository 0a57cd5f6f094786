package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"callbyname/internal/page"
)

// lastWords is how long those who watch have to hear that the prober stops.
const lastWords = time.Second

// listen opens what --listen names. It returns nil for no address: nothing is served then.
func listen(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	ln, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("--listen %q: %w: give another port, or none with --listen=", address, err)
	}
	return nil, fmt.Errorf("--listen %q: must be an address to listen on, such as :8080, or nothing for no page: %w", address, err)
}

// routes are what is served.
func routes(p *page.Page) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", p.Handler())
	return mux
}

// server serves in the background what --listen names.
type server struct {
	http *http.Server
	done chan struct{} // closed when nothing is served any more
}

// serve begins to serve on ln, until stop. When the listener fails, stderr says so, and the probing goes on.
func serve(ln net.Listener, h http.Handler, stderr io.Writer) *server {
	s := &server{done: make(chan struct{}), http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // streams set their own for each write
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // of connections that never became a request
	}}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(stderr, "prober: the page is no longer served, and probing goes on: %v\n", err)
		}
	}()
	return s
}

// stop ends it, and with it all connections.
func (s *server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close() // who has not gone by now is cut off
	}
	<-s.done
}

// address is where a browser finds what a listener serves.
func address(ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "http://" + host + ":" + port
}
