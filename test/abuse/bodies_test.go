package abuse

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// most is the longest body that httpd takes.
const most = 1 << 20

// body is one that is sent to /echo.
type body struct {
	length  int
	chunked bool
	accept  string
}

func (b body) wanted() bool { return b.length <= most }

var bodies = []body{
	{most, false, "application/json"}, {most, true, "application/json"}, {most + 1, false, "text/plain"}, {most + 1, true, "text/plain"},
	{64 << 10, false, "application/json"}, {100_000, true, "application/json"}, {10 * most, false, "text/html"}, {10 * most, true, "text/html"},
	{5000, false, "application/json"}, {2 << 30, false, "text/plain"},
}

func TestAStormOfBodies(t *testing.T) {
	h := start(t, 0)
	p := callPolitely(t, h.address)
	got := storm(t, t.Context(), h.address, 400)
	p.wantMore(10)
	t.Logf("%d bodies were taken, %d refused with 413, %d refused by closing the connection", got.taken.Load(), got.told.Load(), got.cut.Load())
	if got.taken.Load() == 0 || got.told.Load() == 0 {
		t.Error("too little happened")
	}
	h.wantAlive(h.cgroup.limit)
	p.wantKept()
}

// results are what became of bodies. Those that are too long can be told so, or lose the connection while they still send.
type results struct{ taken, told, cut atomic.Int64 }

// storm sends n bodies, 32 at a time, and wants that those which httpd takes are taken whole, and no other.
func storm(t *testing.T, ctx context.Context, address string, n int) *results {
	t.Helper()
	c := newCrowd(t, address)
	var all sync.WaitGroup
	var next atomic.Int64
	var got results
	for range 32 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n) && ctx.Err() == nil; i = next.Add(1) {
				b := bodies[i%int64(len(bodies))]
				if err := b.send(ctx, c, &got); err != nil && ctx.Err() == nil {
					t.Errorf("a body of %d bytes, chunked %v: %v", b.length, b.chunked, err)
				}
			}
		})
	}
	all.Wait()
	return &got
}

func (b body) send(ctx context.Context, c *crowd, got *results) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	length, end := fmt.Sprintf("Content-Length: %d\r\n\r\n", b.length), ""
	if b.chunked {
		length, end = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", b.length), "\r\n0\r\n\r\n"
	}
	_, err = fmt.Fprintf(conn, "POST /echo HTTP/1.1\r\nHost: a\r\nAccept: %s\r\n%s", b.accept, length)
	for left := b.length; left > 0 && err == nil; {
		var n int
		n, err = io.WriteString(conn, filling[:min(left, len(filling))])
		left -= n
	}
	if err == nil {
		_, err = io.WriteString(conn, end)
	}
	if err != nil && b.wanted() {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	switch {
	case err != nil && !b.wanted() && !isTimeout(err):
		got.cut.Add(1)
		return nil
	case err != nil:
		return err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusRequestEntityTooLarge && !b.wanted():
		got.told.Add(1)
		return nil
	case res.StatusCode != http.StatusOK || !b.wanted():
		return fmt.Errorf("got %s", res.Status)
	}
	var echo struct {
		BodyLength int `json:"body_length"`
		Body       string
	}
	if err := json.NewDecoder(res.Body).Decode(&echo); err != nil {
		return err
	}
	if echo.BodyLength != b.length || !strings.HasPrefix(strings.Repeat(filling, 2), echo.Body) || len(echo.Body) < 4096 {
		return fmt.Errorf("%d bytes came in, %d were shown", echo.BodyLength, len(echo.Body))
	}
	got.taken.Add(1)
	return nil
}

// filling is what bodies are made of. Its length is not a divisor of any of theirs that is echoed whole.
var filling = fill(64 << 10)
