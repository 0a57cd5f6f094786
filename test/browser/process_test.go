package browser

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program of this repository that runs.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	said  said
	done  chan struct{}
}

// said is all that a process wrote.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// start starts a program with an environment of its own. It ends with the test at the latest.
func start(t testing.TB, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(filepath.Join(stage.programs, program), args...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append([]string{"LANG=C.UTF-8"}, env...), &p.said, &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() // how it ended is for its output to say
		close(p.done)
	}()
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			text := p.said.String()
			t.Logf("the end of %v:\n%s", p.cmd, text[max(0, len(text)-3000):])
		}
	})
	return p
}

// end sends a signal that ends the process, and waits for that.
func (p *process) end(s syscall.Signal) {
	p.cmd.Process.Signal(s) // one that has ended needs none
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// says waits until the process has written what matches, and returns the first group, or else all of the match.
func (p *process) says(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	var found []string
	eventually(p.t, fmt.Sprintf("%s says %q", filepath.Base(p.cmd.Path), pattern), func() bool {
		found = re.FindStringSubmatch(p.said.String())
		return found != nil
	})
	return found[len(found)-1]
}

// press presses Enter.
func (p *process) press() {
	if _, err := io.WriteString(p.stdin, "\n"); err != nil {
		p.t.Error(err)
	}
}

// bound is for how long anything may keep a test waiting on a busy machine.
const bound = time.Minute

// eventually asks again and again until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	late := time.NewTimer(bound)
	defer late.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("in %v it did not come to this: %s", bound, what)
		}
	}
}

// freePort is a port of 127.0.0.1 on which nobody listens.
func freePort(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
