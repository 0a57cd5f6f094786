package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/dnsserver"
	"callbyname/internal/echo"
	"callbyname/internal/identity"
	"callbyname/internal/lab"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// tape is what a prober wrote. Each line goes to line as well, while the prober waits: what that does is done between two rounds.
type tape struct {
	all  bytes.Buffer
	line func(string)
}

func (t *tape) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if t.line != nil {
			t.line(line)
		}
	}
	return t.all.Write(p)
}

var errEnough = errors.New("seen enough")

// until is a context that enough ends, and half a minute in any case.
func until(t *testing.T) (ctx context.Context, enough func()) {
	ctx, end := context.WithCancelCause(t.Context())
	late := time.AfterFunc(30*time.Second, func() { end(errors.New("too late")) })
	t.Cleanup(func() { late.Stop(); end(nil) })
	return ctx, func() { end(errEnough) }
}

// probing runs the program until ctx ends.
func probing(ctx context.Context, t *testing.T, line func(string), args ...string) (log []byte, code int, stderr string) {
	t.Helper()
	out := &tape{line: line}
	var errs bytes.Buffer
	code = run(ctx, args, environ(), out, &errs)
	if cause := context.Cause(ctx); cause != errEnough {
		t.Fatalf("%v:\n%s%s", cause, &out.all, &errs)
	}
	return out.all.Bytes(), code, errs.String()
}

// heard is a JSON log read back.
type heard struct {
	kinds            []probelog.Kind
	rounds           []*probelog.Record
	logged, replayed []compare.Event
	stop             *probelog.Stop
	run              *probelog.Replayed
}

func hear(t *testing.T, log []byte) heard {
	t.Helper()
	var h heard
	var p probelog.Replay
	for r := probelog.NewReader(bytes.NewReader(log)); ; {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.Feed(rec)
		if err != nil {
			t.Fatal(err)
		}
		h.kinds = append(h.kinds, rec.Kind)
		h.replayed = append(h.replayed, o.Events...)
		switch rec.Kind {
		case probelog.RoundRecord:
			h.rounds = append(h.rounds, rec)
		case probelog.EventRecord:
			h.logged = append(h.logged, *rec.Event)
		case probelog.StopRecord:
			h.stop = rec.Stop
		}
	}
	if len(p.Runs()) != 1 || h.stop == nil {
		t.Fatalf("%d runs, stop %+v in\n%s", len(p.Runs()), h.stop, log)
	}
	h.run = p.Runs()[0]
	return h
}

// outcomes are those of the logged rounds, by approach.
func (h heard) outcomes() map[string][]probe.Outcome {
	all := map[string][]probe.Outcome{}
	for _, rec := range h.rounds {
		for i, name := range rec.Approaches {
			all[name] = append(all[name], rec.Judged[i])
		}
	}
	return all
}

// told are events as the log writes them.
func told(t *testing.T, run probelog.Run, events []compare.Event) string {
	t.Helper()
	var out bytes.Buffer
	log := probelog.NewJSON(&out, run)
	for _, e := range events {
		if err := log.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// brief are events without their details.
func brief(events []compare.Event) string {
	var words []string
	for _, e := range events {
		words = append(words, strings.TrimSpace(string(e.Kind)+" "+e.Approach))
	}
	return strings.Join(words, ", ")
}

// cluster is a lab with one pod.
func cluster(t *testing.T) (*lab.Lab, *lab.Pod) {
	t.Helper()
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	pod, err := l.Create("pod-httpd")
	if err != nil {
		t.Fatal(err)
	}
	return l, pod
}

// calling are the flags for a prober of the lab. The name is a full one, so that the machine's search list has no say in it.
func calling(l *lab.Lab) []string {
	return []string{
		"--target=httpd=" + strings.Replace(l.URL(), lab.Host, lab.FullHost, 1), "--nameserver=" + l.Nameserver().String(),
		"--interval=400ms", "--timeout=350ms",
	}
}

// answering is a target at an address, which says who it is, and the flags to call it by name. It calls after, if not nil, with
// the number of each request when that is answered.
func answering(t *testing.T, on string, after func(n int64)) (flags []string) {
	t.Helper()
	ln, err := net.Listen("tcp", on)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(ln.Addr().String())
	who := identity.Identity{Name: "pod-httpd", UID: "u1", Instance: "i1", IPs: []netip.Addr{addr.Addr()}, Source: identity.FromPod}
	var answers atomic.Int64
	o := echo.Options{Identity: who, Observe: func(echo.Record) {
		if n := answers.Add(1); after != nil {
			after(n)
		}
	}}
	s, served := echo.New(o), make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return named(t, addr)
}

// named are the flags to call an address by name.
func named(t *testing.T, addr netip.AddrPort) (flags []string) {
	t.Helper()
	s, err := dnsserver.Start("127.0.0.1:0", ".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Set("httpd.test.", 0, addr.Addr()); err != nil {
		t.Fatal(err)
	}
	return []string{fmt.Sprintf("--target=httpd=http://httpd.test.:%d", addr.Port()), "--nameserver=" + s.Addr().String()}
}
