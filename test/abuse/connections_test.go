package abuse

import (
	"io"
	"net"
	"testing"
)

const (
	idle = 10_000 // connections that say nothing
	slow = 1_000  // connections that say something, and take their time
)

func TestTenThousandIdleConnectionsInThePodsMemory(t *testing.T) {
	h := start(t, 0)
	p := callPolitely(t, h.address)
	c := newCrowd(t, h.address)
	c.each(idle, func(i int, conn *net.TCPConn) {
		if i%2 == 0 { // half of them have been answered once, and are kept open
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		}
	})
	p.wantMore(100)
	h.wantAlive(h.cgroup.limit)
	p.wantKept()
}

// Where there is memory for them, all are kept: nobody has to go.
func TestTenThousandIdleAndAThousandSlowConnectionsAreAllKept(t *testing.T) {
	const memory = 384 << 20
	h := start(t, memory, "--max-connections=12000", "--header-timeout=5m", "--read-timeout=5m", "--idle-timeout=5m")
	p := callPolitely(t, h.address)
	idlers, slowlings := newCrowd(t, h.address), newCrowd(t, h.address)
	idlers.each(idle, func(i int, conn *net.TCPConn) {
		if i%2 == 0 { // half of them have been answered once
			io.WriteString(conn, get)
			io.ReadAtLeast(conn, make([]byte, 4096), 100)
		}
	})
	slowlings.each(slow, func(i int, conn *net.TCPConn) { io.WriteString(conn, slowness["headers"].first) })
	p.wantMore(100)
	if n := int(h.metric("callbyname_httpd_connections")); n < idle+slow {
		t.Errorf("httpd has %d connections", n)
	}
	if n := h.metric("callbyname_httpd_connections_evicted_total"); n > 0 {
		t.Errorf("%v had to go", n)
	}
	for what, c := range map[string]*crowd{"idle": idlers, "slow": slowlings} {
		if n := c.still(); n != len(c.open) {
			t.Errorf("%d of %d %s connections are still open", n, len(c.open), what)
		}
	}
	h.wantAlive(memory)
	p.wantKept()
}

// slowness is what a slow connection does at first, and then byte by byte.
var slowness = map[string]struct{ first, each string }{
	"headers":        {"GET / HTTP/1.1\r\nHost: a\r\n", "X-a: b\r\n"},
	"long headers":   {"GET / HTTP/1.1\r\nHost: a\r\nX: " + fill(30<<10), "x"},
	"body":           {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", "x"},
	"long body":      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + fill(100<<10), "x"},
	"chunked body":   {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
	"reader":         {"GET /echo?size=10485760 HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	"echo reader":    {"POST /echo HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nX: " + fill(30<<10) + "\r\nContent-Length: 65536\r\n\r\n" + fill(64<<10), ""},
	"pipeliner":      {pipeline(), ""},
	"delay":          {"GET /echo?delay=1m HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	"metrics reader": {"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", ""},
}

func fill(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return string(b)
}

func pipeline() (all string) {
	for range 100 {
		all += "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	}
	return all
}

func TestAThousandSlowConnections(t *testing.T) {
	for name, s := range slowness {
		t.Run(name, func(t *testing.T) {
			h := start(t, 0)
			p := callPolitely(t, h.address)
			c := newCrowd(t, h.address)
			c.each(slow, func(i int, conn *net.TCPConn) {
				conn.SetReadBuffer(4096)
				io.WriteString(conn, s.first) // httpd may have closed it already
			})
			for range 5 {
				for _, conn := range c.open {
					io.WriteString(conn, s.each)
				}
				p.wantMore(10)
			}
			h.wantAlive(h.cgroup.limit)
			p.wantKept()
		})
	}
}
