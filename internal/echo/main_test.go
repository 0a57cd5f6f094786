package echo

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbyname/internal/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pod is the identity of every server under test.
func pod() identity.Identity {
	return identity.Identity{
		IPs: []netip.Addr{netip.MustParseAddr("10.244.0.5"), netip.MustParseAddr("fd00::5")}, Name: "pod-httpd", UID: "b9f8e0a2",
		Namespace: "localcluster", Node: "kind-worker", Instance: "00010203fcfdfeff",
		Started: time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC), Source: identity.FromPod,
	}
}

// journal keeps the records of a server.
type journal struct {
	mu      sync.Mutex
	records []Record
	changed chan struct{} // closed and replaced at each record
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

func (l *journal) observe(r Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, r)
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait returns the n-th record, counted from 0.
func (l *journal) wait(t *testing.T, n int) Record {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		l.mu.Lock()
		changed, records := l.changed, l.records
		l.mu.Unlock()
		if len(records) > n {
			return records[n]
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("record %d never came; there are %v", n, records)
		}
	}
}

// serve starts a server on loopback and returns its address; the test's end closes it.
func serve(t testing.TB, o Options, address string, config *tls.Config) (*Server, string) {
	t.Helper()
	o.Identity = pod()
	s := New(o)
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		if config != nil {
			done <- s.ServeTLS(ln, config)
		} else {
			done <- s.Serve(ln)
		}
	}()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s, ln.Addr().String()
}

// certificate is one for 127.0.0.1 and ::1, and a client's configuration that trusts it.
func certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	ts.StartTLS()
	defer ts.Close()
	client = ts.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	return &tls.Config{Certificates: ts.TLS.Certificates}, client
}

// client has connections of its own, closed at the test's end.
func client(t testing.TB, protocols func(*http.Protocols), config *tls.Config) *http.Client {
	tr := &http.Transport{TLSClientConfig: config, Protocols: new(http.Protocols)}
	protocols(tr.Protocols)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func http1(p *http.Protocols) { p.SetHTTP1(true) }
func h2c(p *http.Protocols)   { p.SetUnencryptedHTTP2(true) }
func http2(p *http.Protocols) { p.SetHTTP2(true) }

// do sends one request and reads the whole answer.
func do(t testing.TB, c *http.Client, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// raw sends bytes as they are over a new connection and reads one answer to a request with the given method.
func raw(t testing.TB, address, method, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return exchange(t, c, bufio.NewReader(c), method, request)
}

func exchange(t testing.TB, c net.Conn, r *bufio.Reader, method, request string) (*http.Response, string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	// The server may hang up before it has read all; then its answer is there all the same.
	_, writeErr := io.WriteString(c, request)
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.60q: %v, after writing: %v", request, err, writeErr)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return res, string(b)
}

// wantIdentity checks that an answer says who gave it, and each thing once.
func wantIdentity(t testing.TB, h http.Header, local string, ready bool) {
	t.Helper()
	got, ok := identity.Decode(h)
	want := identity.Report{Identity: pod(), Unready: !ready}
	if local != "" {
		want.Local = netip.MustParseAddrPort(local)
	}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("identity %+v\nwant     %+v", got, want)
	}
	for name, values := range h {
		if strings.HasPrefix(name, "Pod-") && len(values) != 1 {
			t.Errorf("%s is there %d times: %q", name, len(values), values)
		}
	}
}

func decode[T any](t testing.TB, body string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}
