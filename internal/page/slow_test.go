package page_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes: a write waits until the other side reads, as on a connection that is full.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.conns) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestWhoDoesNotReadHoldsUpNobodyAndIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, round := steady("httpd")
		s := show(options, nil, target)
		ln := &pipes{conns: make(chan net.Conn)}
		server := &http.Server{Handler: s.Handler()}
		var serving sync.WaitGroup
		serving.Go(func() { server.Serve(ln) })
		ours, theirs := net.Pipe()
		ln.conns <- theirs
		if _, err := ours.Write([]byte("GET /api/v1/events?target=httpd HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s.Watching() != 1 {
			t.Fatalf("%d watch", s.Watching())
		}
		before := time.Now()
		for seq := uint64(1); seq <= 2000; seq++ {
			s.observe(t, round(seq))
		}
		if waited := time.Since(before); waited != 0 {
			t.Errorf("rounds waited for %v", waited)
		}
		time.Sleep(11 * time.Second) // the clock of the test
		synctest.Wait()
		if s.Watching() != 0 {
			t.Error("still watching after 11s without reading")
		}
		ours.Close()
		server.Close()
		serving.Wait()
	})
}

// turnstile is a watcher that takes a write only when it is let through.
type turnstile struct {
	*httptest.ResponseRecorder
	pass, wrote chan struct{}
}

func (w *turnstile) Write(p []byte) (int, error) {
	w.wrote <- struct{}{}
	<-w.pass
	return w.ResponseRecorder.Write(p)
}
func (w *turnstile) SetWriteDeadline(time.Time) error { return nil }

func TestWhoIsTooSlowForWhatHappensGetsEverythingAnew(t *testing.T) {
	target, round := steady("httpd")
	s := show(options, nil, target)
	ctx, cancel := context.WithCancel(t.Context())
	w := &turnstile{httptest.NewRecorder(), make(chan struct{}), make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events?target=httpd", nil))
	}()
	<-w.wrote // the snapshot is on its way
	for seq := uint64(1); seq <= 1000; seq++ {
		s.observe(t, round(seq))
	}
	w.pass <- struct{}{}
	<-w.wrote
	w.pass <- struct{}{}
	<-w.wrote // whatever it is
	cancel()
	close(w.pass)
	<-ended
	b := &browser{t: t, in: reader(w.Body)}
	for _, ok := b.next(); ok; _, ok = b.next() {
	}
	if len(b.resets) != 1 || !strings.Contains(b.resets[0], "too slow") || b.target["seq"].(float64) != 1000 {
		t.Errorf("resets %q, round %v", b.resets, b.target["seq"])
	}
}

func TestABeatComesWhenNothingElseDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, _ := steady("httpd")
		s := show(options, nil, target)
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(deadlines{w}, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events", nil))
		b := &browser{t: t, in: reader(w.Body), beats: true}
		beats := 0
		for m, ok := b.next(); ok; m, ok = b.next() {
			if m.event == "beat" {
				beats++
			}
			if m.event == "beat" && m.id != "" {
				t.Errorf("a beat with the id %q", m.id)
			}
		}
		if beats != 5 { // at once, and every two seconds
			t.Errorf("%d beats in 9s", beats)
		}
	})
}

type deadlines struct{ *httptest.ResponseRecorder }

func (deadlines) SetWriteDeadline(time.Time) error { return nil }
