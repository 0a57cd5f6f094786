package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// held is a request that a handler has, and holds back.
type held struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

// hold returns when a handler has the request: that is what "100 Continue" says.
func hold(t *testing.T, url, delay string) *held {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	h := &held{t, c, bufio.NewReader(c)}
	io.WriteString(c, "POST /echo?delay="+delay+" HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if got, err := h.r.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	io.WriteString(c, "body")
	return h
}

func (h *held) answer() (*http.Response, string, error) {
	res, err := http.ReadResponse(h.r, nil)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

func (h *held) wantCut() {
	h.t.Helper()
	if res, _, err := h.answer(); err == nil {
		h.t.Errorf("a request of a minute was answered: %v", res.Status)
	}
}

func TestADrainKeepsServingThenWaitsThenEndsWell(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			// The request in flight takes longer than the delay and longer than the timeout, but not than both.
			p := spawn(t, "--drain-delay=1500ms", "--shutdown-timeout=2s")
			if res, _ := fetch(t, "GET", p.url+"/readyz"); res.StatusCode != 200 || res.Close {
				t.Errorf("before: %v, close %v", res.Status, res.Close)
			}
			slow := hold(t, p.url, "2500ms")
			p.signal(t, s)
			p.log.message(t, "draining: unready, and still serving")
			// Unready, and yet every request on a new connection is answered, and asked not to come back on it.
			if res, _ := fetch(t, "GET", p.url+"/readyz"); res.StatusCode != 503 || !res.Close || res.Header.Get("Pod-Ready") != "false" {
				t.Errorf("readyz: %v, %v", res.Status, res.Header)
			}
			if res, _ := fetch(t, "GET", p.url+"/"); res.StatusCode != 200 || !res.Close {
				t.Errorf("root: %v, close %v", res.Status, res.Close)
			}
			p.log.message(t, "no longer accepting")
			res, body, err := slow.answer()
			if err != nil || res.StatusCode != 200 || !strings.HasSuffix(body, "\nbody\n") {
				t.Errorf("the request in flight got %q, %v", body, err)
			}
			if status := p.exit(t); status != 0 || p.stderr.Len() > 0 {
				t.Errorf("status %d, stderr %q", status, &p.stderr)
			}
			if last := p.log.all[len(p.log.all)-1]; last.Msg != "stopped" {
				t.Errorf("the last line is %+v", last)
			}
		})
	}
}

func TestAfterTheDelayNobodyNewIsAccepted(t *testing.T) {
	p := spawn(t, "--drain-delay=0s", "--shutdown-timeout=1h")
	slow := hold(t, p.url, "1m")
	p.signal(t, syscall.SIGTERM)
	refused := func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	for deadline := time.Now().Add(20 * time.Second); !refused(); {
		if time.Now().After(deadline) {
			t.Fatal("connections are still accepted")
		}
	}
	p.signal(t, syscall.SIGTERM)
	if status := p.exit(t); status != 1 {
		t.Errorf("status %d", status)
	}
	slow.wantCut()
}

func TestADrainDoesNotWaitForever(t *testing.T) {
	p := spawn(t, "--drain-delay=0s", "--shutdown-timeout=100ms")
	slow := hold(t, p.url, "1m")
	p.signal(t, syscall.SIGTERM)
	if status := p.exit(t); status != 0 {
		t.Errorf("status %d", status)
	}
	slow.wantCut()
	if l := p.log.message(t, "the shutdown timeout is over: cut off"); !strings.Contains(l.Error, "1 requests in flight") {
		t.Errorf("got %+v", l)
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		line string // that is logged before it
	}{
		"in the delay":  {[]string{"--drain-delay=1h"}, "draining: unready, and still serving"},
		"while waiting": {[]string{"--drain-delay=0s", "--shutdown-timeout=1h"}, "no longer accepting"},
	} {
		t.Run(name, func(t *testing.T) {
			p := spawn(t, tt.args...)
			slow := hold(t, p.url, "1m")
			p.signal(t, syscall.SIGTERM)
			p.log.message(t, tt.line)
			p.signal(t, os.Interrupt)
			if status := p.exit(t); status != 1 {
				t.Errorf("status %d", status)
			}
			slow.wantCut()
		})
	}
}

func TestAnIdleConnectionDoesNotHoldTheEnd(t *testing.T) {
	p := spawn(t, "--drain-delay=0s", "--shutdown-timeout=1h")
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	fetchWith(t, tr, "GET", p.url+"/")
	p.signal(t, syscall.SIGTERM)
	if status := p.exit(t); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestTheAdminListenerMakesItUnready(t *testing.T) {
	p := spawn(t)
	for _, step := range []struct {
		method, url string
		status      int
	}{
		{"GET", p.url + "/readyz", 200}, {"POST", p.admin + "/unready", 200}, {"GET", p.url + "/readyz", 503},
		{"PUT", p.admin + "/ready", 200}, {"GET", p.url + "/readyz", 200},
	} {
		if res, _ := fetch(t, step.method, step.url); res.StatusCode != step.status {
			t.Errorf("%s %s: %v", step.method, step.url, res.Status)
		}
	}
}
