package probe

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

var keepalive = Approach{Name: "keepalive", KeepAlive: true}

func TestConnectionIsKeptWhileItIsGood(t *testing.T) {
	answered := func(reused bool) Result { return Result{Outcome: OK, Status: 200, Reused: reused} }
	anew := []Result{answered(false), answered(false)}
	again := []Result{answered(false), answered(true), answered(true)}
	for _, test := range []struct {
		name   string
		server func(*net.TCPConn)
		method string
		want   []Result
		dialed int32
	}{
		{name: "a body with a length", server: replies(hello), want: again, dialed: 1},
		{
			name:   "chunks",
			server: replies("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
			want:   again, dialed: 1,
		},
		{
			name: "the headers alone of a long body", method: "HEAD",
			server: replies("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"),
			want:   again, dialed: 1,
		},
		{
			name:   "an old server that keeps connections",
			server: replies("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
			want:   again, dialed: 1,
		},
		{
			name:   "an old server",
			server: replies("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
			want:   anew, dialed: 2,
		},
		{
			name:   "a server that will close",
			server: replies("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
			want:   anew, dialed: 2,
		},
		{name: "a body up to the end", server: reply("HTTP/1.1 200 OK\r\n\r\nhello"), want: anew, dialed: 2},
		{name: "more than the answer", server: replies(hello + "HTTP/1.1 4"), want: anew, dialed: 2},
		{
			name:   "a failure",
			server: replies("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
			want: []Result{
				{Outcome: HTTPStatus, Status: 500, Detail: "500 Oh"},
				{Outcome: HTTPStatus, Status: 500, Detail: "500 Oh"},
			},
			dialed: 2,
		},
		{
			// net/http's client would send the request again, and report that all is well.
			name: "a reset instead of the second answer is a failure, and not tried again",
			server: func(c *net.TCPConn) {
				r := bufio.NewReader(c)
				readRequest(r)
				io.WriteString(c, hello)
				readRequest(r)
				c.SetLinger(0)
			},
			want: []Result{
				answered(false),
				{Outcome: Reset, Errno: "ECONNRESET", Detail: "read: connection reset by peer", Reused: true},
				answered(false),
			},
			dialed: 2,
		},
		{
			name: "an end instead of the second answer is a failure, and not tried again",
			server: func(c *net.TCPConn) {
				r := bufio.NewReader(c)
				readRequest(r)
				io.WriteString(c, hello)
				readRequest(r)
			},
			want: []Result{
				answered(false),
				{Outcome: Closed, Detail: "the connection was closed before an answer", Reused: true},
				answered(false),
			},
			dialed: 2,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var dialed atomic.Int32
			pin := serve(t, func(c *net.TCPConn) {
				dialed.Add(1)
				test.server(c)
			})
			target := targetAt(t, "http://target.invalid/")
			target.Method = test.method
			c := newClient(t, target, keepalive, Options{Timeout: ample})
			for _, want := range test.want {
				want.Addr = pin
				checkResult(t, c.Probe(t.Context(), pin), want)
			}
			if got := dialed.Load(); got != test.dialed {
				t.Errorf("%d connections, want %d", got, test.dialed)
			}
		})
	}
}

// The promise: what reached this machine before a probe began is noticed in it, and costs a new connection, no failure.
func TestWhatHappenedToAnIdleConnectionIsNoticed(t *testing.T) {
	for name, happen := range map[string]func(*net.TCPConn){
		"closed":     func(c *net.TCPConn) { c.Close() },
		"reset":      func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
		"half shut":  func(c *net.TCPConn) { c.CloseWrite() },
		"told of it": func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idle, happened := make(chan struct{}, 1), make(chan struct{}, 1)
			pin := serve(t, func(c *net.TCPConn) {
				reply(hello)(c)
				select {
				case <-idle:
				case <-t.Context().Done():
					return
				}
				happen(c)
				happened <- struct{}{}
				hold(c)
			})
			c := newClient(t, targetAt(t, "http://target.invalid/"), keepalive, Options{Timeout: ample})
			for range 3 {
				checkResult(t, c.Probe(t.Context(), pin), Result{Outcome: OK, Addr: pin, Status: 200})
				idle <- struct{}{}
				await(t, happened)
			}
		})
	}
}

func TestOtherPinIsAnotherConnection(t *testing.T) {
	gone := make(chan struct{})
	first := serve(t, func(c *net.TCPConn) {
		replies(hello)(c)
		close(gone)
	})
	second := serve(t, replies(hello))
	c := newClient(t, targetAt(t, "http://target.invalid/"), keepalive, Options{Timeout: ample})
	checkResult(t, c.Probe(t.Context(), first), Result{Outcome: OK, Addr: first, Status: 200})
	checkResult(t, c.Probe(t.Context(), second), Result{Outcome: OK, Addr: second, Status: 200})
	await(t, gone)
	checkResult(t, c.Probe(t.Context(), second), Result{Outcome: OK, Addr: second, Status: 200, Reused: true})
}

func TestClosedClientDialsAnew(t *testing.T) {
	pin := serve(t, replies(hello))
	c := newClient(t, targetAt(t, "http://target.invalid/"), keepalive, Options{Timeout: ample})
	for range 2 {
		checkResult(t, c.Probe(t.Context(), pin), Result{Outcome: OK, Addr: pin, Status: 200})
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A server may answer and hang up before the request arrives: nobody lost anything then.
func TestAnswerCountsThoughTheRequestDidNotArrive(t *testing.T) {
	for name, test := range map[string]struct {
		sent string
		want Result
	}{
		"a complete one": {sent: hello, want: Result{Outcome: OK, Status: 200}},
		"half of one": {
			sent: hello[:20],
			want: Result{Outcome: Reset, Errno: "ECONNRESET", Detail: "write: connection reset by peer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			taken, left := make(chan struct{}), make(chan struct{})
			pin := serve(t, func(c *net.TCPConn) {
				<-taken
				io.WriteString(c, test.sent)
				c.SetLinger(0)
				c.Close()
				close(left)
			})
			client := newClient(t, targetAt(t, "http://target.invalid/"), keepalive, Options{Timeout: ample})
			p := client.begin()
			if f := p.connect(t.Context(), pin); f != nil {
				t.Fatal(f)
			}
			close(taken)
			await(t, left)
			f := p.exchange(t.Context())
			test.want.Addr = pin
			checkResult(t, p.end(f), test.want)
			if p.leave(); client.kept != nil {
				t.Error("the connection counts as good")
			}
		})
	}
}

// deaf is a connection that goes on whatever its deadline is.
type deaf struct {
	net.Conn
	answer *strings.Reader
}

func (d deaf) Read(b []byte) (int, error)  { return d.answer.Read(b) }
func (d deaf) Write(b []byte) (int, error) { return len(b), nil }

// The stop of a prober ends the deadline of a connection at any moment, after the answer too.
func TestAConnectionThatTheStopHasReachedIsNotKept(t *testing.T) {
	at := serve(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	c := newClient(t, targetAt(t, "http://target.invalid/"), keepalive, Options{Timeout: ample})
	for _, stopped := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		p := c.begin()
		if f := p.connect(ctx, at); f != nil {
			t.Fatal(f)
		}
		if stopped {
			cancel()
		}
		p.conn.Conn = deaf{p.conn.tcp, strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")}
		if f := p.exchange(ctx); f != nil || p.reusable == stopped {
			t.Errorf("stopped: %v; %v, to be used again: %v", stopped, f, p.reusable)
		}
		p.conn.tcp.Close()
		p.release()
		cancel()
	}
}
