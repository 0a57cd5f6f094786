package echo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// plain is what GET / is measured against: a net/http handler that sends the same headers and a body of the same length,
// and knows nothing.
func plain(like *http.Response, body string) http.Handler {
	type pair struct{ name, value string }
	var headers []pair
	for name, values := range like.Header {
		if name != "Date" && name != "Content-Length" {
			headers = append(headers, pair{name, values[0]})
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, p := range headers {
			h.Set(p.name, p.value)
		}
		io.WriteString(w, body) // as in the documentation of net/http; the server notices a failure itself
	})
}

// discard is a ResponseWriter that costs next to nothing.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func BenchmarkHandler(b *testing.B) {
	s := New(Options{Identity: pod()})
	defer s.Close()
	request := func(ctx context.Context) *http.Request {
		r := httptest.NewRequestWithContext(ctx, "GET", "http://apache.localcluster/", nil)
		r.Header.Set("User-Agent", "curl/8.5.0")
		r.Header.Set("Accept", "*/*")
		return r
	}
	c := &conn{server: s, local: []string{"10.244.0.5:80"}}
	r := request(context.WithValue(context.Background(), connKey{}, c))
	like := httptest.NewRecorder()
	s.Handler().ServeHTTP(like, request(context.Background())) // without a connection of ours, so that it has all headers
	for name, h := range map[string]http.Handler{"plain": plain(like.Result(), like.Body.String()), "echo": s.Handler()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&discard{http.Header{}}, r)
			}
		})
	}
}

// BenchmarkLoopback has one client ask over one kept connection. The client is the same for both, as cheap as can be, and
// its CPU time is in the figure.
func BenchmarkLoopback(b *testing.B) {
	_, address := serve(b, Options{}, "127.0.0.1:0", nil)
	res, body := do(b, client(b, http1, nil), "GET", "http://"+address+"/", "")
	reference := &http.Server{Handler: plain(res, body), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- reference.Serve(ln) }()
	defer func() {
		reference.Close()
		<-done
	}()
	for _, server := range []struct{ name, address string }{{"plain", ln.Addr().String()}, {"echo", address}} {
		b.Run(server.name, func(b *testing.B) {
			c, err := net.Dial("tcp", server.address)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			request := []byte("GET / HTTP/1.1\r\nHost: apache.localcluster\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n")
			answer := make([]byte, 4096)
			before := cpu()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				n, err := c.Read(answer)
				if err != nil || !strings.HasSuffix(string(answer[:n]), "connection\n") {
					b.Fatalf("%q, %v", answer[:n], err)
				}
			}
			b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is the CPU time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprint("getrusage: ", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
