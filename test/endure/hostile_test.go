package endure

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"callbyname/internal/probe"
)

// rude is a target that answers as no server should, and what that may come to.
type rude struct {
	name  string
	serve func(c net.Conn)
	want  probe.Outcome
}

// again writes the same until nobody listens, or for two seconds.
func again(c net.Conn, b string, pause time.Duration) {
	for {
		if _, err := io.WriteString(c, b); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

// rudeTargets are those. All connections end after two seconds.
func rudeTargets() []rude {
	const ok = "HTTP/1.1 200 OK\r\n"
	big, chunk := strings.Repeat("x", 64<<10), "10000\r\n"+strings.Repeat("x", 1<<16)+"\r\n"
	begun := func(head, rest string, pause time.Duration) func(net.Conn) {
		return func(c net.Conn) {
			io.WriteString(c, head)
			again(c, rest, pause)
		}
	}
	const slow = 100 * time.Millisecond
	return []rude{
		{"silent", func(c net.Conn) { io.Copy(io.Discard, c) }, probe.ResponseTimeout},
		{"headers-without-end", begun(ok, "X-Header: x\r\n", 0), probe.BadResponse},
		{"a-header-without-end", begun(ok+"X-Header: ", big, 0), probe.BadResponse},
		{"a-status-without-end", begun("HTTP/1.1 200 ", big, 0), probe.BadResponse},
		{"interim-without-end", begun("", "HTTP/1.1 103 Early Hints\r\n\r\n", 0), probe.BadResponse},
		{"a-body-without-end", begun(ok+"\r\n", big, 0), probe.BadResponse},
		{"chunks-without-end", begun(ok+"Transfer-Encoding: chunked\r\n\r\n", chunk, 0), probe.BadResponse},
		{"trailers-without-end", begun(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-Trailer: x\r\n", 0), probe.BadResponse},
		{"a-chunk-extension-without-end", begun(ok+"Transfer-Encoding: chunked\r\n\r\n1;", big, 0), probe.BadResponse},
		{"more-than-it-could-read", begun(ok+"Content-Length: 9000000000000000000\r\n\r\n", big, 0), probe.BadResponse},
		{"bytes-of-a-header", begun(ok+"X-Header: ", "x", slow), probe.ResponseTimeout},
		{"bytes-of-a-body", begun(ok+"Content-Length: 1000\r\n\r\n", "x", slow), probe.ResponseTimeout},
		{"noise", begun("", "\x00\xff\x1b[2J", 0), probe.BadResponse},
	}
}

// serveRudely serves on a port of its own until the test ends.
func serveRudely(t *testing.T, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(2 * time.Second))
				if _, err := c.Read(make([]byte, 4096)); err == nil {
					serve(c)
				}
			})
		}
	})
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// The prober is told that it has no more than 24 MiB, a memory limit that it must not need more than.
func TestTargetsThatNeverEndHarmNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := rudeTargets()
	flags := []string{w.config("httpd"), "--interval=1s", "--timeout=900ms"}
	for _, r := range all {
		addr := serveRudely(t, r.serve)
		flags = append(flags, fmt.Sprintf("--target=%s=http://%s:%d,ip=%s", r.name, host, addr.Port(), addr.Addr()))
	}
	log := logFile(t)
	command := prober(log, flags...)
	command.Env = append(os.Environ(), "GOMEMLIMIT=24MiB")
	p := start(t, command)
	wellAfter(t, log.Name(), "httpd", 0, 10)
	for _, r := range all {
		eventually(t, "rounds of "+r.name, func() bool { return hearFile(t, log.Name()).seq(r.name) >= 5 })
	}
	peak := p.peak()
	p.end(0, "")
	h := hearFile(t, log.Name())
	h.innocent(w.witness, "httpd")
	for _, r := range all {
		h.only(w.witness, r.name, r.want)
	}
	if peak > 64 {
		t.Errorf("the prober took %d MiB", peak)
	}
	t.Logf("%d MiB: %v", peak, h.count("", 0))
}
