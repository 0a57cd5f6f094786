package curl

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"callbyname/internal/cli"
	"callbyname/internal/identity"
)

const (
	// bufferSize is how much of an answer is held at a time.
	bufferSize = 32 << 10
	// maxHeaders is how long an answer's headers may be, those of interim answers too: curl's limit since 8.3.
	maxHeaders = 300 << 10
)

// exchange is one request and its answer.
type exchange struct {
	*transfer
	conn     *conn
	out      *sink
	answered bool   // a byte of the answer has come
	begun    bool   // its status line has
	complete bool   // all of its headers have
	keep     bool   // the connection can take another request
	location string // of a redirect
	expected int64  // bytes of the body; -1 when it is not known
	headers  int    // bytes of headers
	proto    string // "1.0" or "1.1"
}

func (x *exchange) do(ctx context.Context) error {
	defer bound(ctx, x.conn.tcp, x.deadline)()
	request := x.request()
	x.trace.sent(request)
	x.stats.pretransfer = x.elapsed()
	x.stats.status, x.stats.size, x.stats.headers, x.stats.contentType, x.expected = 0, 0, 0, "", -1
	_, err := io.WriteString(x.conn, request+x.data)
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		if timedOut(err) {
			return x.timeout(-1)
		}
		return failf(exitSend, "Send failure: %s", errText(err))
	}
	// A server may answer and hang up without reading on: its answer is looked for then too.
	return x.receive()
}

// request is the head of the request, its headers in curl's order.
func (x *exchange) request() string {
	own := make(map[string]bool) // headers that -H decides about
	var more strings.Builder
	host := x.link.hostPort()
	home := x.link.origin() == x.first.origin()
	for _, line := range x.options.headers {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		blank := false
		if !ok {
			if name, blank = strings.CutSuffix(strings.TrimRight(line, " \t"), ";"); !blank {
				continue // as curl does
			}
		}
		switch key := strings.ToLower(name); {
		case key == "host" && strings.EqualFold(x.link.host, x.first.host):
			host = value
		case key == "host", !home && (key == "authorization" || key == "cookie"): // not for strangers
		default:
			own[key] = true
			if value != "" || blank {
				more.WriteString(strings.TrimRight(name+": "+value, " ") + "\r\n")
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", x.verb(), x.link.target())
	add := func(name, value string) {
		if value != "" && !own[strings.ToLower(name)] {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	add("Host", host)
	add("Authorization", x.credentials(home))
	agent := "callbyname-curl/" + cli.Version()
	if x.agent != nil {
		agent = *x.agent
	}
	add("User-Agent", agent)
	add("Accept", "*/*")
	b.WriteString(more.String())
	if x.posts {
		add("Content-Length", strconv.Itoa(len(x.data)))
		add("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.String() + "\r\n"
}

// credentials is the Authorization header by the URL or by -u, which is for the first URL's server only.
func (x *exchange) credentials(home bool) string {
	user, password, _ := strings.Cut(x.user, ":")
	switch {
	case x.user != "" && home:
	case x.link.signedIn:
		user, password = x.link.user, x.link.password
	case home && x.first.signedIn:
		user, password = x.first.user, x.first.password
	default:
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// receive reads the answer and writes it out.
func (x *exchange) receive() error {
	for {
		header, status, err := x.head()
		if err != nil {
			return err
		}
		if status >= 200 {
			return x.answer(header, status)
		}
	}
}

// answer goes on from complete headers.
func (x *exchange) answer(header http.Header, status int) error {
	body := bufio.NewReaderSize(io.MultiReader(strings.NewReader(x.framing(header, status)), x.conn.buf), bufferSize)
	response, err := http.ReadResponse(body, &http.Request{Method: x.verb()})
	if err != nil {
		return failf(exitWeird, "Weird server reply: %v", err)
	}
	x.stats.contentType = header.Get("Content-Type")
	x.expected = response.ContentLength
	if report, ok := identity.Decode(header); ok {
		x.trace.identity(report)
	}
	if status >= 300 && status < 400 {
		x.location = header.Get("Location")
	}
	if status >= 400 && x.fail {
		return failf(exitStatus, "The requested URL returned error: %d", status)
	}
	if !x.options.head {
		to := x.out.body
		if x.location != "" && x.follow {
			to = func([]byte) error { return nil }
		}
		if err := x.body(response.Body, to); err != nil {
			return err
		}
	}
	x.keep = !response.Close && body.Buffered() == 0 && x.conn.buf.Buffered() == 0
	if status >= 400 && x.failAfter {
		return failf(exitStatus, "The requested URL returned error: %d", status)
	}
	return nil
}

// body passes the body on as it comes.
func (x *exchange) body(from io.Reader, to func([]byte) error) error {
	chunk := make([]byte, bufferSize)
	for {
		n, err := from.Read(chunk)
		x.stats.size += int64(n)
		if n > 0 {
			if err := to(chunk[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return x.lost(err)
		}
	}
}

// lost is why an answer was not complete. What the connection said comes first; only where it said nothing, the parser has
// the word.
func (x *exchange) lost(err error) error {
	ended := x.conn.ended
	var own *failure
	switch {
	case errors.As(err, &own):
		return own
	case ended == nil:
		return failf(exitReceive, "Illegal answer: %v", err)
	case timedOut(ended):
		return x.timeout(x.expected)
	case !errors.Is(ended, io.EOF):
		return failf(exitReceive, "Recv failure: %s", errText(ended))
	case !x.begun:
		return failf(exitEmpty, "Empty reply from server")
	case !x.complete:
		return failf(exitPartial, "transfer closed within the headers")
	case x.expected >= 0:
		return failf(exitPartial, "transfer closed with %d bytes remaining to read", x.expected-x.stats.size)
	}
	return failf(exitPartial, "transfer closed with outstanding read data remaining")
}
