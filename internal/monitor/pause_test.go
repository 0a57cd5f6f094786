//go:build linux

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

			// believed is a probe whose outcome counts; those that the machine of the test starves by itself do not.
			believed := func(when string) {
				t.Helper()
				for range 10 {
					c.serve(accept().(*net.TCPConn))
					if got, void := p.round(); !void {
						if got != string(c.want) {
							t.Fatalf("%s the stop: %q, want %q", when, got, c.want)
						}
						return
					}
				}
				t.Fatalf("%s the stop no probe is believed", when)
			}
			believed("before")

			conn := accept().(*net.TCPConn)
			p.stop()
			c.serve(conn)
			time.Sleep(1300 * ms) // how long it is stopped, nothing that is waited for
			p.cmd.Process.Signal(syscall.SIGCONT)
			got, _ := p.round()
			if want := "void paused"; got != want && !(c.want == probe.OK && got == "ok") {
				t.Errorf("across the stop: %q, want %q", got, want)
			}
			believed("after")
		})
	}
}

func TestATimeoutOfAStarvedProberIsNoFailureOfTheTarget(t *testing.T) {
	addr, accept := listen(t)
	// One thread runs Go code, and a loop in which nothing else can run keeps it during the second probe.
	p := startProber(t, addr, hogEnv+"=1", "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
	accept()
	if got, void := p.round(); got != string(probe.ResponseTimeout) && !void {
		t.Fatalf("before the hog: %q, want a timeout", got)
	}
	accept()
	if got, _ := p.round(); got != "void starved" {
		t.Errorf("with the hog: %q, want void starved", got)
	}
	for range 10 {
		accept()
		if got, _ := p.round(); got == string(probe.ResponseTimeout) {
			return
		}
	}
	t.Errorf("after the hog no timeout is believed")
}
