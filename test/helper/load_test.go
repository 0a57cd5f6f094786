package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// loaded is what a load of a second at 400 a second says of a server.
func loaded(t *testing.T, handler http.HandlerFunc) Report {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	return loadedAt(t, server.URL)
}

func loadedAt(t *testing.T, url string) Report {
	t.Helper()
	var out bytes.Buffer
	if err := load(t.Context(), []string{"--rate=400", "--for=1s", "--timeout=2s", url}, &out); err != nil {
		t.Fatal(err)
	}
	begun, rest, _ := strings.Cut(out.String(), "\n")
	var r Report
	if err := json.Unmarshal([]byte(rest), &r); err != nil || begun != `{"loading":true}` {
		t.Fatalf("%v in %q", err, &out)
	}
	return r
}

func TestALoadIsAsLargeAsAsked(t *testing.T) {
	var served atomic.Int64
	r := loaded(t, func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.Header().Set("Pod-Uid", "u1")
	})
	if r.Requests != 400 || served.Load() != 400 || r.Pods["u1"] != 400 || r.Failed != 0 || r.Took < 900*time.Millisecond {
		t.Errorf("%+v, %d served", r, served.Load())
	}
	// Half of the workers keep their connection: 20, beside the 200 requests of the others.
	if r.Fresh != 220 {
		t.Errorf("%d fresh connections", r.Fresh)
	}
}

func TestEveryBrokenConnectionIsAFailure(t *testing.T) {
	var n atomic.Int64
	r := loaded(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%10 == 0 {
			panic(http.ErrAbortHandler) // hangs up without an answer
		}
	})
	if r.Requests != 400 || r.Failed != 40 || r.Errors["read: EOF"]+r.Errors["read: unexpected EOF"] != 40 {
		t.Errorf("%+v", r)
	}
}

func TestAnErrorStatusAndACutBodyAreFailures(t *testing.T) {
	var n atomic.Int64
	r := loaded(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) {
		case 7:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 8:
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "short")
		}
	})
	if r.Failed != 2 || r.Errors["status 503"] != 1 || r.Errors["read the body: unexpected EOF"] != 1 {
		t.Errorf("%+v", r)
	}
}

func TestNobodyListeningIsAFailureOfEach(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	r := loadedAt(t, "http://"+ln.Addr().String())
	if r.Failed != r.Requests || r.Requests != 400 || r.Errors["dial: connect: connection refused"] != 400 {
		t.Errorf("%+v", r)
	}
}

func TestALoadEndsWhenToldTo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel(errors.New("seen")) }))
	defer server.Close()
	began := time.Now()
	if err := load(ctx, []string{"--for=2m", server.URL}, io.Discard); err != nil || time.Since(began) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestALoadHasBounds(t *testing.T) {
	for _, args := range [][]string{
		nil, {"a", "b"}, {"--rate=3000", "a"}, {"--rate=0", "a"}, {"--for=3m", "a"}, {"--timeout=0s", "a"}, {"http://a b"},
	} {
		if err := load(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q were taken", args)
		}
	}
}
