package echo

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// slow starts a request that the server holds back for a minute, and returns when a handler has it.
func slow(t *testing.T, s *Server, c *http.Client, url string) (result <-chan error, cancel func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", url+"/echo?delay=1m", nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		res, err := c.Do(req)
		if err == nil {
			err = errors.Join(errors.New("answered"), res.Body.Close())
		}
		done <- err
	}()
	until(t, func() bool { return s.Active() == 1 })
	return done, cancel
}

// until polls.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never")
		}
	}
}

func TestADelayEndsWhenTheClientLeaves(t *testing.T) {
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		t.Run(name, func(t *testing.T) {
			journal := newJournal()
			s, address := serve(t, Options{Observe: journal.observe}, "127.0.0.1:0", nil)
			done, cancel := slow(t, s, client(t, protocols, nil), "http://"+address)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if r := journal.wait(t, 0); !errors.Is(r.Err, context.Canceled) || r.Status != 0 || r.Path != "/echo" {
				t.Errorf("record %+v", r)
			}
			until(t, func() bool { return s.Active() == 0 })
		})
	}
}

func TestADelayEndsWhenTheServerIsClosed(t *testing.T) {
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		t.Run(name, func(t *testing.T) {
			s, address := serve(t, Options{}, "127.0.0.1:0", nil)
			done, cancel := slow(t, s, client(t, protocols, nil), "http://"+address)
			defer cancel()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; err == nil || err.Error() == "answered" {
				t.Errorf("the client got %v", err)
			}
			until(t, func() bool { return s.Active() == 0 })
		})
	}
}

func TestADelayIsNoSlowClient(t *testing.T) {
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		t.Run(name, func(t *testing.T) {
			o := Options{HeaderTimeout: 300 * time.Millisecond, ReadTimeout: 300 * time.Millisecond, WriteTimeout: 300 * time.Millisecond}
			_, address := serve(t, o, "127.0.0.1:0", nil)
			start := time.Now()
			res, _ := do(t, client(t, protocols, nil), "POST", "http://"+address+"/echo?delay=700ms", "body")
			if took := time.Since(start); res.StatusCode != 200 || took < 700*time.Millisecond {
				t.Errorf("%v after %v", res.Status, took)
			}
		})
	}
}

func TestADrainingServerAnswersAndAsksToClose(t *testing.T) {
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		t.Run(name, func(t *testing.T) {
			s, address := serve(t, Options{}, "127.0.0.1:0", nil)
			c := client(t, protocols, nil)
			if res, _ := do(t, c, "GET", "http://"+address+"/readyz", ""); res.StatusCode != 200 || res.Close {
				t.Errorf("before: %v, close %v", res.Status, res.Close)
			}
			s.Drain()
			s.SetReady(true) // changes nothing any more
			for range 2 {
				res, body := do(t, c, "GET", "http://"+address+"/readyz", "")
				if res.StatusCode != 503 || !strings.Contains(body, "draining") || res.ProtoMajor == 1 && !res.Close {
					t.Errorf("%v %q, close %v", res.Status, body, res.Close)
				}
				wantIdentity(t, res.Header, address, false)
				res, body = do(t, c, "GET", "http://"+address+"/", "", "Accept: application/json")
				if who := decode[Who](t, body); res.StatusCode != 200 || who.Ready || who.Served != 1 {
					t.Errorf("%v %+v: want a new connection for each request", res.Status, who)
				}
				if res, _ := do(t, c, "GET", "http://"+address+"/healthz", ""); res.StatusCode != 200 {
					t.Errorf("draining, but alive: %v", res.Status)
				}
			}
		})
	}
}

func TestAShutdownWaitsForWhatIsInFlight(t *testing.T) {
	s, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c := client(t, http1, nil)
	answered := make(chan string, 1)
	go func() {
		res, err := c.Get("http://" + address + "/echo?delay=300ms")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		answered <- res.Status + string(b[:min(len(b), 6)]) + strings.Repeat("!", btoi(err != nil))
	}()
	until(t, func() bool { return s.Active() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := <-answered; got != "200 OKmethod" {
		t.Errorf("the request in flight got %q", got)
	}
	if c, err := net.Dial("tcp", address); err == nil {
		t.Error("the listener still accepts", c.Close())
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAShutdownDoesNotWaitForever(t *testing.T) {
	s, address := serve(t, Options{}, "127.0.0.1:0", nil)
	done, cancel := slow(t, s, client(t, http1, nil), "http://"+address)
	defer cancel()
	ctx, cancelShutdown := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelShutdown()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 requests") {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-done; err == nil || err.Error() == "answered" {
		t.Errorf("the client got %v", err)
	}
}

func TestAShutdownDoesNotWaitForABodyThatWasReadLongAgo(t *testing.T) {
	s, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c, r := from(t, "127.0.0.1", address)
	io.WriteString(c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
	until(t, func() bool { return s.Active() == 1 })
	exchange(t, c, r, "POST", "hello")
	until(t, func() bool { return !s.pending() })
}

func TestWhatWasSentBeforeAShutdownIsAnswered(t *testing.T) {
	// All is sent before the server accepts anything, so that it lies in the backlog.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const n = 100
	var conns []net.Conn
	var readers []*bufio.Reader
	for range n {
		c, r := from(t, "127.0.0.1", ln.Addr().String())
		io.WriteString(c, get)
		conns, readers = append(conns, c), append(readers, r)
	}
	s := New(Options{Identity: pod(), MaxConnections: 10})
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	until(t, func() bool { return open(s) > 0 })
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	for i, c := range conns {
		if res, _ := exchange(t, c, readers[i], "GET", ""); res.StatusCode != 200 {
			t.Errorf("%d: %v", i, res.Status)
		}
	}
}

func TestOnlyTheAdminListenerChangesReadiness(t *testing.T) {
	journal := newJournal()
	s, address := serve(t, Options{Observe: journal.observe}, "127.0.0.1:0", nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.ServeAdmin(ln) }()
	defer func() {
		s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	admin := ln.Addr().String()
	c := client(t, http1, nil)
	for _, step := range []struct {
		method, url string
		status      int
		ready       bool
		detail      string
		header      string
	}{
		{"GET", admin + "/", 200, true, "ready", "A: b"},
		{"POST", address + "/unready", 404, true, "nothing at /unready", "A: b"},
		{"POST", admin + "/unready", 403, true, "cross-origin", "Sec-Fetch-Site: cross-site"},
		{"GET", admin + "/unready", 405, true, "GET is not for /unready", "A: b"},
		{"POST", admin + "/unready", 200, false, "unready: told so", "A: b"},
		{"GET", address + "/readyz", 503, false, "unready: told so", "A: b"},
		{"GET", address + "/healthz", 200, false, "alive", "A: b"},
		{"GET", admin + "/", 503, false, "unready: told so", "A: b"},
		{"PUT", admin + "/ready", 200, true, "ready", "A: b"},
		{"GET", address + "/readyz", 200, true, "ready", "A: b"},
		{"GET", admin + "/echo", 404, true, "nothing at /echo", "A: b"},
	} {
		res, body := do(t, c, step.method, "http://"+step.url, "", "Accept: application/json", step.header)
		if got := decode[Message](t, body); res.StatusCode != step.status && step.url != admin+"/" || !strings.Contains(got.Detail, step.detail) ||
			got.Status != step.status {
			t.Errorf("%s %s: %v %+v", step.method, step.url, res.Status, got)
		}
		local, _, _ := strings.Cut(step.url, "/")
		wantIdentity(t, res.Header, local, step.ready)
	}
	if r := journal.wait(t, 0); !r.Admin || r.Path != "/" {
		t.Errorf("record %+v", r)
	}
	s.Drain()
	if res, body := do(t, c, "POST", "http://"+admin+"/ready", ""); res.StatusCode != 409 || !strings.Contains(body, "draining") {
		t.Errorf("ready while draining: %v %s", res.Status, body)
	}
	if res, _ := do(t, c, "POST", "http://"+admin+"/unready", ""); res.StatusCode != 200 {
		t.Errorf("unready while draining: %v", res.Status)
	}
}
