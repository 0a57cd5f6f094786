package echo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// from connects to a server from one of the loopback addresses.
func from(t *testing.T, ip, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: 10 * time.Second}
	c, err := d.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, bufio.NewReader(c)
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// closed waits until the server has closed a connection, whatever came before.
func closed(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var late net.Error
	if _, err := io.Copy(io.Discard, c); errors.As(err, &late) && late.Timeout() {
		t.Error("the connection was not closed")
	}
}

func open(s *Server) int {
	n, _ := s.Connections()
	return n
}

func TestANewConnectionTakesTheSeatOfTheOneThatWaitsLongest(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 3}, "127.0.0.1:0", nil)
	var conns []net.Conn
	var readers []*bufio.Reader
	for range 3 {
		c, r := from(t, "127.0.0.1", address)
		exchange(t, c, r, "GET", get)
		conns, readers = append(conns, c), append(readers, r)
	}
	exchange(t, conns[0], readers[0], "GET", get) // so that the second one has waited longest
	c, r := from(t, "127.0.0.1", address)
	exchange(t, c, r, "GET", get)
	closed(t, conns[1])
	exchange(t, conns[2], readers[2], "GET", get)
	exchange(t, conns[0], readers[0], "GET", get)
	if n, evicted := s.Connections(); n != 3 || evicted != 1 {
		t.Errorf("%d connections, %d evicted", n, evicted)
	}
}

func TestWhoOpensManyConnectionsTakesSeatsFromItself(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 10}, "127.0.0.1:0", nil)
	polite, r := from(t, "127.0.0.1", address)
	exchange(t, polite, r, "GET", get)
	for range 50 {
		from(t, "127.0.0.2", address)
	}
	until(t, func() bool { _, evicted := s.Connections(); return evicted == 41 })
	exchange(t, polite, r, "GET", get)
}

func TestSlowRequestsMakeRoomWhateverTheyAreSlowAt(t *testing.T) {
	for name, request := range map[string]string{
		"headers": "GET / HTTP/1.1\r\nHost: a\r\nX",
		"body":    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx",
		"reading": "GET /echo?size=10485760 HTTP/1.1\r\nHost: a\r\n\r\n",
		"silence": "",
	} {
		t.Run(name, func(t *testing.T) {
			s, address := serve(t, Options{MaxConnections: 2}, "127.0.0.1:0", nil)
			handled := name == "body" || name == "reading"
			var first net.Conn
			for n := range 2 {
				c, _ := from(t, "127.0.0.2", address)
				if first == nil {
					first = c
				}
				io.WriteString(c, request)
				until(t, func() bool { return len(s.seats.seated()) == n+1 && (!handled || s.Active() == int64(n+1)) })
			}
			c, r := from(t, "127.0.0.1", address)
			if res, _ := exchange(t, c, r, "GET", get); res.StatusCode != 200 {
				t.Errorf("%v", res.Status)
			}
			closed(t, first)
		})
	}
}

// busy sends requests without a pause, the next before the last is answered, from so many connections, and makes new ones for those that the server closes, until the test ends.
func busy(t *testing.T, ip, address string, connections int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	t.Cleanup(func() { cancel(); all.Wait() })
	ask := func() {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
		c, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return
		}
		defer c.Close()
		defer context.AfterFunc(ctx, func() { c.Close() })()
		r := bufio.NewReader(c)
		io.WriteString(c, get+get+get)
		for {
			io.WriteString(c, get) // an error is the answer's, too
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.Close {
				return
			}
		}
	}
	for range connections {
		all.Go(func() {
			for ctx.Err() == nil {
				ask()
			}
		})
	}
}

func TestWhoKeepsManyConnectionsBusyMakesRoom(t *testing.T) {
	for name, idle := range map[string]int{"alone": 0, "besides others": 3} {
		t.Run(name, func(t *testing.T) {
			const most = 8
			s, address := serve(t, Options{MaxConnections: most}, "127.0.0.1:0", nil)
			for n := range idle {
				from(t, fmt.Sprintf("127.0.1.%d", 1+n), address)
			}
			until(t, func() bool { return open(s) == idle })
			busy(t, "127.0.0.2", address, most-idle)
			until(t, func() bool { return open(s) == most })
			for range 5 {
				c, r := from(t, "127.0.0.1", address)
				exchange(t, c, r, "GET", get)
				c.Close()
			}
		})
	}
}

func TestWhoHasLessThanItsShareIsNotAskedToMakeRoom(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 4}, "127.0.0.1:0", nil)
	few, fewReader := from(t, "127.0.0.3", address)
	exchange(t, few, fewReader, "GET", get)
	many, manyReader := from(t, "127.0.0.2", address)
	for range 2 {
		from(t, "127.0.0.2", address)
	}
	until(t, func() bool { return open(s) == 4 })
	s.seats.mu.Lock() // as if somebody sought a seat, and nobody had waited long enough to be evicted
	s.seats.seeking++
	s.seats.again = time.AfterFunc(time.Hour, s.seats.look)
	s.seats.mu.Unlock()
	if res, _ := exchange(t, few, fewReader, "GET", get); res.Close {
		t.Error("who has one of four is asked to close it")
	}
	if res, _ := exchange(t, many, manyReader, "GET", get); !res.Close {
		t.Error("who has three of four is not asked to close one")
	}
	s.seats.mu.Lock()
	defer s.seats.mu.Unlock()
	s.seats.seeking--
	s.seats.again.Stop()
	s.seats.again = nil
}

func TestWhoHasJustAskedKeepsItsSeatHoweverLongItWasIdle(t *testing.T) {
	s, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c, r := from(t, "127.0.0.1", address)
	exchange(t, c, r, "GET", get)
	until(t, func() bool { return len(s.seats.seated()) == 1 })
	server := s.seats.seated()[0]
	until(t, server.idle)
	long := time.Now().Add(-time.Hour)
	s.seats.mu.Lock()
	defer s.seats.mu.Unlock()
	server.seat.since = long
	if s.seats.victim() != server {
		t.Error("idle for an hour, and keeps its seat")
	}
	io.WriteString(c, "G")
	until(t, func() bool { return server.asked.Load() != 0 })
	if v := s.seats.victim(); v != nil && time.Since(time.Unix(0, server.asked.Load())) < patience {
		t.Error("the next request begins, and it has to go")
	}
	server.asked.Store(long.UnixNano())
	io.WriteString(c, "E")
	until(t, func() bool { return !unread(server.raw) })
	if s.seats.victim() != server {
		t.Error("an hour in a request's first line, and keeps its seat")
	}
}

func TestAPanicLeavesNoSeatBusy(t *testing.T) {
	s := newSeats(1)
	c := &conn{}
	c.seat.caller = &caller{}
	s.crowd.Push(c.seat.caller)
	func() {
		defer func() { recover() }()
		if err := s.begin(c); err != nil {
			t.Error(err)
		}
		defer s.end(c)
		s.wait(c, func() error { panic("no") })
	}()
	if c.seat.busy != 0 || c.seat.requests != 0 || !c.seat.waits {
		t.Errorf("%+v", c.seat)
	}
}

func TestARequestThatIsWorkedOnKeepsItsSeat(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 2}, "127.0.0.1:0", nil)
	held, r := from(t, "127.0.0.1", address)
	io.WriteString(held, "GET /echo?delay=500ms HTTP/1.1\r\nHost: a\r\n\r\n")
	until(t, func() bool { return s.Active() == 1 })
	for range 5 {
		c, r := from(t, "127.0.0.2", address)
		exchange(t, c, r, "GET", get)
	}
	if res, _ := exchange(t, held, r, "GET", ""); res.StatusCode != 200 {
		t.Errorf("%v", res.Status)
	}
}

func TestNotAllSeatsCanBeHeldByDelays(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 4}, "127.0.0.1:0", nil)
	for n := range 2 {
		c, _ := from(t, "127.0.0.2", address)
		io.WriteString(c, "GET /echo?delay=1m HTTP/1.1\r\nHost: a\r\n\r\n")
		until(t, func() bool { return s.Active() == int64(n+1) })
	}
	c, r := from(t, "127.0.0.2", address)
	res, body := exchange(t, c, r, "GET", "GET /echo?delay=1m HTTP/1.1\r\nHost: a\r\n\r\n")
	if res.StatusCode != 503 || res.Header.Get("Retry-After") != "1" || !strings.Contains(body, "held back") {
		t.Errorf("%v %v %q", res.Status, res.Header, body)
	}
	if res, _ := exchange(t, c, r, "GET", get); res.StatusCode != 200 {
		t.Errorf("%v", res.Status)
	}
}

func TestARequestTooManyOnAnHTTP2ConnectionIsResetAndNoOther(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 8}, "127.0.0.1:0", nil)
	greedy := client(t, h2c, nil)
	greedy.Timeout = 20 * time.Second
	do(t, greedy, "GET", "http://"+address+"/", "") // so that there is one connection for all
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held := make(chan error, 3)
	for n := range cap(held) { // one, and a quarter of eight
		req, err := http.NewRequestWithContext(ctx, "GET", "http://"+address+"/echo?delay=1m", nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			res, err := greedy.Do(req)
			if err == nil {
				err = errors.Join(errors.New(res.Status), res.Body.Close())
			}
			held <- err
		}()
		until(t, func() bool { return s.Active() == int64(n+1) })
	}
	if res, err := greedy.Get("http://" + address + "/"); err == nil {
		t.Error(res.Status, res.Body.Close())
	}
	cancel()
	for range cap(held) {
		if err := <-held; !errors.Is(err, context.Canceled) {
			t.Errorf("one of those that were not too many: %v", err)
		}
	}
	until(t, func() bool { return s.Active() == 0 })
	_, body := do(t, greedy, "GET", "http://"+address+"/", "", "Accept: application/json")
	if who := decode[Who](t, body); who.Served != 6 {
		t.Errorf("request %d of its connection, want 6 of one", who.Served)
	}
}

func TestWithoutRoomABodyIsCountedAndLessOfItShown(t *testing.T) {
	s, address := serve(t, Options{}, "127.0.0.1:0", nil)
	s.room.take(s.room.free)
	c := client(t, http1, nil)
	url := "http://" + address + "/echo"
	_, body := do(t, c, "POST", url, strings.Repeat("x", 100_000), "Accept: application/json")
	if got := decode[Request](t, body); got.BodyLength != 100_000 || got.Body != strings.Repeat("x", modest) || got.BodyNote != "cut after 4096 of 100000 bytes" {
		t.Errorf("%d bytes, %d shown, %q", got.BodyLength, len(got.Body), got.BodyNote)
	}
	_, body = do(t, c, "POST", url, strings.Repeat("x", 3000), "Accept: application/json")
	if got := decode[Request](t, body); got.BodyLength != 3000 || len(got.Body) != 3000 {
		t.Errorf("%d bytes, %d shown, %q", got.BodyLength, len(got.Body), got.BodyNote)
	}
	if res, body := do(t, c, "GET", url, "", "X: "+strings.Repeat("x", 5000)); res.StatusCode != 503 || !strings.Contains(body, "large requests") {
		t.Errorf("%v %q", res.Status, body)
	}
}

func TestThereIsRoomForTheLargestRequestHoweverFewConnections(t *testing.T) {
	_, address := serve(t, Options{MaxConnections: 1}, "127.0.0.1:0", nil)
	res, body := do(t, client(t, http1, nil), "POST", "http://"+address+"/echo", strings.Repeat("x", maxShown), "Accept: text/html", "X: "+strings.Repeat("y", 31<<10))
	if res.StatusCode != 200 || !strings.Contains(body, strings.Repeat("x", maxShown)) {
		t.Errorf("%v, %d bytes", res.Status, len(body))
	}
}

func TestRoomIsGivenBack(t *testing.T) {
	s, address := serve(t, Options{}, "127.0.0.1:0", nil)
	before := s.room.free
	c := client(t, http1, nil)
	for range 5 {
		do(t, c, "POST", "http://"+address+"/echo", strings.Repeat("x", 100_000))
		do(t, c, "POST", "http://"+address+"/echo?status=42", strings.Repeat("x", 100_000))
	}
	until(t, func() bool { return s.Active() == 0 })
	if s.room.free != before {
		t.Errorf("%d bytes of %d", s.room.free, before)
	}
}

func TestSeatsAreGivenBack(t *testing.T) {
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		t.Run(name, func(t *testing.T) {
			s, address := serve(t, Options{}, "127.0.0.1:0", nil)
			c := client(t, protocols, nil)
			for range 10 {
				do(t, c, "POST", "http://"+address+"/echo", "body")
			}
			c.CloseIdleConnections()
			until(t, func() bool { return open(s) == 0 })
			s.seats.mu.Lock()
			defer s.seats.mu.Unlock()
			if s.seats.taken != 0 || len(s.seats.crowd) != 0 || len(s.seats.callers) != 0 || s.seats.going != 0 || s.seats.shares != [shares]int{} {
				t.Errorf("left behind: %+v", s.seats)
			}
		})
	}
}
