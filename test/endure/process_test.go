package endure

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must come, on a busy machine.
const patience = 45 * time.Second

// process is a program that runs.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	err  *os.File // its standard error
	done chan struct{}
}

// newProcess is a process that has not started. Its standard error goes to a file.
func newProcess(t *testing.T, c *exec.Cmd) *process {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "stderr-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	c.Stderr = f
	return &process{t: t, cmd: c, err: f, done: make(chan struct{})}
}

// stderr is what it has written to standard error so far.
func (p *process) stderr() string {
	p.t.Helper()
	b, err := os.ReadFile(p.err.Name())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// prober is the command for a prober with these flags, which writes its log as JSON to out.
func prober(out *os.File, flags ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(programs, "prober"), slices.Concat([]string{"--log-format=json", "--listen="}, flags)...)
	c.Stdout = out
	return c
}

// start starts a program, which ends with the test at the latest.
func start(t *testing.T, c *exec.Cmd) *process {
	t.Helper()
	p := newProcess(t, c)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p.watch()
	if filepath.Base(c.Path) == "prober" {
		p.ordinary()
	}
	return p
}

// ordinary gives the process the priority that others have.
func (p *process) ordinary() {
	p.t.Helper()
	if err := renice(p.cmd.Process.Pid, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatalf("setting a priority: %v", err)
	}
}

// watch waits for the end of the process, and ends it with the test.
func (p *process) watch() {
	go func() {
		p.cmd.Wait() // ProcessState tells more
		close(p.done)
	}()
	p.t.Cleanup(func() {
		p.signal(unix.SIGKILL)
		<-p.done
		if p.t.Failed() {
			p.t.Logf("%v: %v\n%s", p.cmd, p.cmd.ProcessState, p.stderr())
		}
	})
}

func (p *process) signal(s syscall.Signal) { p.cmd.Process.Signal(s) } // one that has ended needs none

// report is what prober report makes of logs.
func report(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.Command(filepath.Join(programs, "prober"), append([]string{"report"}, args...)...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("%v: %v, %q", c, err, &errs)
	}
	return string(out)
}

// fetch asks the prober's page for something.
func fetch(t *testing.T, addr netip.AddrPort, path string) []byte {
	t.Helper()
	client := http.Client{Timeout: patience}
	r, err := client.Get("http://" + addr.String() + path)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%s: %s, %v", path, r.Status, err)
	}
	return b
}

// end ends the process by SIGTERM, as its kubelet does, and checks its exit status and that what it wrote to standard error matches.
func (p *process) end(status int, words string) {
	p.t.Helper()
	p.signal(unix.SIGTERM)
	p.ended()
	got, said := p.cmd.ProcessState.ExitCode(), p.stderr()
	if ok, err := regexp.MatchString("^(?:"+words+")$", said); got != status || !ok || err != nil {
		p.t.Errorf("%v; stderr: %q\nwant exit status %d; stderr: %q", p.cmd.ProcessState, said, status, words)
	}
}

// ended waits for the end of the process.
func (p *process) ended() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%v has not ended in %v", p.cmd, patience)
	}
}

// pause stops the process for so long.
func (p *process) pause(d time.Duration) {
	p.t.Helper()
	p.signal(unix.SIGSTOP)
	time.Sleep(d) // that is the pause
	p.signal(unix.SIGCONT)
}

// threads calls do for each thread of a process. One that begins meanwhile inherits from the one that began it.
func threads(pid int, do func(tid int) error) error {
	all, err := os.ReadDir(procFile(pid, "task"))
	if err != nil {
		return err
	}
	for _, thread := range all {
		tid, err := strconv.Atoi(thread.Name())
		if err == nil {
			err = do(tid)
		}
		if err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// renice sets the priority of a process.
func renice(pid, nice int) error {
	return threads(pid, func(tid int) error { return unix.Setpriority(unix.PRIO_PROCESS, tid, nice) })
}

// pin confines the process to these CPUs.
func (p *process) pin(cpus *unix.CPUSet) {
	p.t.Helper()
	if err := threads(p.cmd.Process.Pid, func(tid int) error { return unix.SchedSetaffinity(tid, cpus) }); err != nil {
		p.t.Fatalf("pinning to a CPU: %v", err)
	}
}

// peak is the most memory that the process ever had, in MiB.
func (p *process) peak() int {
	p.t.Helper()
	return int(p.status("VmHWM:")) >> 10
}

// status is a line of the process' /proc/PID/status.
func (p *process) status(line string) (value uint64) {
	p.t.Helper()
	b, err := os.ReadFile(procFile(p.cmd.Process.Pid, "status"))
	if err != nil {
		p.t.Fatal(err)
	}
	for l := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(l, []byte(line)); ok {
			for _, c := range bytes.TrimSpace(rest) {
				if c < '0' || c > '9' {
					break
				}
				value = value*10 + uint64(c-'0')
			}
			return value
		}
	}
	p.t.Fatal(errors.New("no line " + line))
	return 0
}
