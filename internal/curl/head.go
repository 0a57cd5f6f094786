package curl

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// head reads the headers of one answer, and writes each line out as it came on the wire once it is known to make sense. The
// status is below 200 when it is an interim answer.
func (x *exchange) head() (header http.Header, status int, err error) {
	if err := x.start(); err != nil {
		return nil, 0, err
	}
	x.stats.headers = 0
	var last []string // the values of the header that was read last
	for {
		line, err := x.line()
		if err != nil {
			return nil, 0, x.lost(err)
		}
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.ContainsRune(text, 0):
			return nil, 0, failf(exitWeird, "Nul byte in header")
		case header == nil:
			if status, err = x.statusLine(text); err != nil {
				return nil, 0, err
			}
			header, x.stats.status, x.begun = make(http.Header), status, true
		case text != "":
			if text[0] == ' ' || text[0] == '\t' {
				if len(last) > 0 {
					last[len(last)-1] += " " + strings.TrimSpace(text)
				}
				break
			}
			name, value, err := cutHeader(text)
			if err != nil {
				return nil, 0, err
			}
			header.Add(name, value)
			last = header.Values(name)
			x.stats.headers++
		}
		x.trace.received(text)
		if err := x.out.header(line); err != nil {
			return nil, 0, err
		}
		if text == "" {
			x.complete = status >= 200
			return header, status, nil
		}
	}
}

// start waits for the first byte, and gives up on the first one that HTTP/1 does not start with, instead of waiting for a
// line's end that may never come.
func (x *exchange) start() error {
	const magic = "HTTP/"
	for i := range len(magic) {
		seen, err := x.conn.buf.Peek(i + 1)
		switch {
		case err != nil:
			return x.lost(err)
		case !x.answered:
			x.answered = true
			x.stats.starttransfer = x.elapsed()
		}
		if seen[i] != magic[i] {
			return failf(exitProtocol, "Received HTTP/0.9 when not allowed")
		}
	}
	return nil
}

// line reads up to a line's end.
func (x *exchange) line() ([]byte, error) {
	var line []byte
	for {
		part, err := x.conn.buf.ReadSlice('\n')
		line = append(line, part...)
		if x.headers += len(part); x.headers > maxHeaders {
			return nil, failf(exitReceive, "Too large response headers: more than %d bytes", maxHeaders)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// statusLine is the status in "HTTP/1.1 200 OK".
func (x *exchange) statusLine(line string) (int, error) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(line, "HTTP/"), " ")
	if version != "1.0" && version != "1.1" {
		return 0, failf(exitProtocol, "Unsupported HTTP version (%s) in response", version)
	}
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if len(code) != 3 || err != nil || status < 100 {
		return 0, failf(exitProtocol, "Unsupported response code in HTTP response")
	}
	x.proto, x.stats.version = version, strings.TrimSuffix(version, ".0")
	return status, nil
}

// cutHeader refuses what curl does, and nothing else.
func cutHeader(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return "", "", failf(exitWeird, "Header without colon")
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if strings.EqualFold(name, "Content-Length") {
		if _, err := strconv.ParseUint(value, 10, 63); err != nil {
			return "", "", failf(exitWeird, "Invalid Content-Length: value")
		}
	}
	return name, value, nil
}

// framing is the headers that say how long an answer is and whether another may follow, for http.ReadResponse, which is not to
// judge the others: a person wants to see what a server sends, and be it strange.
func (x *exchange) framing(header http.Header, status int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/%s %03d\r\n", x.proto, status)
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Connection"} {
		for _, value := range header[name] {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	return b.String() + "\r\n"
}
