//go:build unix

package monitor

import (
	"net"
	"syscall"
	"testing"
	"time"

	"callbyname/internal/probe"
)

// listen is a server on loopback whose connections the test accepts itself, once each has sent something.
func listen(t *testing.T) (net.Addr, func() net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr(), func() net.Conn {
		t.Helper()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Read(make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func TestAStoppedProberIsNoFailureOfTheTarget(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(*net.TCPConn)
		want  probe.Outcome // of a prober that runs
	}{
		{"the server is silent", func(*net.TCPConn) {}, probe.ResponseTimeout},
		{"the server hangs up", func(c *net.TCPConn) { c.Close() }, probe.Closed},
		{"the server resets", func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, probe.Reset},
		{"the server answers", func(c *net.TCPConn) { c.Write([]byte("!")) }, probe.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			addr, accept := listen(t)
			p := startProber(t, addr)

			c.serve(accept().(*net.TCPConn))
			if got := p.round(); got != string(c.want) && got != "void starved" {
				t.Fatalf("before the stop: %q, want %q", got, c.want)
			}

			conn := accept().(*net.TCPConn)
			p.stop()
			c.serve(conn)
			time.Sleep(1300 * ms) // how long it is stopped, nothing that is waited for
			p.cmd.Process.Signal(syscall.SIGCONT)
			got := p.round()
			if want := "void paused"; got != want && !(c.want == probe.OK && got == "ok") {
				t.Errorf("across the stop: %q, want %q", got, want)
			}

			// Later failures are believed again.
			for {
				c.serve(accept().(*net.TCPConn))
				if got = p.round(); got != "void starved" {
					break
				}
			}
			if got != string(c.want) {
				t.Errorf("after the stop: %q, want %q", got, c.want)
			}
		})
	}
}

func TestATimeoutOfAStarvedProberIsNoFailureOfTheTarget(t *testing.T) {
	addr, accept := listen(t)
	// One thread runs Go code, and a loop that calls nothing keeps it until it ends.
	p := startProber(t, addr, hogEnv+"=1", "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
	for range 2 {
		accept()
		if got := p.round(); got != "response_timeout" && got != "void starved" {
			t.Fatalf("before the hog: %q, want response_timeout", got)
		}
	}
	accept()
	if got, want := p.round(), "void starved"; got != want {
		t.Errorf("with the hog: %q, want %q", got, want)
	}
	for range 5 {
		accept()
		if p.round() == "response_timeout" {
			return
		}
	}
	t.Errorf("after the hog no timeout is believed")
}
