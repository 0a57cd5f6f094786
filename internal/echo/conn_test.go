package echo

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"callbyname/internal/identity"
)

func TestEachAnswerOnAConnectionSaysWhoGaveIt(t *testing.T) {
	server, trusting := certificate(t)
	for name, config := range map[string]*tls.Config{"in the clear": nil, "over TLS": server} {
		t.Run(name, func(t *testing.T) {
			s, address := serve(t, Options{}, "127.0.0.1:0", config)
			c, r := from(t, "127.0.0.1", address)
			if config != nil {
				trusting.ServerName = "127.0.0.1"
				c = tls.Client(c, trusting)
				r.Reset(c)
			}
			many := strings.Repeat("&header=X:"+strings.Repeat("x", 1000), maxHeaders) // more than net/http buffers
			answers := []struct {
				method, request string // empty for one more answer to the last one
				status          int
			}{
				{"GET", get, 200},
				{"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200},
				{"POST", "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 100},
				{"POST", "", 200},
				{"GET", "GET /echo?size=100000 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
				{"GET", "GET /echo?size=100000" + many + " HTTP/1.1\r\nHost: a\r\n\r\n", 200},
				{"GET", "GET /echo?status=204 HTTP/1.1\r\nHost: a\r\n\r\n", 204},
				{"GET", "GET /nope HTTP/1.1\r\nHost: a\r\n\r\n", 404},
				{"GET", get, 200},
			}
			for _, ready := range []bool{true, false} {
				s.SetReady(ready)
				all := "" // at once: the server reads one after the other
				for _, a := range answers {
					all += a.request
				}
				for _, a := range answers {
					res, _ := exchange(t, c, r, a.method, all)
					all = ""
					switch {
					case res.StatusCode != a.status:
						t.Fatalf("%.60q: %v, want %d", a.request, res.Status, a.status)
					case a.status != 100:
						wantIdentity(t, res.Header, address, ready)
					case len(res.Header) > 0:
						t.Errorf("before the answer there was %v", res.Header)
					}
				}
			}
			res, _ := exchange(t, c, r, "GET", "GET / HTTP/1.1\r\n\r\n")
			if res.StatusCode != 400 {
				t.Errorf("no host: %v", res.Status)
			}
			wantIdentity(t, res.Header, address, false)
		})
	}
}

func TestReadinessIsToldAsItWasWhenTheRequestCameIn(t *testing.T) {
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		s, address := serve(t, Options{}, "127.0.0.1:0", nil)
		c := client(t, protocols, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			until(t, func() bool { return s.Active() == 1 })
			s.SetReady(false)
		}()
		res, _ := do(t, c, "GET", "http://"+address+"/echo?delay=200ms", "")
		<-done
		if res.Header.Get(identity.HeaderReady) != "true" {
			t.Errorf("%s: header %v", name, res.Header)
		}
	}
}

// net/http never writes like this.
func TestAStatusLineInPiecesIsLeftAlone(t *testing.T) {
	s := New(Options{Identity: pod()})
	defer s.Close()
	there, here := net.Pipe()
	defer there.Close()
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(there)
		got <- string(b)
	}()
	c := &conn{Conn: here, server: s}
	c.stage.Store(handled)
	pieces := []string{"HTTP/1.1 20", "0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n"}
	for _, p := range pieces {
		if n, err := c.Write([]byte(p)); n != len(p) || err != nil {
			t.Errorf("%q: %d, %v", p, n, err)
		}
	}
	if err := here.Close(); err != nil {
		t.Error(err)
	}
	if got, want := <-got, strings.Join(pieces, ""); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

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
