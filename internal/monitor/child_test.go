//go:build linux

package monitor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"callbyname/internal/probe"
)

const (
	childEnv = "MONITOR_TEST_CHILD" // the address that the child probes
	hogEnv   = "MONITOR_TEST_HOG"   // not empty: its second probe takes all CPU
)

// child is a prober in a process of its own: it monitors addr, prints a line for each round, and ends with its input.
func child(addr string, hog bool) error {
	pin, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	d := &dialer{hog: hog}
	m, err := New([]probe.Target{{Name: "server", Pin: pin, Approaches: []probe.Approach{{Name: "ip"}}}},
		func(*probe.Target, *probe.Approach) (Prober, error) { return d, nil },
		Options{Interval: 600 * ms, Timeout: childTimeout})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return m.Run(ctx, func(r probe.Round) []probe.Pin {
		fmt.Println(r.Seq, r.Results[0].Outcome, r.Results[0].Reason)
		return nil
	})
}

const childTimeout = 500 * ms

// dialer is a Prober that connects, sends a line and waits for one byte.
type dialer struct {
	probes int
	hog    bool // whether the second probe takes all CPU for most of its time
}

func (d *dialer) Close() error { return nil }

func (d *dialer) Probe(_ context.Context, pin netip.AddrPort) probe.Result {
	d.probes++
	switch err := d.exchange(pin); {
	case err == nil:
		return probe.Result{Outcome: probe.OK}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return probe.Result{Outcome: probe.ResponseTimeout}
	case errors.Is(err, io.EOF):
		return probe.Result{Outcome: probe.Closed}
	case errors.Is(err, syscall.ECONNRESET):
		return probe.Result{Outcome: probe.Reset}
	default:
		return probe.Result{Outcome: probe.Other, Detail: err.Error()}
	}
}

func (d *dialer) exchange(pin netip.AddrPort) error {
	deadline := time.Now().Add(childTimeout)
	c, err := net.DialTimeout("tcp", pin.String(), childTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(deadline)
	if _, err := c.Write([]byte("hello\n")); err != nil {
		return err
	}
	if d.probes == 2 && d.hog {
		var spun sync.WaitGroup
		spun.Go(func() { spin(400 * ms) })
		defer spun.Wait()
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

// spin keeps the CPU for d. It calls nothing in which the scheduler could let another goroutine run, so that without
// asynchronous preemption none does.
func spin(d time.Duration) {
	const monotonic = 1 // linux/time.h
	var now syscall.Timespec
	for end := int64(0); end == 0 || now.Nano() < end; {
		syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&now)), 0)
		if end == 0 {
			end = now.Nano() + int64(d)
		}
	}
}

// prober is a running child, seen by the test that started it.
type prober struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// startProber starts a child that probes addr; it is ended with the test.
func startProber(t *testing.T, addr net.Addr, env ...string) *prober {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childEnv+"="+addr.String())...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGCONT)
		in.Close()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the prober ended with %v, want exit status 0", err)
		}
	})
	return &prober{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
}

// round is the outcome of the child's next round, with its reason when it is void.
func (p *prober) round() (outcome string, void bool) {
	p.t.Helper()
	if !p.lines.Scan() {
		p.t.Fatalf("the prober printed no round: %v", p.lines.Err())
	}
	_, outcome, _ = strings.Cut(p.lines.Text(), " ")
	outcome = strings.TrimSpace(outcome)
	return outcome, strings.HasPrefix(outcome, string(probe.Void))
}

// stop stops the process, and returns when it no longer runs.
func (p *prober) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGSTOP)
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
		if err == nil && status.Stopped() {
			return
		}
		if !errors.Is(err, syscall.EINTR) {
			p.t.Fatalf("waiting until the prober has stopped: %v, %v", status, err)
		}
	}
}
