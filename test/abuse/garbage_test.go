package abuse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
)

// smuggled is a request that hides in another one. Who answers it has been fooled about where the first one ended.
const smuggled = "GET /echo/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

// garbage is what no server should answer as if it were a request. All of it gets a 400 or another refusal, and nothing after it an answer, or
// the connection is closed without a word.
var garbage = map[string]string{
	"TLS ClientHello":                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x9a", 508),
	"SSH":                              "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
	"a line without end":               strings.Repeat("A", 200<<10),
	"a header without end":             "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 200<<10),
	"headers without end":              "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 40<<10),
	"HTTP/0.9":                         "GET /\r\n",
	"HTTP/7.0":                         "GET / HTTP/7.0\r\nHost: a\r\n\r\n",
	"lower-case version":               "GET / http/1.1\r\nHost: a\r\n\r\n",
	"no version":                       "GET / \r\nHost: a\r\n\r\n",
	"no Host":                          "GET / HTTP/1.1\r\n\r\n",
	"two Hosts":                        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"a space before the colon":         "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
	"a header that is folded at first": "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
	"NUL in a header":                  "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
	"NUL in the path":                  "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
	"a bare CR in a header":            "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
	"no colon":                         "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
	"a method that is none":            "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
	"a path that is none":              "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
	"a Host that is none":              "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	"two lengths":                      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 43\r\n\r\n" + smuggled,
	"a list of lengths":                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 43\r\n\r\n" + smuggled,
	"a negative length":                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" + smuggled,
	"a length with a sign":             "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n" + smuggled,
	"a hexadecimal length":             "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0\r\n\r\n" + smuggled,
	"a length beyond all numbers":      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n" + smuggled,
	"an obscure encoding":              "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled,
	"two encodings":                    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled,
	"a list of encodings":              "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
	"an encoding with a vertical tab":  "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled,
	"a space before the encoding's":    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled,
	"a chunk that is no number":        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + smuggled,
	"a negative chunk":                 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + smuggled,
	"a chunk with a prefix":            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n" + smuggled,
	"a chunk beyond all numbers":       "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc",
	"a chunk longer than it says":      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n" + smuggled,
	"a chunk that is cut off":          "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
	"chunks without an end":            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
	"a body that is cut off":           "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
	"half a preface of HTTP/2":         "PRI * HTTP/2.0\r\n\r\n",
	"HTTP/2 that turns into noise":     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\xff", 1000),
	"HTTP/2 with a frame without end":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x01\x04\x00\x00\x00\x01",
	"HTTP/2 with headers of hot air":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x05\x01\x05\x00\x00\x00\x01\xff\xff\xff\xff\xff",
	"HTTP/2 that resets what is not":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x63\x00\x00\x00\x00",
}

func TestGarbageIsRefused(t *testing.T) {
	h := start(t, 0)
	p := callPolitely(t, h.address)
	for name, bytes := range garbage {
		t.Run(name, func(t *testing.T) {
			refused(t, h.address, []byte(bytes))
		})
	}
	p.wantMore(10)
	h.wantAlive(h.cgroup.limit)
	p.wantKept()
}

// refused sends bytes and nothing after them, and wants no answer but a refusal.
func refused(t *testing.T, address string, b []byte) {
	t.Helper()
	answer, err := say(t, address, b)
	if isTimeout(err) {
		t.Fatalf("httpd keeps the connection; it said %.200q", answer)
	}
	if n := bytes.Count(answer, []byte("HTTP/1.1 ")); n > 1 {
		t.Errorf("%d answers to one request: %.500q", n, answer)
	}
	if bytes.Contains(answer, []byte("smuggled")) {
		t.Errorf("the smuggled request was answered: %.500q", answer)
	}
	if len(answer) > 0 && !bytes.HasPrefix(answer, []byte("HTTP/1.1 4")) && !bytes.HasPrefix(answer, []byte("HTTP/1.1 5")) && bytes.Contains(answer, []byte("HTTP/1.1 ")) {
		t.Errorf("got %.200q", answer)
	}
}

// say sends bytes and nothing after them, and returns all that comes back.
func say(t *testing.T, address string, b []byte) ([]byte, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(bound))
	c.Write(b) // httpd may have closed it already
	c.(*net.TCPConn).CloseWrite()
	return io.ReadAll(c)
}

// What may be answered, and what comes after it must not be: one side of a proxy could take it for a request, and the other for a body.
func TestNothingIsSmuggled(t *testing.T) {
	h := start(t, 0)
	for name, first := range map[string]string{
		"a length and chunks":      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 45\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks and a length":      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 45\r\n\r\n0\r\n\r\n",
		"chunks in HTTP/1.0":       "POST /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a body of a GET, ignored": "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := say(t, h.address, []byte(first+smuggled))
			if err != nil || bytes.Contains(answer, []byte("smuggled")) {
				t.Errorf("got %v, %q", err, answer)
			}
		})
	}
}

func TestAStormOfNoise(t *testing.T) {
	h := start(t, 0)
	p := callPolitely(t, h.address)
	noise(t, newCrowd(t, h.address), 3000)
	p.wantMore(10)
	h.wantAlive(h.cgroup.limit)
	p.wantKept()
}

// noise opens n connections that say something that is no request, be it one of the above or random, and waits for no answer.
func noise(t *testing.T, c *crowd, n int) {
	t.Helper()
	var all [][]byte
	for _, text := range garbage {
		all = append(all, []byte(text))
	}
	c.each(n, func(i int, conn *net.TCPConn) {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		b := all[r.IntN(len(all))]
		switch r.IntN(3) {
		case 0: // random bytes
			b = make([]byte, r.IntN(4096))
			for k := range b {
				b[k] = byte(r.Uint32())
			}
		case 1: // a request with an error in it
			b = []byte(fmt.Sprintf("POST /echo?size=%d HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", i))
			for range 1 + r.IntN(4) {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
		}
		conn.SetWriteDeadline(time.Now().Add(bound))
		conn.Write(b) // httpd may have closed it already
		if i%2 == 0 {
			conn.Close()
		}
	})
}
