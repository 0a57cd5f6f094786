package probe

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
)

// ample is a timeout that is never over; brief is one that a test waits for.
const (
	ample = 20 * time.Second
	brief = 300 * time.Millisecond
)

var ip = Approach{Name: "ip"}

// targetAt is a target with a host that no resolver knows: only what is dialled can answer.
func targetAt(t testing.TB, rawURL string) Target {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return Target{Name: "t", URL: u}
}

func newClient(t testing.TB, target Target, a Approach, o Options) *Client {
	t.Helper()
	c, err := NewClient(&target, &a, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// probeIP makes one pinned probe of an HTTP target.
func probeIP(t *testing.T, pin netip.AddrPort, timeout time.Duration) Result {
	t.Helper()
	return newClient(t, targetAt(t, "http://target.invalid/"), ip, Options{Timeout: timeout}).Probe(t.Context(), pin)
}

// serve listens on a loopback address and handles each connection in its own goroutine; handle's connection is closed
// when it returns, and at the end of the test at the latest.
func serve(t testing.TB, handle func(*net.TCPConn)) netip.AddrPort {
	t.Helper()
	return serveOn(t, "127.0.0.1:0", handle)
}

func serveOn(t testing.TB, addr string, handle func(*net.TCPConn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		conns []net.Conn
	)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return addrPort(l.Addr())
}

func addrPort(a net.Addr) netip.AddrPort { return netip.MustParseAddrPort(a.String()) }

// await waits for something that has happened already, or is about to.
func await[T any](t *testing.T, happened <-chan T) (what T) {
	t.Helper()
	select {
	case what = <-happened:
	case <-time.After(ample):
		t.Fatal("it does not happen")
	}
	return what
}

// readRequest reads one request without a body; false when there is none.
func readRequest(r *bufio.Reader) (*http.Request, bool) {
	request, err := http.ReadRequest(r)
	return request, err == nil
}

// reply reads a request and answers it with these bytes.
func reply(answer string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		if _, ok := readRequest(bufio.NewReader(c)); ok {
			c.Write([]byte(answer))
		}
	}
}

// replies answers each request of a connection.
func replies(answer string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		for r := bufio.NewReader(c); ; {
			if _, ok := readRequest(r); !ok {
				return
			}
			c.Write([]byte(answer))
		}
	}
}

// hold is what a server does that goes on without a word, until the client has hung up.
func hold(c net.Conn) {
	for b := make([]byte, 512); ; {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// replyAndHold answers a request and goes on without a word.
func replyAndHold(answer string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		reply(answer)(c)
		hold(c)
	}
}

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

// failedDial is the result of a probe whose only address took no connection.
func failedDial(pin netip.AddrPort, outcome Outcome, errno, detail string) Result {
	return Result{
		Outcome: outcome, Errno: errno, Detail: detail, Addr: pin, Failed: []Attempt{{Addr: pin, Outcome: outcome}},
	}
}

// checkResult compares everything but durations, which it checks against each other.
func checkResult(t *testing.T, got, want Result) {
	t.Helper()
	checkSound(t, got)
	if p := got.Phases; p.Connect == 0 && !got.Reused && p.TLS+p.Write+p.FirstByte+p.Read > 0 {
		t.Errorf("an answer without a connection: %+v", p)
	}
	got.Phases, got.Total, want.Phases, want.Total = Phases{}, 0, Phases{}, 0
	got.Failed = slices.Clone(got.Failed)
	for i := range got.Failed {
		got.Failed[i].Took = 0
	}
	if got.Answer != nil && want.Answer != nil {
		a := *got.Answer
		a.Took, a.Tried = 0, nil
		got.Answer = &a
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("probed\n  %s\nwant\n  %s", show(got), show(want))
	}
}

// checkSound checks what holds for any result at all.
func checkSound(t testing.TB, r Result) {
	t.Helper()
	if !slices.Contains(Outcomes, r.Outcome) || r.Outcome == WrongPod {
		t.Errorf("the outcome %q is not a probe's", r.Outcome)
	}
	if (r.Outcome == Void) != (r.Reason != "") {
		t.Errorf("the outcome %q has the reason %q", r.Outcome, r.Reason)
	}
	if (r.Outcome == OK) != (r.Detail == "") {
		t.Errorf("the outcome %q has the detail %q", r.Outcome, r.Detail)
	}
	if strings.ContainsFunc(r.Detail, func(c rune) bool { return !unicode.IsPrint(c) }) || len(r.Detail) > maxDetail {
		t.Errorf("the detail %q is not a line to show", r.Detail)
	}
	p := r.Phases
	phases := []time.Duration{p.Resolve, p.Connect, p.TLS, p.Write, p.FirstByte, p.Read}
	var sum time.Duration
	for _, d := range append(phases, r.Total) {
		if d < 0 || d%time.Microsecond != 0 {
			t.Errorf("%v is no whole number of microseconds", d)
		}
	}
	for _, d := range phases {
		sum += d
	}
	if sum > r.Total {
		t.Errorf("the phases %+v are longer than the total, %v", p, r.Total)
	}
}

func show(r Result) string {
	var b strings.Builder
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			if f.Kind() == reflect.Pointer {
				f = f.Elem()
			}
			fmt.Fprintf(&b, "%s: %+v  ", v.Type().Field(i).Name, f)
		}
	}
	return b.String()
}

// serveHTTP runs a server on a loopback address, with TLS when it has a TLSConfig.
func serveHTTP(t testing.TB, server *http.Server) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail are what some tests are about
	var wg sync.WaitGroup
	wg.Go(func() {
		if server.TLSConfig != nil {
			server.ServeTLS(l, "", "")
		} else {
			server.Serve(l)
		}
	})
	t.Cleanup(func() {
		server.Close()
		wg.Wait()
	})
	return addrPort(l.Addr())
}
