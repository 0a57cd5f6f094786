package endure

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A clock is the wall clock of one process, which the test moves while it runs. Nothing else on the machine sees that.
//
// Go reads the clock through the vDSO, that is without asking the kernel. So the process is stopped as it is executed, and what tells
// it where the vDSO lies is crossed out; it then makes the system call. A seccomp filter, which it was started with, hands those
// calls of clock_gettime that ask for the wall clock to this test, which writes the answer into the process' memory.
type clock struct {
	offset atomic.Int64 // nanoseconds
	asked  atomic.Int64 // how often
	err    atomic.Pointer[error]
}

// set makes the clock run so much ahead of the machine's.
func (c *clock) set(offset time.Duration) { c.offset.Store(int64(offset)) }

// startUnder starts a program under a clock of its own.
func startUnder(t *testing.T, command *exec.Cmd) (*process, *clock) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := pair[0], os.NewFile(uintptr(pair[1]), "theirs")
	defer theirs.Close()
	defer unix.Close(ours)

	command.Args = append([]string{os.Args[0]}, command.Args...)
	command.Path = "/proc/self/exe"
	command.Env = append(command.Environ(), helperEnv+"=watched")
	command.ExtraFiles = []*os.File{theirs}
	command.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	p := newProcess(t, command)

	runtime.LockOSThread() // all calls of ptrace must come from the thread that started the process
	defer runtime.UnlockOSThread()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	listener := -1
	if err := toExec(command.Process.Pid, func() error {
		if listener, err = receiveFile(ours); err != nil {
			return err
		}
		return hideVDSO(command.Process.Pid)
	}); err != nil {
		command.Process.Kill()
		t.Fatalf("starting under a clock of its own: %v", err)
	}
	c := &clock{}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if err := c.answer(listener, command.Process.Pid); err != nil {
			c.err.Store(&err)
			command.Process.Kill() // it would wait for an answer for ever
		}
	}()
	p.watch()
	p.ordinary()
	t.Cleanup(func() {
		p.signal(unix.SIGKILL)
		<-answered
		unix.Close(listener)
		if err := c.err.Load(); err != nil {
			t.Errorf("the clock: %v", *err)
		}
	})
	return p, c
}

// toExec lets the traced process run from the exec that began it up to its next one, calls then, and lets it go.
func toExec(pid int, then func() error) error {
	var status unix.WaitStatus
	for execs := 0; ; {
		if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err == unix.EINTR {
			continue
		} else if err != nil {
			return fmt.Errorf("waiting: %w", err)
		}
		if !status.Stopped() {
			return fmt.Errorf("it ended: %v", status)
		}
		signal := status.StopSignal()
		if signal == unix.SIGTRAP {
			if execs++; execs == 2 {
				if err := then(); err != nil {
					return err
				}
				return unix.PtraceDetach(pid)
			}
			signal = 0
		}
		if err := unix.PtraceCont(pid, int(signal)); err != nil {
			return fmt.Errorf("continuing: %w", err)
		}
	}
}

// hideVDSO crosses the vDSO out of the auxiliary vector, which lies behind arguments and environment at the bottom of the stack of a
// process that has not run yet.
func hideVDSO(pid int) error {
	const ignore, sysinfoEhdr = 1, 33 // AT_IGNORE, AT_SYSINFO_EHDR
	stat, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var at int64
	if _, err := fmt.Sscan(string(fields[28-3]), &at); err != nil { // startstack, the 28th field of proc(5), where the 3rd is fields[0]
		return fmt.Errorf("reading where the stack begins: %w", err)
	}
	memory, err := os.OpenFile(procFile(pid, "mem"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer memory.Close()
	word := func() (uint64, error) {
		var b [8]byte
		_, err := memory.ReadAt(b[:], at)
		at += 8
		return binary.NativeEndian.Uint64(b[:]), err
	}
	if _, err := word(); err != nil { // argc
		return err
	}
	for range 2 { // arguments and environment, each with a zero behind
		for {
			if w, err := word(); err != nil {
				return err
			} else if w == 0 {
				break
			}
		}
	}
	for {
		key, err := word()
		switch {
		case err != nil:
			return err
		case key == 0:
			return errors.New("the auxiliary vector names no vDSO")
		case key == sysinfoEhdr:
			_, err := memory.WriteAt(binary.NativeEndian.AppendUint64(nil, ignore), at-8)
			return err
		}
		at += 8
	}
}

// answer answers for the clock until the process is gone.
func (c *clock) answer(listener, pid int) error {
	for {
		fds := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err == unix.EINTR {
			continue
		} else if err != nil {
			return fmt.Errorf("waiting for a question: %w", err)
		}
		if fds[0].Revents&unix.POLLIN == 0 {
			return nil // nobody is left who could ask
		}
		var asked notification
		switch err := ioctl(listener, notifReceive, unsafe.Pointer(&asked)); err {
		case nil:
		case unix.ENOENT, unix.EINTR: // who asked is gone
			continue
		default:
			return fmt.Errorf("receiving a question: %w", err)
		}
		c.asked.Add(1)
		now := unix.NsecToTimespec(time.Now().UnixNano() + c.offset.Load())
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(&now)), unsafe.Sizeof(now))
		local := []unix.Iovec{{Base: &bytes[0], Len: uint64(len(bytes))}}
		remote := []unix.RemoteIovec{{Base: uintptr(asked.args[1]), Len: len(bytes)}}
		if _, err := unix.ProcessVMWritev(pid, local, remote, 0); err == unix.ESRCH {
			continue
		} else if err != nil {
			return fmt.Errorf("writing the time: %w", err)
		}
		said := response{id: asked.id}
		if err := ioctl(listener, notifSend, unsafe.Pointer(&said)); err != nil && err != unix.ENOENT {
			return fmt.Errorf("answering: %w", err)
		}
	}
}

// notification and response are struct seccomp_notif and seccomp_notif_resp of linux/seccomp.h.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type response struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

const (
	notifReceive = 0xc0502100 // SECCOMP_IOCTL_NOTIF_RECV
	notifSend    = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND
)

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// becomeWatched becomes the program of args, whose questions for the wall clock go to a listener that is sent to file 3. It runs in the
// process' first thread, and returns only what went wrong.
func becomeWatched(args []string) error {
	const fromArg = 16 // offset of the first argument in struct seccomp_data, whose lower half comes first on both machines
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLOCK_GETTIME, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: fromArg},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.CLOCK_REALTIME, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return fmt.Errorf("setting a seccomp filter: %w", errno)
	}
	if err := unix.Sendmsg(3, []byte{0}, unix.UnixRights(int(listener)), nil, 0); err != nil {
		return fmt.Errorf("sending the listener: %w", err)
	}
	os.Unsetenv(helperEnv)
	unix.CloseOnExec(3)
	return fmt.Errorf("executing %q: %w", args[0], unix.Exec(args[0], args, os.Environ()))
}

func receiveFile(socket int) (fd int, err error) {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("receiving a file: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return -1, fmt.Errorf("%d messages with a file: %v", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, fmt.Errorf("%d files in a message: %v", len(fds), err)
	}
	return fds[0], nil
}
