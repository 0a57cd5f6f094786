package measure

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// burn uses CPU until the process has used so much more of it, however slow the machine.
func burn(t *testing.T, pid int, more time.Duration) {
	t.Helper()
	begin, err := CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	for {
		now, err := CPU(pid)
		if err != nil {
			t.Fatal(err)
		}
		if now-begin >= more {
			return
		}
	}
}

// The kernel's other account of the same: getrusage, in microseconds.
func TestCPUIsWhatTheKernelChargesTheProcess(t *testing.T) {
	before, err := rusage()
	if err != nil {
		t.Fatal(err)
	}
	first, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	burn(t, os.Getpid(), 50*time.Millisecond)
	last, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	after, err := rusage()
	if err != nil {
		t.Fatal(err)
	}
	// rusage was read before and after, and may have counted the test's own reading of it.
	if charged := after - before; last-first < 50*time.Millisecond || last-first > charged+time.Millisecond {
		t.Errorf("the clock says %v, getrusage %v", last-first, charged)
	}
}

func TestCPUOfAProcessThatIsGoneIsAnError(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if cpu, err := CPU(cmd.Process.Pid); err == nil {
		t.Errorf("a process that is gone has used %v", cpu)
	}
}

// A shell that waits for its child: the child's CPU counts, and its memory.
func TestATreeIsAProcessWithItsDescendants(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sh -c 'echo ready; while :; do :; done' & wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var tree []int
	t.Cleanup(func() {
		for _, pid := range slices.Backward(tree) {
			if process, err := os.FindProcess(pid); err == nil {
				process.Kill()
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	tree, err = Tree(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree) != 2 || tree[0] != cmd.Process.Pid {
		t.Fatalf("the tree of %d is %v", cmd.Process.Pid, tree)
	}
	burnt, err := TreeCPU(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	burn(t, tree[1], 20*time.Millisecond)
	after, err := TreeCPU(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if after-burnt < 20*time.Millisecond {
		t.Errorf("the tree used %v, its child 20ms", after-burnt)
	}
	all, err := TreeMemory(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	one, err := MemoryOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if one.PSS <= 0 || one.RSS < one.PSS || one.Peak <= 0 || all.RSS <= one.RSS {
		t.Errorf("memory of one %+v, of all %+v", one, all)
	}
}

// Memory of the kernel's, not of the garbage collector's, which may have some left.
func TestMemoryThatIsTouchedIsSeen(t *testing.T) {
	const size = 64 << 20
	block, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(block)
	before, err := MemoryOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for i := range block {
		block[i] = 1
	}
	after, err := MemoryOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if more := after.PSS - before.PSS; more < size*3/4 || more > size*5/4 || after.Peak < after.RSS-size/4 {
		t.Errorf("before %+v, with %d MiB more %+v", before, size>>20, after)
	}
}

func TestTheMachineIsNamed(t *testing.T) {
	var b strings.Builder
	if err := Heading(&b, "Servers"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Servers\n", " cores, ", "Linux ", "go1.", "load average", time.Now().Format("2006-")} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q does not name %q", b.String(), want)
		}
	}
}

func rusage() (time.Duration, error) {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
