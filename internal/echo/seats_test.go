package echo

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
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

func TestAnHTTP2ConnectionThatWantsTooMuchAtOnceIsClosed(t *testing.T) {
	s, address := serve(t, Options{MaxConnections: 8}, "127.0.0.1:0", nil)
	greedy := client(t, h2c, nil)
	greedy.Timeout = 20 * time.Second
	do(t, greedy, "GET", "http://"+address+"/", "") // so that there is one connection for all
	results := make(chan error, 4)
	for range 4 { // one and a quarter of eight would be three
		go func() {
			res, err := greedy.Get("http://" + address + "/echo?delay=1m")
			if err == nil {
				err = errors.Join(errors.New(res.Status), res.Body.Close())
			}
			results <- err
		}()
	}
	for range 4 {
		if err := <-results; err == nil || strings.HasPrefix(err.Error(), "200") {
			t.Errorf("got %v", err)
		}
	}
	until(t, func() bool { return s.Active() == 0 && open(s) == 0 })
	if res, _ := do(t, client(t, h2c, nil), "GET", "http://"+address+"/", ""); res.StatusCode != 200 {
		t.Errorf("%v", res.Status)
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
