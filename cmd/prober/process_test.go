package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"callbyname/internal/dnsserver"
	"callbyname/internal/lab"
	"callbyname/internal/probe"
)

// program is the prober in a process of its own.
type program struct {
	*exec.Cmd
	out    *bufio.Reader
	log    bytes.Buffer // what was read of out
	stderr bytes.Buffer
}

// self is the command that runs the test binary as the prober.
func self(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(name, args...)
	c.Env = []string{asProber + "=1", noPage, "GOCOVERDIR=" + t.TempDir()}
	return c
}

// spawn starts a command, which is killed with the test if it has not ended before.
func spawn(t *testing.T, c *exec.Cmd) *program {
	t.Helper()
	p := &program{Cmd: c}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out, p.Stderr = bufio.NewReader(io.TeeReader(out, &p.log)), &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

// await reads until a line holds text.
func (p *program) await(t *testing.T, text string) {
	t.Helper()
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%v without %q in\n%s%s", err, text, &p.log, &p.stderr)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

func (p *program) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of the process, which must come soon.
func (p *program) end(t *testing.T) {
	t.Helper()
	const limit = 5 * time.Second // on a busy machine
	late := time.AfterFunc(limit, func() { p.Process.Kill() })
	if _, err := io.Copy(io.Discard, p.out); err != nil {
		t.Error(err)
	}
	p.Wait() // ProcessState tells more
	if !late.Stop() {
		t.Fatalf("still there after %v", limit)
	}
}

// target is an HTTP server on loopback, and the flags to call it by name and by a pin.
func target(t *testing.T, handler http.HandlerFunc) (flags []string) {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	addr := netip.MustParseAddrPort(s.Listener.Addr().String())
	flags = named(t, addr)
	flags[0] += ",ip=" + addr.Addr().String()
	return flags
}

// stalling is a target that holds back the answers to some of its requests, counted from 1, and says when it does.
func stalling(t *testing.T, from, to int64) (flags []string, stalled <-chan struct{}) {
	t.Helper()
	var n atomic.Int64
	held := make(chan struct{}, to-from+1)
	return target(t, func(_ http.ResponseWriter, r *http.Request) {
		if i := n.Add(1); from <= i && i <= to {
			held <- struct{}{}
			<-r.Context().Done()
		}
	}), held
}

func TestASignalEndsTheRoundAndInventsNoOutage(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, stalled := stalling(t, 3, 4) // in the second round
			p := spawn(t, self(t, append(flags, "--interval=3s", "--timeout=2900ms", "--log-format=json")...))
			p.await(t, `"seq":1`)
			<-stalled
			<-stalled
			p.signal(t, s)
			p.end(t)
			h := hear(t, p.log.Bytes())
			if p.ProcessState.ExitCode() != exitOK || h.stop.Reason != name || p.stderr.Len() > 0 {
				t.Errorf("%v, reason %q, %s", p.ProcessState, h.stop.Reason, &p.stderr)
			}
			for approach, got := range h.outcomes() {
				if want := []probe.Outcome{probe.OK, probe.Void}; !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", approach, got, want)
				}
			}
			if got := brief(h.logged); got != "no_identity dns" {
				t.Errorf("events: %s", got)
			}
		})
	}
}

func TestASignalEndsItThoughEverythingHangs(t *testing.T) {
	t.Parallel()
	l, pod := cluster(t)
	if err := l.Delete(pod); err != nil { // its address takes no connection
		t.Fatal(err)
	}
	dns, err := dnsserver.Start("127.0.0.1:0", ".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	asked := make(chan struct{}, 100)
	dns.Break("", 0, func(<-chan struct{}, dnsserver.Exchange) [][]byte { asked <- struct{}{}; return nil })
	unanswered, stalled := stalling(t, 1, 2)
	for name, hanging := range map[string]struct {
		flags []string
		hangs <-chan struct{}
	}{
		"no answer": {unanswered, stalled},
		"no connection, no DNS": {[]string{
			"--target=httpd=" + strings.Replace(l.URL(), lab.Host, "httpd.test.", 1) + ",ip=" + pod.Addr().String(),
			"--nameserver=" + dns.Addr().String(),
		}, asked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := spawn(t, self(t, append(hanging.flags, "--interval=1m", "--timeout=59s")...))
			<-hanging.hangs
			<-hanging.hangs
			p.signal(t, syscall.SIGTERM)
			p.end(t)
			log := p.log.String()
			if p.ProcessState.ExitCode() != exitOK || p.stderr.Len() > 0 {
				t.Errorf("%v, %s", p.ProcessState, &p.stderr)
			}
			if strings.Contains(log, "broke") || !strings.Contains(log, "stopped (SIGTERM)") || !strings.Contains(log, "1 round in") {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

func TestAPausedProberSeesNoFailure(t *testing.T) {
	t.Parallel()
	flags, stalled := stalling(t, 5, 6) // in the third round
	p := spawn(t, self(t, append(flags, "--interval=1s", "--timeout=900ms", "--log-format=json")...))
	p.await(t, `"seq":2`)
	<-stalled
	<-stalled
	p.signal(t, syscall.SIGSTOP)
	time.Sleep(3 * time.Second) // that is the pause
	p.signal(t, syscall.SIGCONT)
	p.await(t, `"event":"paused"`)
	p.await(t, `"record":"round"`)
	p.signal(t, syscall.SIGTERM)
	p.end(t)
	h := hear(t, p.log.Bytes())
	if p.ProcessState.ExitCode() != exitOK {
		t.Errorf("%v, %s", p.ProcessState, &p.stderr)
	}
	for approach, got := range h.outcomes() {
		if slices.ContainsFunc(got, probe.Outcome.Failed) || !slices.Contains(got, probe.Void) || !slices.Contains(got[3:], probe.OK) {
			t.Errorf("%s: %v", approach, got)
		}
	}
	if got := brief(h.logged); got != "no_identity dns, paused" {
		t.Errorf("events: %s", got)
	} else if gap := h.logged[1].Gap; gap < 2*time.Second || gap > 10*time.Second {
		t.Errorf("a gap of %v for a pause of 3s", gap)
	}
}

func TestALogThatNobodyReadsEndsTheProberQuietly(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			flags := answering(t, "127.0.0.1:0", nil)
			c := self(t, append(flags, "--interval=50ms", "--timeout=40ms", "--log-format="+format)...)
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			c.Stdout, c.Stderr = write, &stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Process.Kill() })
			write.Close()
			if _, err := bufio.NewReader(read).ReadString('\n'); err != nil {
				t.Error(err)
			}
			read.Close()
			c.Wait() // ProcessState tells more
			if s := c.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGPIPE || stderr.Len() > 0 {
				t.Errorf("%v, %q", c.ProcessState, &stderr)
			}
		})
	}
}
