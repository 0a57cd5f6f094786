package echo

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func TestEveryAnswerSaysWhoGaveIt(t *testing.T) {
	journal := newJournal()
	s, address := serve(t, Options{MaxBody: 1000, MaxHeader: 2000, Observe: journal.observe}, "127.0.0.1:0", nil)
	for n, tt := range []struct {
		name, method, request string
		status                int
		body                  string // in the answer
		refused               bool   // by net/http, before any handler
	}{
		{"root", "GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "pod-httpd", false},
		{"HEAD", "HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "", false},
		{"health", "GET", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200, "alive", false},
		{"readiness", "GET", "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", 200, "ready", false},
		{"HTTP/1.0 without Host", "GET", "GET / HTTP/1.0\r\n\r\n", 200, "(none)", false},
		{"absolute form", "GET", "GET http://b/echo HTTP/1.1\r\nHost: a\r\n\r\n", 200, "host:        b (a name)", false},
		{"no such path", "GET", "GET /nope HTTP/1.1\r\nHost: a\r\n\r\n", 404, "/nope", false},
		{"beside a path", "GET", "GET /healthz/ HTTP/1.1\r\nHost: a\r\n\r\n", 404, "", false},
		{"beside the echo", "GET", "GET /echoes HTTP/1.1\r\nHost: a\r\n\r\n", 404, "", false},
		{"no such method", "POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405, "POST", false},
		{"CONNECT", "GET", "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", 404, "", false},
		{"OPTIONS", "OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", 204, "", false},
		{"OPTIONS of the server", "OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204, "", false},
		{"any method on the echo", "FROB", "FROB /echo/x HTTP/1.1\r\nHost: a\r\n\r\n", 200, "FROB", false},
		{"a status asked for", "GET", "GET /echo?status=503 HTTP/1.1\r\nHost: a\r\n\r\n", 503, "", false},
		{"a wrong parameter", "GET", "GET /echo?status=42 HTTP/1.1\r\nHost: a\r\n\r\n", 400, `status="42"`, false},
		{"body too large", "POST", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413, "1000 bytes", false},
		{"chunked body too large", "POST", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
			strings.Repeat("x", 1001) + "\r\n0\r\n\r\n", 413, "1000 bytes", false},
		{"malformed chunk", "POST", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "reading the body", false},
		{"headers too large", "GET", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 2000) + "\r\n\r\n", 431, "2000 bytes", false},
		{"URI too large", "GET", "GET /" + strings.Repeat("x", 2000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431, "2000 bytes", false},
		{"empty Host", "GET", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "name its host", false},
		{"headers without end", "GET", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n", 431, "431", true},
		{"no Host", "GET", "GET / HTTP/1.1\r\n\r\n", 400, "missing required Host", true},
		{"two Hosts", "GET", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "400", true},
		{"noise", "GET", "\x16\x03\x01 what is this\r\n\r\n", 400, "400", true},
		{"a version from the future", "GET", "GET / HTTP/7.0\r\nHost: a\r\n\r\n", 505, "505", true},
		{"an unknown transfer encoding", "POST", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: pigeon\r\n\r\n", 501, "Unsupported", true},
		{"an unknown expectation", "GET", "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := raw(t, address, tt.method, tt.request)
			if res.StatusCode != tt.status || !strings.Contains(body, tt.body) || (tt.body == "") != (body == "") && tt.status < 400 {
				t.Errorf("got %d %q, want %d with %q", res.StatusCode, body, tt.status, tt.body)
			}
			wantIdentity(t, res.Header, address, s.Ready())
			record := journal.wait(t, n)
			if record.Status != tt.status || record.Err != nil || (record.Method == "") != tt.refused || record.Client == "" {
				t.Errorf("record %+v", record)
			}
			if tt.method != "HEAD" && record.Bytes != int64(len(body)) {
				t.Errorf("record of %d bytes, %d came", record.Bytes, len(body))
			}
		})
	}
}

func TestAnAllowHeaderSaysWhatWouldBeRight(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c := client(t, http1, nil)
	for _, tt := range []struct{ method, path, want string }{
		{"DELETE", "/", "OPTIONS, GET, HEAD"},
		{"OPTIONS", "/readyz", "OPTIONS, GET, HEAD"},
		{"OPTIONS", "/echo/x", methods},
		{"OPTIONS", "/echo?header=Allow:GET", "GET"},
	} {
		res, _ := do(t, c, tt.method, "http://"+address+tt.path, "")
		if got := res.Header.Get("Allow"); got != tt.want {
			t.Errorf("%s %s: Allow %q, want %q", tt.method, tt.path, got, tt.want)
		}
	}
}

func TestHEADIsGETWithoutTheBody(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		c := client(t, protocols, nil)
		for _, path := range []string{"/", "/healthz", "/nope", "/echo?size=100000"} {
			get, body := do(t, c, "GET", "http://"+address+path, "", "Accept: application/json")
			head, none := do(t, c, "HEAD", "http://"+address+path, "", "Accept: application/json")
			if none != "" || head.StatusCode != get.StatusCode || head.ContentLength != int64(len(body)) {
				t.Errorf("%s %s: GET %d with %d bytes, HEAD %d with Content-Length %d and %q",
					name, path, get.StatusCode, len(body), head.StatusCode, head.ContentLength, none)
			}
		}
	}
}

func TestErrorsComeInTheFormatThatWasAskedFor(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c := client(t, http1, nil)
	_, body := do(t, c, "GET", "http://"+address+"/%3Cb%3E%1b[2J", "")
	if want := "status: 404 Not Found\ndetail: \"there is nothing at /<b>\\x1b[2J; try / or /echo\"\n"; body != want {
		t.Errorf("text %q, want %q", body, want)
	}
	_, body = do(t, c, "GET", "http://"+address+"/nope", "", "Accept: application/json")
	if got, want := decode[Message](t, body), (Message{404, "Not Found", "there is nothing at /nope; try / or /echo"}); got != want {
		t.Errorf("JSON %+v, want %+v", got, want)
	}
	res, body := do(t, c, "GET", "http://"+address+"/%3Cb%3E%1b[2J", "", "Accept: text/html")
	if strings.Contains(body, "<b>") || strings.Contains(body, "\x1b") || !strings.Contains(body, "&lt;b&gt;") {
		t.Errorf("HTML %s", body)
	}
	if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("header %v", res.Header)
	}
}

func TestABodyIsNotReadWhereNobodyWantsIt(t *testing.T) {
	_, address := serve(t, Options{MaxBody: 10}, "127.0.0.1:0", nil)
	// With "Expect: 100-continue" the refusal is the first thing that the client hears.
	res, _ := raw(t, address, "PUT", "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
	if res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
		t.Errorf("got %v, close %v", res.Status, res.Close)
	}
}

// A client can make the echo repeat what looks like the start of an answer. Wherever net/http cuts the real one in pieces, only its own
// first line may be taken for it, or the length would be wrong.
func TestAnEchoThatLooksLikeAnAnswerIsLeftAlone(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	const line = "HTTP/1.1 400 Bad Request\r\n"
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		c := client(t, protocols, nil)
		for shift := range len(line) {
			body := line[shift:] + strings.Repeat(line, 400)
			_, got := do(t, c, "POST", "http://"+address+"/echo", body)
			if !strings.HasSuffix(got, "\n\n"+body+"\n") {
				t.Errorf("%s: the body came back changed", name)
			}
		}
	}
}

func TestAKeptConnectionIsClosedWhenItIsIdle(t *testing.T) {
	_, address := serve(t, Options{IdleTimeout: 50 * time.Millisecond}, "127.0.0.1:0", nil)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for range 2 {
		if res, _ := exchange(t, c, r, "GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); res.Close {
			t.Error("the connection was not kept")
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the timeout: %v", err)
	}
}

// drip sends a request's beginning, and then a byte every few milliseconds until the server has enough.
func drip(t *testing.T, address, beginning string) (answer string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		_, err := io.WriteString(c, beginning)
		for err == nil {
			select {
			case <-tick.C:
				_, err = io.WriteString(c, "x")
			case <-stop:
				return
			}
		}
	}()
	b, err := io.ReadAll(c)
	close(stop)
	<-stopped
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Fatalf("never cut off: %v", err)
	}
	return string(b)
}

func TestAClientThatSendsByteAfterByteIsCutOff(t *testing.T) {
	_, address := serve(t, Options{HeaderTimeout: 400 * time.Millisecond, ReadTimeout: 600 * time.Millisecond}, "127.0.0.1:0", nil)
	if got := drip(t, address, "GET / HTTP/1.1\r\nHost: a\r\nX: "); got != "" {
		t.Errorf("headers: %q", got)
	}
	if got := drip(t, address, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 408 ") ||
		!strings.Contains(got, "Pod-Name: pod-httpd\r\n") || !strings.Contains(got, "did not come in 600ms") {
		t.Errorf("body: %q", got)
	}
	r, w := io.Pipe()
	defer w.Close()
	req, err := http.NewRequest("POST", "http://"+address+"/echo", r)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client(t, h2c, nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusRequestTimeout {
		t.Errorf("body over HTTP/2: %v", res.Status)
	}
	wantIdentity(t, res.Header, address, true)
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	// Where nobody reads the body, it is not waited for either.
	if got := drip(t, address, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("body that nobody reads: %q", got)
	}
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	journal := newJournal()
	_, address := serve(t, Options{WriteTimeout: 100 * time.Millisecond, Observe: journal.observe}, "127.0.0.1:0", nil)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /echo?size=%d HTTP/1.1\r\nHost: a\r\n\r\n", maxSize)
	if r := journal.wait(t, 0); !errors.Is(r.Err, os.ErrDeadlineExceeded) || r.Status != 200 || r.Bytes >= maxSize {
		t.Errorf("record %+v", r)
	}
}

func TestNothingAfterChunksIsTakenForARequest(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	for _, length := range []string{"", "Content-Length: 5\r\n"} {
		c, r := from(t, "127.0.0.1", address)
		res, body := exchange(t, c, r, "POST", "POST /echo HTTP/1.1\r\nHost: a\r\n"+length+"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"+get)
		if res.StatusCode != 200 || !res.Close || !strings.HasSuffix(body, "\nabc\n") {
			t.Errorf("%v, close %v, %q", res.Status, res.Close, body)
		}
		if rest, err := io.ReadAll(r); len(rest) > 0 {
			t.Errorf("then it said %q, %v", rest, err)
		}
	}
}
