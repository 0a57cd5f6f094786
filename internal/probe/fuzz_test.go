package probe

import (
	"bytes"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// counted is a connection whose peer sent these bytes and hung up.
type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

// The promise: no bytes make the reader panic, wait for more than the limits, or leave the closed set of outcomes.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		hello, "", "HTT", "HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 099 x\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" + hello, "HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", "HTTP/1.1 204 No\r\nPod-Uid: u\r\n: \r\n a\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("a:\n", 4096) + "\n", "HTTP/1.1 200 \xff\x1b[2J\nConnection: close\n\nx",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, head bool) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		// Bytes again and again are an endless answer.
		for _, from := range []io.Reader{bytes.NewReader(data), &again{data: data}} {
			c, err := NewClient(&Target{URL: targetAt(t, "http://target.invalid/").URL, Method: method}, &ip, &Options{Timeout: ample})
			if err != nil {
				t.Fatal(err)
			}
			p := c.begin()
			wire := &counted{Reader: from}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			fault := p.receive(t.Context(), wire, &heard{})
			runtime.ReadMemStats(&after)
			result := p.end(fault)
			checkSound(t, result)
			switch result.Outcome {
			case OK, Closed, Truncated, BadResponse, HTTPStatus:
			default:
				t.Errorf("%s: %s", result.Outcome, result.Detail)
			}
			if (result.Outcome == OK || result.Outcome == HTTPStatus) && (result.Status < 200 || result.Status > 999) {
				t.Errorf("status %d", result.Status)
			}
			if limit := maxHeader + maxBody + 4096; wire.n > limit {
				t.Errorf("read %d bytes, at most %d are allowed", wire.n, limit)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
				t.Errorf("allocated %d bytes for %d", grown, wire.n)
			}
			if _, endless := from.(*again); endless {
				continue
			}
			// What is remembered of the answer must not change what the same one says, in however many pieces it comes.
			for _, same := range []io.Reader{bytes.NewReader(data), &pieces{string(data[:len(data)/2]), string(data[len(data)/2:])}, bytes.NewReader(data)} {
				p = c.begin()
				fault = p.receive(t.Context(), same, &heard{})
				next := p.end(fault)
				if _, split := same.(*pieces); split {
					next.Detail = result.Detail // it repeats what had come
				}
				if next.Outcome != result.Outcome || next.Status != result.Status || next.Detail != result.Detail || !reflect.DeepEqual(next.Who, result.Who) {
					t.Errorf("the same answer was %s %d %q, and then %s %d %q", result.Outcome, result.Status, result.Detail, next.Outcome, next.Status, next.Detail)
				}
			}
		}
	})
}

// again repeats data without end.
type again struct {
	data []byte
	at   int
}

func (a *again) Read(b []byte) (int, error) {
	if len(a.data) == 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(b) {
		c := copy(b[n:], a.data[a.at:])
		n += c
		a.at = (a.at + c) % len(a.data)
	}
	return n, nil
}
