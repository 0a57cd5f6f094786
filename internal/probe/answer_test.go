package probe

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"callbyname/internal/identity"
)

// The promise: whatever a server does with a connection that it took, the probe says which of the classes it was, and
// a result holds nothing else.
func TestEveryAnswerHasItsClass(t *testing.T) {
	for _, test := range []struct {
		name    string
		server  func(*net.TCPConn)
		timeout time.Duration // ample when 0
		alone   bool          // net/http's client would see it otherwise, or never see the end of it
		want    Result
	}{
		{name: "a body", server: reply(hello), want: Result{Outcome: OK, Status: 200}},
		{name: "no body", server: reply("HTTP/1.1 204 No Content\r\n\r\n"), want: Result{Outcome: OK, Status: 204}},
		{name: "a body up to the end", server: reply("HTTP/1.1 200 OK\r\n\r\nhello"), want: Result{Outcome: OK, Status: 200}},
		{name: "an empty body up to the end", server: reply("HTTP/1.0 200\r\n\r\n"), want: Result{Outcome: OK, Status: 200}},
		{
			name:   "chunks and a trailer",
			server: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nDigest: x\r\n\r\n"),
			want:   Result{Outcome: OK, Status: 200},
		},
		{
			name:   "a redirect, which is not followed",
			server: reply("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
			want:   Result{Outcome: OK, Status: 302},
		},
		{
			name:   "interim responses",
			server: reply(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", maxInterim) + hello),
			want:   Result{Outcome: OK, Status: 200},
		},
		{
			name:   "an answer before the request was read",
			alone:  true,
			server: func(c *net.TCPConn) { io.WriteString(c, hello) },
			want:   Result{Outcome: OK, Status: 200},
		},
		{
			name: "an answer, then a reset",
			server: func(c *net.TCPConn) {
				reply(hello)(c)
				c.SetLinger(0)
			},
			want: Result{Outcome: OK, Status: 200},
		},
		{
			name:   "a status that is no success",
			server: reply("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
			want:   Result{Outcome: HTTPStatus, Status: 503, Detail: "503 Service Unavailable"},
		},
		{
			name:   "a status beyond those of HTTP",
			server: reply("HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n"),
			want:   Result{Outcome: HTTPStatus, Status: 999, Detail: "999 No"},
		},
		{
			name:   "a reason that paints the terminal",
			server: reply("HTTP/1.1 500 \x1b[2J\u202egnp\x00\r\nContent-Length: 0\r\n\r\n"),
			want:   Result{Outcome: HTTPStatus, Status: 500, Detail: `500 \u001b[2J\u202egnp\u0000`},
		},
		{
			name:   "a failed status, and the rest of the answer cut off",
			server: reply("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\noh"),
			want:   Result{Outcome: Truncated, Status: 500, Detail: "the connection was closed within the answer"},
		},

		{
			name:   "closed without an answer",
			server: reply(""),
			want:   Result{Outcome: Closed, Detail: "the connection was closed before an answer"},
		},
		{
			name: "reset without an answer",
			server: func(c *net.TCPConn) {
				readRequest(bufio.NewReader(c))
				c.SetLinger(0)
			},
			want: Result{Outcome: Reset, Errno: "ECONNRESET", Detail: "read: connection reset by peer"},
		},
		{
			name: "reset within the headers",
			server: func(c *net.TCPConn) {
				reply("HTTP/1.1 200 OK\r\nConte")(c)
				c.SetLinger(0)
			},
			want: Result{Outcome: Reset, Errno: "ECONNRESET", Detail: "read: connection reset by peer"},
		},
		{
			name: "reset within the body",
			server: func(c *net.TCPConn) {
				reply(hello[:len(hello)-2])(c)
				c.SetLinger(0)
			},
			want: Result{Outcome: Reset, Errno: "ECONNRESET", Status: 200, Detail: "read: connection reset by peer"},
		},

		{
			name:   "cut within the protocol's name",
			server: reply("HTT"),
			want:   Result{Outcome: Truncated, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut within the status line",
			server: reply("HTTP/1.1 20"),
			want:   Result{Outcome: Truncated, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut within the headers",
			server: reply("HTTP/1.1 200 OK\r\nContent-Le"),
			want:   Result{Outcome: Truncated, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut after an interim response",
			server: reply("HTTP/1.1 100 Continue\r\n\r\n"),
			want:   Result{Outcome: Truncated, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut within the body",
			server: reply(hello[:len(hello)-2]),
			want:   Result{Outcome: Truncated, Status: 200, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut within a chunk",
			server: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
			want:   Result{Outcome: Truncated, Status: 200, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut before the last chunk",
			server: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
			want:   Result{Outcome: Truncated, Status: 200, Detail: "the connection was closed within the answer"},
		},
		{
			name:   "cut before the trailer",
			server: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
			want:   Result{Outcome: Truncated, Status: 200, Detail: "the connection was closed within the answer"},
		},

		{
			name:   "another protocol, that then waits",
			server: replyAndHold("\x4a\x00\x00\x00\x0a8.0.36"),
			want:   Result{Outcome: BadResponse, Detail: `not HTTP: it begins "J\x00\x00\x00\n8.0.36"`},
		},
		{
			name:   "a status that is no number",
			server: reply("HTTP/1.1 abc OK\r\n\r\n"),
			want:   Result{Outcome: BadResponse, Detail: `malformed HTTP status code "abc"`},
		},
		{
			name:   "a status below 100",
			alone:  true,
			server: reply("HTTP/1.1 099 Low\r\n\r\n"),
			want:   Result{Outcome: BadResponse, Detail: "not HTTP: status 99"},
		},
		{
			name:   "HTTP/2",
			alone:  true,
			server: reply("HTTP/2.0 200 OK\r\n\r\n"),
			want:   Result{Outcome: BadResponse, Detail: `not HTTP: it begins "HTTP/2.0 200 OK\r\n\r\n"`},
		},
		{
			name:   "a header without a colon",
			server: reply("HTTP/1.1 200 OK\r\nbroken\r\n\r\n"),
			want:   Result{Outcome: BadResponse, Detail: `malformed MIME header: missing colon: "broken"`},
		},
		{
			name:   "two lengths",
			server: reply("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
			want:   Result{Outcome: BadResponse, Detail: `http: message cannot contain multiple Content-Length headers; got ["1" "2"]`},
		},
		{
			name:   "a chunk without a size",
			server: reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n"),
			want:   Result{Outcome: BadResponse, Status: 200, Detail: "invalid byte in chunk length"},
		},
		{
			name:   "another protocol from now on",
			alone:  true,
			server: reply("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
			want:   Result{Outcome: BadResponse, Detail: "not HTTP any more: the server switched protocols unasked"},
		},
		{
			name:   "endless headers",
			server: endless("HTTP/1.1 200 OK\r\n", "A: b\r\n"),
			want:   Result{Outcome: BadResponse, Detail: "headers of more than 64 KiB"},
		},
		{
			name:   "an endless header",
			server: endless("HTTP/1.1 200 OK\r\nA: ", "b"),
			want:   Result{Outcome: BadResponse, Detail: "headers of more than 64 KiB"},
		},
		{
			name:   "endless interim responses",
			server: endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
			want:   Result{Outcome: BadResponse, Detail: "more than 5 interim responses"},
		},
		{
			name:   "an endless body",
			alone:  true,
			server: endless("HTTP/1.1 200 OK\r\n\r\n", "more and "),
			want:   Result{Outcome: BadResponse, Status: 200, Detail: "a body of more than 10 MiB"},
		},
		{
			name:   "endless chunks",
			alone:  true,
			server: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n"),
			want:   Result{Outcome: BadResponse, Status: 200, Detail: "a body of more than 10 MiB"},
		},
		{
			name:   "an endless trailer",
			server: endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"),
			want:   Result{Outcome: BadResponse, Status: 200, Detail: "http: suspiciously long trailer after chunked body"},
		},
		{
			name:   "a body that announces to be long",
			alone:  true,
			server: endless("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", "x"),
			want:   Result{Outcome: BadResponse, Status: 200, Detail: "a body of more than 10 MiB"},
		},

		{
			name:    "silence",
			server:  func(c *net.TCPConn) { hold(c) },
			timeout: brief,
			want:    Result{Outcome: ResponseTimeout, Detail: "no answer within 300ms"},
		},
		{
			name:    "silence within the headers",
			server:  replyAndHold("HTTP/1.1 200 OK\r\n"),
			timeout: brief,
			want:    Result{Outcome: ResponseTimeout, Detail: "the answer was not complete within 300ms"},
		},
		{
			name:    "silence within the body",
			server:  replyAndHold(hello[:len(hello)-2]),
			timeout: brief,
			want:    Result{Outcome: ResponseTimeout, Status: 200, Detail: "the answer was not complete within 300ms"},
		},
		{
			name: "a byte now and then",
			server: func(c *net.TCPConn) {
				readRequest(bufio.NewReader(c))
				tick := time.NewTicker(brief / 20)
				defer tick.Stop()
				for i := 0; i < len(hello)-1; i++ {
					<-tick.C
					if _, err := io.WriteString(c, hello[i:i+1]); err != nil {
						return
					}
				}
			},
			timeout: brief,
			want:    Result{Outcome: ResponseTimeout, Detail: "the answer was not complete within 300ms"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pin := serve(t, test.server)
			if test.timeout == 0 {
				test.timeout = ample
			}
			test.want.Addr = pin
			got := probeIP(t, pin, test.timeout)
			checkResult(t, got, test.want)
			if got.Outcome == ResponseTimeout && got.Total < test.timeout {
				t.Errorf("gave up after %v of %v", got.Total, test.timeout)
			}
			if !test.alone {
				checkAgreed(t, got, pin, test.timeout)
			}
		})
	}
}

// checkAgreed checks that net/http's client says the same of a server, as far as it has words for it.
func checkAgreed(t *testing.T, got Result, pin netip.AddrPort, timeout time.Duration) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", pin.String())
	}}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	var status int
	response, err := client.Get("http://target.invalid/")
	if err == nil {
		defer response.Body.Close()
		status = response.StatusCode
		_, err = io.Copy(io.Discard, response.Body)
	}
	if complete := got.Outcome == OK || got.Outcome == HTTPStatus; complete != (err == nil) || got.Status != status {
		t.Errorf("%s with the status %d, where net/http's client has %d: %v", got.Outcome, got.Status, status, err)
	}
}

// endless reads a request and sends start, then more without end.
func endless(start, more string) func(*net.TCPConn) {
	block := []byte(strings.Repeat(more, 1+(64<<10)/len(more)))
	return func(c *net.TCPConn) {
		readRequest(bufio.NewReader(c))
		io.WriteString(c, start)
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
}

func TestStatusesAreTheTargets(t *testing.T) {
	target := targetAt(t, "http://target.invalid/")
	target.Statuses = []StatusRange{{200, 204}, {404, 404}}
	for status, want := range map[int]bool{199: false, 200: true, 204: true, 205: false, 302: false, 404: true} {
		if got := target.Accepts(status); got != want {
			t.Errorf("a status of %d counts as success: %v, want %v", status, got, want)
		}
	}
	pin := serve(t, reply("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
	got := newClient(t, target, ip, Options{Timeout: ample}).Probe(t.Context(), pin)
	checkResult(t, got, Result{Outcome: OK, Addr: pin, Status: 404})
}

func TestWhoAnsweredIsKnownFromEveryStatus(t *testing.T) {
	who := identity.Report{Identity: full, Unready: true}
	for _, status := range []int{200, 404, 503} {
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			local := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
			identity.NewEncoder(who.Identity).Set(w.Header(), identity.Local(addrPort(local)), false)
			w.WriteHeader(status)
		})}
		pin := serveHTTP(t, server)
		who.Local = pin
		got := probeIP(t, pin, ample)
		want := Result{Outcome: OK, Addr: pin, Status: status, Who: &who}
		if status != 200 {
			want.Outcome, want.Detail = HTTPStatus, got.Detail
		}
		checkResult(t, got, want)
	}
}
