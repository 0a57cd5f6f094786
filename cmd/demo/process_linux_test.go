package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user that owns nothing.
const nobody = 65534

func TestTheDemoNeedsNoRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("every other test of the demo shows that already: this is not root")
	}
	t.Parallel()
	dir, err := os.MkdirTemp("", "demo") // t.TempDir is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := self(t, "--interval=100ms")
	program, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	c.Path = filepath.Join(dir, "demo")
	c.Env = []string{asDemo + "=1", "TMPDIR=" + dir, "GOCOVERDIR=" + dir}
	if err := os.WriteFile(c.Path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := c.CombinedOutput()
	if missing := inOrder(string(out), chapters...); err != nil || missing != "" {
		t.Errorf("%v, lacks %q:\n%s", err, missing, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWithoutLoopbackAddressesTheDemoSaysWhatItNeeds(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes a network namespace")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs the program ip (iproute2): ", err)
	}
	t.Parallel()
	// A machine on which 127.0.0.1 is all there is, as on a Mac.
	const alone = "ip link set lo up && ip addr add 127.0.0.1/32 dev lo && ip addr del 127.0.0.1/8 dev lo && exec \"$0\" \"$@\""
	demo := self(t)
	c := exec.CommandContext(t.Context(), "sh", append([]string{"-c", alone}, demo.Args...)...)
	c.Env = append(demo.Env, "PATH="+os.Getenv("PATH"))
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.Run() // ProcessState tells more
	const want = "demo: the pods need loopback addresses of their own, 127.0.0.2 to 127.0.0.4: on a Mac, " +
		"`for i in 2 3 4; do sudo ifconfig lo0 alias 127.0.0.$i up; done` makes them: "
	if c.ProcessState.ExitCode() != exitFailed || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("%v, %q, %q", c.ProcessState, &stdout, &stderr)
	}
}

func TestASignalEndsTheDemo(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	c := self(t, "--interval=1s")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var chunk [4096]byte
	for !strings.Contains(stdout.String(), "httpd #1") {
		n, err := out.Read(chunk[:])
		if err != nil {
			t.Fatal(err)
		}
		stdout.Write(chunk[:n])
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.ReadFrom(out); err != nil {
		t.Fatal(err)
	}
	c.Wait() // ProcessState tells more
	if missing := inOrder(stdout.String(), "stopped (SIGTERM)", "keepalive"); c.ProcessState.ExitCode() != exitFailed || stderr.Len() > 0 || missing != "" {
		t.Errorf("%v, %q, lacks %q:\n%s", c.ProcessState, &stderr, missing, &stdout)
	}
}
