package monitoring

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	root    = "../.."
	overlay = root + "/manifests/overlays/monitoring"
)

// build compiles the programs of this repository, and returns the folder that they are in.
func build(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, program := range programs {
		run(t, root, "go", "build", "-o", filepath.Join(dir, program), "./cmd/"+program)
	}
	return dir
}

// run runs a command to its end, and returns what it printed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, out)
	}
	return string(out)
}

// process is a program that runs.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	file string // what it writes
	done chan struct{}
}

// start starts a program, which ends with the test at the latest.
func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), filepath.Base(name)+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &process{t: t, cmd: exec.Command(name, args...), file: out.Name(), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() // how it ended is for its log to say
		close(p.done)
	}()
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("the end of %v:\n%s", p.cmd, tail(p.log()))
		}
	})
	return p
}

func tail(b []byte) []byte {
	const enough = 1500
	return b[max(0, len(b)-enough):]
}

func (p *process) log() []byte {
	b, err := os.ReadFile(p.file)
	if err != nil {
		p.t.Error(err)
	}
	return b
}

func (p *process) signal(s syscall.Signal) { p.cmd.Process.Signal(s) } // one that has ended needs none

// end sends a signal that ends the process, and waits for that.
func (p *process) end(s syscall.Signal) {
	p.signal(s)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

// eventually asks again and again until ok, for a minute.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("in a minute it did not come to this: %s", what)
		}
	}
}

// freePort is a port that is free on all of these addresses.
func freePort(t *testing.T, addrs ...string) uint16 {
	t.Helper()
	var err error
	for range 20 {
		var port uint16
		var open []net.Listener
		for _, a := range addrs {
			var ln net.Listener
			if ln, err = net.Listen("tcp", fmt.Sprintf("%s:%d", a, port)); err != nil {
				break
			}
			open = append(open, ln)
			port = netip.MustParseAddrPort(ln.Addr().String()).Port()
		}
		for _, ln := range open {
			ln.Close()
		}
		if err == nil {
			return port
		}
	}
	t.Fatal(err)
	return 0
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b)
}
