package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A machine is one computer of the cluster, as far as the kernel can pretend it: network, process, mount,
// host name and IPC namespaces, kept by a first process. They have no name in the file system: when the
// first process is killed, the kernel ends all others, and mounts, links and firewall rules go with them.
type machine struct {
	name string
	dir  string // the cluster's folder
	pid  int    // of the first process, as the host sees it
}

// machineArg0 begins the command line of a machine's first process, followed by the cluster's folder and
// the machine's name: that is how it is found again, whatever became of the program that started it.
const machineArg0 = "callbyname-machine"

// Where a machine sees the built programs and its own part of the cluster's folder. /var/lib and /run are
// the machine's own, so that all programs find their files where they look for them.
const (
	binDir   = "/mnt/bin"
	stateDir = "/mnt/state"
)

// boot starts a machine. Mounts are made in its namespace alone: the host's are turned to slaves first.
const boot = `
mount --make-rslave /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/bin /mnt/state
mount --bind "$1" /mnt/bin
mount --bind "$2" /mnt/state
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/lib
echo "$3" > /proc/sys/kernel/hostname
ip link set lo up
ip route add unreachable default
`

func startMachine(ctx context.Context, bin, dir, name string) (*machine, error) {
	cmd := exec.Command(filepath.Join(bin, "pause"))
	cmd.Args = []string{machineArg0, dir, name}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true,
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("machine %q: %w", name, err)
	}
	m := &machine{name: name, dir: dir, pid: cmd.Process.Pid}
	if err := os.MkdirAll(m.state(), 0o755); err != nil {
		return nil, fmt.Errorf("machine %q: %w", name, err)
	}
	return m, m.run(ctx, nil, "sh", "-e", "-c", boot, "boot", bin, m.state(), name)
}

// state is the folder that the machine sees as stateDir.
func (m *machine) state() string { return filepath.Join(m.dir, m.name) }

// command is one that runs inside the machine. nsenter rather than "ip netns exec", which mounts a fresh
// /sys, where the kubelet then finds no cgroups.
func (m *machine) command(ctx context.Context, argv ...string) *exec.Cmd {
	args := []string{"--target", strconv.Itoa(m.pid), "--net", "--pid", "--mount", "--uts", "--ipc", "--"}
	return exec.CommandContext(ctx, "nsenter", append(args, argv...)...)
}

// run runs a command inside the machine to its end.
func (m *machine) run(ctx context.Context, stdin []byte, argv ...string) error {
	cmd := m.command(ctx, argv...)
	cmd.Stdin = bytes.NewReader(stdin)
	if err := finish(cmd); err != nil {
		return fmt.Errorf("machine %q: %w", m.name, err)
	}
	return nil
}

// ip runs commands of ip(8), one a line.
func (m *machine) ip(ctx context.Context, lines ...string) error {
	return m.run(ctx, []byte(strings.Join(lines, "\n")+"\n"), "ip", "-batch", "-")
}

// write puts a file into the machine's stateDir.
func (m *machine) write(name string, content []byte) error {
	file := filepath.Join(m.state(), name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// A daemon is a program that keeps running inside a machine after this program has ended.
type daemon struct {
	name string // with its machine's, for people
	log  string // path on the host
	pid  int    // of the nsenter that waits for it
}

// start starts a daemon. Its output goes to a log file of its own.
func (m *machine) start(name string, argv ...string) (*daemon, error) {
	d := &daemon{name: m.name + "/" + name, log: filepath.Join(m.state(), name+".log")}
	log, err := os.Create(d.log)
	if err != nil {
		return nil, fmt.Errorf("starting %q: %w", d.name, err)
	}
	defer log.Close()
	// Not bound to a context: it is to outlive us.
	cmd := m.command(context.Background(), argv...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %q: %w", d.name, err)
	}
	d.pid = cmd.Process.Pid
	return d, nil
}

// ended reports whether the daemon, started by this very program, has ended.
func (d *daemon) ended() bool {
	pid, err := syscall.Wait4(d.pid, nil, syscall.WNOHANG, nil)
	return pid == d.pid || errors.Is(err, syscall.ECHILD)
}

// tail is the end of the daemon's log.
func (d *daemon) tail() string {
	raw, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// machines finds the machines of the cluster in dir that run now, by name.
func machines(dir string) (map[string]*machine, error) {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	found := map[string]*machine{}
	for _, line := range lines {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(line)))
		if err != nil {
			return nil, err
		}
		if name, ok := machineOf(dir, pid); ok {
			found[name] = &machine{name: name, dir: dir, pid: pid}
		}
	}
	return found, nil
}

// machineOf returns the name of the machine whose first process is pid.
func machineOf(dir string, pid int) (string, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return "", false
	}
	argv := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
	if len(argv) != 3 || !slices.Equal(argv[:2], []string{machineArg0, dir}) {
		return "", false
	}
	return argv[2], true
}

// kill ends everything in the machine.
func (m *machine) kill() error {
	// The handle is taken before the look at the command line: a process that takes over the number
	// afterwards cannot be hit.
	handle, err := os.FindProcess(m.pid)
	if err != nil {
		return fmt.Errorf("machine %q: %w", m.name, err)
	}
	defer handle.Release()
	if name, ok := machineOf(m.dir, m.pid); !ok || name != m.name {
		return nil
	}
	if err := handle.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("machine %q: %w", m.name, err)
	}
	return nil
}

// gone reports whether a killed machine has ended: its first process becomes a zombie, or is reaped, only
// after the kernel has ended all others.
func (m *machine) gone() bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	if err != nil {
		return true
	}
	// The state follows the program's name, which stands in brackets (proc_pid_stat(5)).
	_, state, _ := strings.Cut(string(raw), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

// finish runs a command to its end; the error says what it wrote.
func finish(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %q: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// poll calls check until it returns nil; the last error stands in poll's own.
func poll(ctx context.Context, limit time.Duration, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(err, cause) {
				err = fmt.Errorf("%w: %w", cause, err)
			}
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
	}
}
