package endure

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// narrowPipe is a pipe that holds a few lines only, before whoever writes has to wait.
func narrowPipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err == nil {
		_, err = unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 4096)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close(); write.Close() })
	return read, write
}

// The target closes kept connections that are idle for three seconds, so all of them meanwhile.
func TestALogThatIsNotReadForAWhileMakesRoundsRarerAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--idle-timeout=3s")
	read, write := narrowPipe(t)
	listen := freeAddr(t)
	p := start(t, prober(write, w.config("httpd"), "--interval=300ms", "--timeout=270ms", "--listen="+listen.String()))
	write.Close()
	var log bytes.Buffer
	lines := bufio.NewReader(io.TeeReader(read, &log))
	rounds := func(n int) {
		t.Helper()
		for n > 0 {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				t.Fatalf("%v in\n%s%s", err, &log, p.stderr())
			}
			if bytes.Contains(line, []byte(`"record":"round"`)) {
				n--
			}
		}
	}
	rounds(5)
	time.Sleep(15 * time.Second) // that is how long nobody reads
	before := sample(t, fetch(t, listen, "/metrics"), `callbyname_probes_total{approach="ip",outcome="ok",target="httpd"}`)
	fetch(t, listen, "/")
	rounds(before + 5)
	done := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, lines)
		done <- err
	}()
	p.end(0, "")
	if err := <-done; err != nil {
		t.Error(err)
	}
	h := hear(t, log.Bytes())
	h.innocent(w.witness, "httpd")
	if h.stop == nil || h.stop.Lost > 0 || h.broken > 0 {
		t.Errorf("stop record %+v, %d lines that are none", h.stop, h.broken)
	}
	if told := h.paused(); told < 8*time.Second || told > 20*time.Second {
		t.Errorf("pauses of %v are told, for 15s less what fits into a pipe", told)
	}
	n := h.count("httpd", 0)["ok"] / 5
	if n > before+50 {
		t.Errorf("%d rounds, %d of them before the log was read again: those missed were made up for", n, before)
	}
}

// asFirst are the two ways in which a prober may be the process that it is. Nothing kills a container's first process by accident: it
// is spared all signals that it does not handle.
var asFirst = map[string]uintptr{"as any process": 0, "as a container's first process": unix.CLONE_NEWPID}

func TestALogThatNobodyWillReadEndsTheProber(t *testing.T) {
	t.Parallel()
	for name, flags := range asFirst {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			read, write := narrowPipe(t)
			command := prober(write, w.config("httpd"), "--interval=50ms", "--timeout=45ms")
			command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
			p := start(t, command)
			write.Close()
			if _, err := bufio.NewReader(read).ReadString('\n'); err != nil {
				t.Error(err)
			}
			read.Close()
			p.ended()
			s := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if ok := s.Signal() == unix.SIGPIPE || flags != 0 && s.ExitStatus() == 2; !ok || p.stderr() != "" {
				t.Errorf("%v, %q", p.cmd.ProcessState, p.stderr())
			}
		})
	}
}

func TestASecondSignalEndsAProberWhoseLogIsStuck(t *testing.T) {
	t.Parallel()
	for name, flags := range asFirst {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			read, write := narrowPipe(t)
			command := prober(write, w.config("httpd"), "--interval=50ms", "--timeout=45ms")
			command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
			p := start(t, command)
			held := 0
			eventually(t, "the log is stuck", func() bool {
				before := held
				var err error
				if held, err = unix.IoctlGetInt(int(read.Fd()), unix.TIOCINQ); err != nil {
					t.Fatal(err)
				}
				time.Sleep(500 * time.Millisecond) // ten rounds
				return held > 0 && held == before
			})
			p.signal(unix.SIGTERM)
			time.Sleep(100 * time.Millisecond) // two at once are one to a process
			p.signal(unix.SIGTERM)
			p.ended()
			s := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
			if ok := s.Signal() == unix.SIGTERM || flags != 0 && s.ExitStatus() == 2; !ok || p.stderr() != "" {
				t.Errorf("%v, %q", p.cmd.ProcessState, p.stderr())
			}
		})
	}
}
