package abuse

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// polite is who calls httpd all the while as a prober does: at its own pace, one request at a time, by new connections and by kept
// ones, over HTTP/1.1 and h2c. Each request must be answered 200, by the pod.
type polite struct {
	t       *testing.T
	address string
	dials   atomic.Int64 // for the connections that are kept
	count   atomic.Int64
	worst   atomic.Int64 // nanoseconds
	ended   sync.WaitGroup
	cancel  context.CancelFunc
	stopped sync.Once
}

// patience is how long an answer may take before it counts as none. It is generous: the machine is busy with both ends of the abuse.
const patience = bound

// callPolitely begins to call. The test's end is the calls' end, too.
func callPolitely(t *testing.T, address string) *polite {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &polite{t: t, address: address, cancel: cancel}
	kept := func(set func(*http.Protocols)) *http.Transport {
		tr := &http.Transport{Protocols: new(http.Protocols), DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			p.dials.Add(1)
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		}}
		set(tr.Protocols)
		return tr
	}
	for what, tr := range map[string]*http.Transport{
		"a new connection": {DisableKeepAlives: true},
		"a kept one":       kept(func(p *http.Protocols) { p.SetHTTP1(true) }),
		"h2c":              kept(func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }),
	} {
		p.ended.Go(func() {
			defer tr.CloseIdleConnections()
			again := time.NewTicker(20 * time.Millisecond)
			defer again.Stop()
			for n := 0; ; n++ {
				if err := p.ask(tr, n%2 == 1); err != nil {
					t.Errorf("the polite client, over %s, after %d answers: %v", what, p.count.Load(), err)
					return
				}
				select {
				case <-again.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	t.Cleanup(func() { p.stop() })
	return p
}

// ask is one request, which says something every other time. It is not cut off when the test ends: it is to be answered.
func (p *polite) ask(tr *http.Transport, body bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.address+"/", nil)
	want := "name:       " + podName + "\n"
	if body {
		req, err = http.NewRequestWithContext(ctx, "PUT", "http://"+p.address+"/echo", strings.NewReader("a few words"))
		want = "\na few words\n"
	}
	if err != nil {
		return err
	}
	began := time.Now()
	res, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != 200 || res.Header.Get("Pod-Name") != podName || !strings.Contains(string(b), want) {
		return fmt.Errorf("%s, from %q: %q", res.Status, res.Header.Get("Pod-Name"), b)
	}
	p.count.Add(1)
	took := int64(time.Since(began))
	for worst := p.worst.Load(); took > worst && !p.worst.CompareAndSwap(worst, took); worst = p.worst.Load() {
	}
	return nil
}

// wantMore waits until it has got so many more answers: httpd is in a state in which it answers.
func (p *polite) wantMore(n int64) {
	p.t.Helper()
	from := p.count.Load()
	eventually(p.t, fmt.Sprintf("the polite client gets %d more answers", n), func() bool { return p.t.Failed() || p.count.Load() >= from+n })
}

// stop ends the calls, and waits for the answers of the last ones.
func (p *polite) stop() {
	p.stopped.Do(func() {
		p.cancel()
		p.ended.Wait()
		p.t.Logf("the polite client got %d answers, the slowest after %v", p.count.Load(), time.Duration(p.worst.Load()).Round(time.Millisecond))
	})
}

// wantKept ends the calls, and wants that httpd has closed none of the connections that are kept. The transport replaces one without telling.
func (p *polite) wantKept() {
	p.t.Helper()
	p.stop()
	if n := p.dials.Load(); n != 2 {
		p.t.Errorf("the polite client made %d connections to keep, want one of HTTP/1.1 and one of h2c", n)
	}
}

// crowd opens connections to httpd, from several addresses so that ports last.
type crowd struct {
	t       *testing.T
	address string
	unless  *atomic.Bool // true when failures to connect are no news any more; nil for never
	dialed  atomic.Uint32
	mu      sync.Mutex
	open    []net.Conn
}

// newCrowd has all its connections closed at the test's end.
func newCrowd(t *testing.T, address string) *crowd {
	c := &crowd{t: t, address: address}
	t.Cleanup(c.leave)
	return c
}

// dial opens one more. It fails while httpd's backlog is full, and so it is tried again until bound.
func (c *crowd) dial(ctx context.Context) (*net.TCPConn, error) {
	from := net.TCPAddr{IP: net.IPv4(127, 7, 0, byte(1+c.dialed.Add(1)%16))}
	d := net.Dialer{LocalAddr: &from, Timeout: bound}
	conn, err := d.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	tcp.SetLinger(0) // its end leaves nothing behind that would keep the port
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, tcp)
	return tcp, nil
}

// each opens n connections, some at a time, and does with each what do says, until it returns.
func (c *crowd) each(n int, do func(int, *net.TCPConn)) {
	c.t.Helper()
	var all sync.WaitGroup
	next := atomic.Int64{}
	for range 32 {
		all.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				conn, err := c.dial(c.t.Context())
				if err != nil && c.unless != nil && c.unless.Load() {
					return
				}
				if err != nil {
					c.t.Errorf("connection %d: %v", i, err)
					return
				}
				do(i, conn)
			}
		})
	}
	all.Wait()
}

// still is how many of the connections httpd has not closed, as far as it shows.
func (c *crowd) still() (open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := conn.Read(make([]byte, 4096)); err == nil || isTimeout(err) {
			open++
		}
	}
	return open
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// leave closes all of them.
func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		conn.Close()
	}
	c.open = nil
}
