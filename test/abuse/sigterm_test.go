package abuse

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// asked is a request that was sent whole, on a connection of its own.
type asked struct {
	what string
	conn net.Conn
	r    *bufio.Reader
}

// ask connects from the i-th of the asking addresses, and sends first, of which it reads the answer, and last, of which it does not.
func ask(t *testing.T, address string, i int, what, first, last string) (*asked, error) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, 0, byte(1+i))}, Timeout: bound}
	conn, err := d.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { conn.Close() })
	a := &asked{what, conn, bufio.NewReader(conn)}
	if first != "" {
		io.WriteString(conn, first)
		if err := a.answered(); err != nil {
			return nil, err
		}
	}
	conn.SetWriteDeadline(time.Now().Add(bound))
	_, err = io.WriteString(conn, last)
	return a, err
}

func (a *asked) answered() error {
	a.conn.SetReadDeadline(time.Now().Add(bound))
	res, err := http.ReadResponse(a.r, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != 200 || res.Header.Get("Pod-Name") != podName {
		return fmt.Errorf("%s from %q", res.Status, res.Header.Get("Pod-Name"))
	}
	return nil
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// askers is how many addresses have a request of each kind in flight when the signal comes.
const askers = 40

// inFlight sends requests of all kinds, each whole, and returns when all are sent.
func inFlight(t *testing.T, address string) (all []*asked) {
	t.Helper()
	const post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	var asking sync.WaitGroup
	var mu sync.Mutex
	for i := range askers {
		for _, kind := range []struct{ what, first, last string }{
			{"held back by a delay", "", "GET /echo?delay=2s HTTP/1.1\r\nHost: a\r\n\r\n"},
			{"a body on a kept connection", get, post},
			{"on a new connection", "", get},
		} {
			asking.Go(func() {
				a, err := ask(t, address, i, kind.what, kind.first, kind.last)
				if err != nil {
					t.Errorf("%s, before SIGTERM: %v", kind.what, err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, a)
			})
		}
	}
	asking.Wait()
	return all
}

// wantAnswers waits for all answers, and wants each of them.
func wantAnswers(t *testing.T, all []*asked) {
	t.Helper()
	answers := 0
	for _, a := range all {
		if err := a.answered(); err != nil {
			t.Errorf("lost, %s: %v", a.what, err)
		} else {
			answers++
		}
	}
	t.Logf("%d requests were in flight at SIGTERM, %d were answered", len(all), answers)
}

func TestSIGTERMLosesNoRequestInFlight(t *testing.T) {
	h := start(t, 0)
	all := inFlight(t, h.address)
	h.cmd.Process.Signal(syscall.SIGTERM)
	wantAnswers(t, all)
	if status := h.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// All of it at once, and SIGTERM in the middle of it.
func TestAllAtOnceAndThenSIGTERM(t *testing.T) {
	const wait = 20 * time.Second // in which a busy machine answers all that is in flight
	h := start(t, 0, "--shutdown-timeout="+wait.String())
	p := callPolitely(t, h.address)
	ctx, stop := context.WithCancel(t.Context())
	var abuse sync.WaitGroup
	over := atomic.Bool{}
	idlers, slowlings := newCrowd(t, h.address), newCrowd(t, h.address)
	idlers.each(idle, func(i int, conn *net.TCPConn) {
		if i%2 == 0 {
			io.WriteString(conn, get)
		}
	})
	var kinds []string
	for _, s := range slowness {
		kinds = append(kinds, s.first)
	}
	slowlings.each(slow, func(i int, conn *net.TCPConn) {
		conn.SetReadBuffer(4096)
		conn.SetWriteDeadline(time.Now().Add(bound))
		io.WriteString(conn, kinds[i%len(kinds)])
	})
	noisy := newCrowd(t, h.address)
	noisy.unless = &over
	abuse.Go(func() {
		for !over.Load() {
			noise(t, noisy, 200)
			noisy.leave()
		}
	})
	abuse.Go(func() { storm(t, ctx, h.address, 1_000_000) })
	defer abuse.Wait()
	defer over.Store(true)
	defer stop()

	p.wantMore(100)
	h.wantAlive(h.cgroup.limit)
	p.stop()
	all := inFlight(t, h.address)
	over.Store(true)
	stop() // what the storm has open stays open until its connections time out or httpd closes them
	h.cmd.Process.Signal(syscall.SIGTERM)
	signalled := time.Now()
	wantAnswers(t, all)
	if status := h.end(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if took := time.Since(signalled); took > wait+bound {
		t.Errorf("it took %v to end", took)
	} else {
		t.Logf("it ended %v after SIGTERM", took.Round(time.Millisecond))
	}
}
