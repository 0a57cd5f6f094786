package echo

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"
)

func TestOverTLSNetHTTPsOwnAnswersSayWhoGaveThem(t *testing.T) {
	journal := newJournal()
	server, trusting := certificate(t)
	_, address := serve(t, Options{Observe: journal.observe}, "127.0.0.1:0", server)
	for n, tt := range []struct {
		request string
		status  int
	}{
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 200_000) + "\r\n\r\n", 431},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n", 200},
	} {
		c, err := tls.Dial("tcp", address, trusting)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		res, _ := exchange(t, c, r, "GET", tt.request)
		if res.StatusCode != tt.status {
			t.Errorf("%.40q: %v, want %d", tt.request, res.Status, tt.status)
		}
		wantIdentity(t, res.Header, address, true)
		if record := journal.wait(t, n); record.Status != tt.status {
			t.Errorf("record %+v", record)
		}
		if tt.status == 200 {
			// The second request on a connection that a handler has served before.
			res, _ := exchange(t, c, r, "GET", "")
			if res.StatusCode != 400 {
				t.Errorf("second request: %v", res.Status)
			}
			wantIdentity(t, res.Header, address, true)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPlainHTTPToATLSPortIsToldSo(t *testing.T) {
	server, _ := certificate(t)
	_, address := serve(t, Options{}, "127.0.0.1:0", server)
	res, body := raw(t, address, "GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if res.StatusCode != 400 || !strings.Contains(body, "TLS") {
		t.Errorf("got %v %q", res.Status, body)
	}
	wantIdentity(t, res.Header, address, true)
}

func TestNoiseOnATLSPortGetsNoHTTP(t *testing.T) {
	server, _ := certificate(t)
	_, address := serve(t, Options{}, "127.0.0.1:0", server)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("\x00\x01\x02\x03\x04\x05\x06\x07")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	if n, _ := c.Read(b); strings.Contains(string(b[:n]), "HTTP") {
		t.Errorf("got %q", b[:n])
	}
}

// A client that never finishes its handshake holds no connection for good.
func TestASlowHandshakeIsCutOff(t *testing.T) {
	server, _ := certificate(t)
	_, address := serve(t, Options{HeaderTimeout: 100 * time.Millisecond}, "127.0.0.1:0", server)
	if got := drip(t, address, "\x16\x03\x01\x02\x00"); strings.Contains(got, "HTTP") {
		t.Errorf("got %q", got)
	}
}

func TestAHandshakeThatFailsIsAnAnswerToNobody(t *testing.T) {
	journal := newJournal()
	server, _ := certificate(t)
	_, address := serve(t, Options{Observe: journal.observe}, "127.0.0.1:0", server)
	if c, err := tls.Dial("tcp", address, &tls.Config{ServerName: "127.0.0.1"}); err == nil {
		t.Fatal("the certificate was trusted", c.Close())
	}
	if r := journal.wait(t, 0); r.Status != 0 || r.Bytes != 0 || r.Err == nil || r.Client == "" {
		t.Errorf("record %+v", r)
	}
}
