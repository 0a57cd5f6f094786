package probe

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// client is what reads answers one after the other.
type client struct {
	*reader
	method string
	last   remembered
}

func reads(method string) *client { return &client{reader: newReader(), method: method} }

// read is what it makes of an answer that ends with the connection.
func (c *client) read(wire string) (answer, error) {
	c.reset(strings.NewReader(wire), c.method)
	if err := c.begin(); err != nil {
		return answer{}, err
	}
	return c.finish(&c.last)
}

// The promise: an answer means what it would mean to who has seen none before it, however little it differs from the last one.
func TestARememberedHeaderIsReadAsIfItWereNew(t *testing.T) {
	const date, other = "Date: Sat, 28 Nov 2026 05:00:00 GMT\r\n", "Date: Sat, 28 Nov 2026 05:00:01 GMT\r\n"
	const start, uid = "HTTP/1.1 200 OK\r\n", "Pod-Uid: u1\r\n"
	const first = start + uid + date + "Content-Length: 5\r\n\r\nhello"
	for name, second := range map[string]string{
		"the same":                    first,
		"another date":                start + uid + other + "Content-Length: 5\r\n\r\nhello",
		"another body":                start + uid + date + "Content-Length: 5\r\n\r\nworld",
		"another pod":                 start + "Pod-Uid: u2\r\n" + date + "Content-Length: 5\r\n\r\nhello",
		"another status":              "HTTP/1.1 503 OK\r\n" + uid + date + "Content-Length: 5\r\n\r\nhello",
		"an older HTTP":               "HTTP/1.0 200 OK\r\n" + uid + date + "Content-Length: 5\r\n\r\nhello",
		"a longer body":               start + uid + date + "Content-Length: 6\r\n\r\nhello!",
		"a body cut off":              start + uid + date + "Content-Length: 5\r\n\r\nhel",
		"no body":                     start + uid + date + "Content-Length: 5\r\n\r\n",
		"a header cut off":            start + uid + date + "Content-Len",
		"a header more":               start + uid + date + "Content-Length: 5\r\nConnection: close\r\n\r\nhello",
		"a header less":               start + date + "Content-Length: 5\r\n\r\nhello",
		"a header in place of a date": start + uid + "Date: Sat, 28 Nov 2026\nPod-Uid: u2\r\n" + "Content-Length: 5\r\n\r\nhello",
		"a header in a date's length": start + uid + "Date: Sat, 28 Nov 202\nPod-Uid: u\r\n" + "Content-Length: 5\r\n\r\nhello",
		"a date that is folded":       start + uid + "Date: Sat, 28 Nov 2026 05:00:0\r\n " + "Content-Length: 5\r\n\r\nhello",
		"chunks":                      start + uid + date + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"an interim answer":           "HTTP/1.1 103 Early Hints\r\n\r\n" + first,
		"not HTTP":                    "SSH-2.0-OpenSSH_9.2p1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := reads(http.MethodGet).read(second)
			r := reads(http.MethodGet)
			for _, wire := range []string{first, second, second, first, second} {
				got, err := r.read(wire)
				if wire == first {
					continue
				}
				if !reflect.DeepEqual(got, want) || (err == nil) != (wantErr == nil) {
					t.Errorf("%+v, %v; to a reader that has seen nothing %+v, %v", got, err, want, wantErr)
				}
			}
		})
	}
}

// pieces are what single reads return.
type pieces []string

func (p *pieces) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n := copy(b, (*p)[0])
	if (*p)[0] = (*p)[0][n:]; (*p)[0] == "" {
		*p = (*p)[1:]
	}
	return n, nil
}

// A header that comes in two pieces is remembered neither as it was before, nor as none, whatever of the body comes with its rest.
func TestNothingIsRememberedOfAHeaderThatCameInPieces(t *testing.T) {
	const date = "Date: Sat, 28 Nov 2026 05:00:00 GMT\r\n"
	wire := func(pod string, body int) (header, rest string) {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nPod-Uid: %s\r\n%sContent-Length: %d\r\n\r\n", pod, date, body), strings.Repeat("b", body)
	}
	size, _ := wire("u1", 10)
	for at := 1; at < len(size); at++ {
		for _, first := range []bool{false, true} {
			r := reads(http.MethodGet)
			read := func(parts ...string) string {
				p := pieces(parts)
				r.reset(&p, r.method)
				if err := r.begin(); err != nil {
					t.Fatal(err)
				}
				got, err := r.finish(&r.last)
				if err != nil || got.who == nil {
					t.Fatalf("cut at %d: %+v, %v", at, got, err)
				}
				return got.who.UID
			}
			if first {
				header, body := wire("u0", at)
				read(header + body)
			}
			header, body := wire("u1", at)
			cut := min(at, len(header)-1)
			uids := read(header[:cut], header[cut:]+body)
			header, body = wire("u2", at)
			if uids += " " + read(header+body); uids != "u1 u2" {
				t.Errorf("cut at %d: it was answered by %s, not u1 u2", at, uids)
			}
		}
	}
}

// Not every answer says where it ends: what is remembered must not make one of it that does.
func TestABodyThatEndsWithTheConnectionIsReadToItsEnd(t *testing.T) {
	r := reads(http.MethodGet)
	for range 3 {
		if _, err := r.read("HTTP/1.0 200 OK\r\nPod-Uid: u1\r\n\r\nhello"); err != nil {
			t.Fatal(err)
		}
		if rest, _ := io.ReadAll(r.buf); len(rest) > 0 {
			t.Errorf("%q was left", rest)
		}
	}
}

// The length that a HEAD's answer gives is that of no body of its own.
func TestTheAnswerToHEADHasNoBody(t *testing.T) {
	r := reads(http.MethodHead)
	for range 3 {
		if got, err := r.read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"); err != nil || got.status != 200 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// A test of the tests above: the fast way is taken.
func TestAHeaderThatDiffersInItsDateOnlyIsNotParsedAgain(t *testing.T) {
	r := reads(http.MethodGet)
	for _, wire := range []string{
		"HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 05:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 05:00:01 GMT\r\nContent-Length: 5\r\n\r\nhello",
	} {
		if _, err := r.read(wire); err != nil {
			t.Fatal(err)
		}
		r.last.said.text = "remembered"
	}
	if got, err := r.read("HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 05:00:02 GMT\r\nContent-Length: 5\r\n\r\nworld"); err != nil || got.text != "remembered" {
		t.Errorf("%+v, %v", got, err)
	}
}
