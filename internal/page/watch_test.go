package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// message is one server-sent event.
type message struct {
	id, event string
	data      map[string]any
}

// browser is who watches a page, and puts together what it hears as the page's own store.js does.
type browser struct {
	t      testing.TB
	url    string
	last   string // id of the last message
	cancel context.CancelFunc
	body   io.ReadCloser
	in     *bufio.Reader

	beats  bool // they are wanted too
	heard  []message
	resets []string
	fleet  map[string]any
	target map[string]any
}

// serve serves the page over HTTP until the test ends.
func (s *shown) serve(t testing.TB) *httptest.Server {
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server
}

// connect begins to watch, after the last message if there was one.
func (b *browser) connect() {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.last != "" {
		r.Header.Set("Last-Event-ID", b.last)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		b.t.Fatalf("%s, %s", res.Status, kind)
	}
	b.cancel, b.body, b.in = cancel, res.Body, bufio.NewReader(res.Body)
}

// lose loses the connection.
func (b *browser) lose() {
	b.cancel()
	b.body.Close()
	http.DefaultClient.CloseIdleConnections()
}

func reader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

// next is the next message but for beats; ok is false at the stream's end.
func (b *browser) next() (m message, ok bool) {
	b.t.Helper()
	for {
		line, err := b.in.ReadString('\n')
		if err != nil {
			return m, false
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			m.id = value
		case "event":
			m.event = value
		case "data":
			if err := json.Unmarshal([]byte(value), &m.data); err != nil {
				b.t.Fatal(err)
			}
		case "":
			if m.event != "" && (m.event != "beat" || b.beats) {
				b.take(m)
				return m, true
			}
			m = message{}
		}
	}
}

// until reads until a round of the target was heard, and fails if the stream ends before.
func (b *browser) until(seq uint64) {
	b.t.Helper()
	for b.target == nil || b.target["seq"].(float64) < float64(seq) {
		if _, ok := b.next(); !ok {
			b.t.Fatalf("the stream ended before round %d", seq)
		}
	}
}

func (b *browser) take(m message) {
	b.heard = append(b.heard, m)
	if m.id != "" {
		b.last = m.id
	}
	switch m.event {
	case "snapshot":
		b.fleet = map[string]any{}
		for _, t := range m.data["targets"].([]any) {
			b.fleet[t.(map[string]any)["target"].(string)] = t
		}
		b.target, _ = m.data["target"].(map[string]any)
	case "reset":
		b.resets = append(b.resets, m.data["words"].(string))
	case "fleet":
		b.fleet[m.data["target"].(string)] = m.data
	case "target":
		b.target = m.data
	case "round":
		b.round(m.data)
	}
}

// round adds a round to what is known of the target.
func (b *browser) round(data map[string]any) {
	if before, now := b.target["seq"].(float64), data["seq"].(float64); now != before+1 {
		b.t.Errorf("round %v after %v", now, before)
	}
	list := func(m map[string]any, key string) []any { l, _ := m[key].([]any); return l }
	for i, tail := range list(data, "tails") {
		lane := list(b.target, "lanes")[i].(map[string]any)
		stretches := list(lane, "stretches")
		if n := len(stretches); n > 0 && stretches[n-1].(map[string]any)["from_ms"] == tail.(map[string]any)["from_ms"] {
			stretches = stretches[:n-1]
		}
		lane["stretches"] = append(stretches, tail)
		delete(lane, "curve") // comes with what is sent in full only
		if took := list(data, "took_ms")[i]; took != nil {
			lane["latency"] = append(list(lane, "latency"), []any{data["at_ms"], took})
		}
	}
	b.target["events"] = append(list(b.target, "events"), list(data, "events")...)
	for _, r := range list(data, "recreations") {
		b.target["recreations"] = upsert(list(b.target, "recreations"), r)
	}
	for key, value := range data {
		if key != "tails" && key != "took_ms" && key != "events" && key != "recreations" {
			b.target[key] = value
		}
	}
}

func upsert(all []any, r any) []any {
	for i := range all {
		if all[i].(map[string]any)["n"] == r.(map[string]any)["n"] {
			all[i] = r
			return all
		}
	}
	return append(all, r)
}

// differs tells where two JSON values are different; empty when nowhere.
func differs(path string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for key := range y {
			if _, ok := x[key]; !ok {
				return fmt.Sprintf("%s.%s is only in the second", path, key)
			}
		}
		for key, value := range x {
			if d := differs(path+"."+key, value, y[key]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if d := differs(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if fmt.Sprint(a) != fmt.Sprint(b) {
		return fmt.Sprintf("%s: %v, %v", path, a, b)
	}
	return ""
}
