package measure

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the CPU time, user and system, that a process has used since it began, all its threads together but without its
// children: read from the process's own clock (clock_getcpuclockid), in nanoseconds, where /proc counts in ticks of 10 ms.
func CPU(pid int) (time.Duration, error) {
	const whole = 2 // CPUCLOCK_SCHED of the whole process: include/linux/posix-timers.h
	var now unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|whole), &now); err != nil {
		return 0, fmt.Errorf("reading the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(now.Nano()), nil
}

// TreeCPU is the CPU time of a process and of all its descendants that are alive, as of servers with workers.
func TreeCPU(pid int) (time.Duration, error) {
	var total time.Duration
	pids, err := Tree(pid)
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		cpu, err := CPU(pid)
		if err != nil {
			return 0, err
		}
		total += cpu
	}
	return total, nil
}

// Tree is a process and all its descendants that are alive, parents before their children.
func Tree(pid int) ([]int, error) {
	pids := []int{pid}
	for i := 0; i < len(pids); i++ {
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pids[i]))
		if err != nil {
			return nil, err
		}
		for _, task := range tasks {
			children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pids[i], task.Name()))
			if err != nil {
				continue // The thread is gone: its children are another thread's now.
			}
			for _, child := range strings.Fields(string(children)) {
				n, err := strconv.Atoi(child)
				if err != nil {
					return nil, fmt.Errorf("children of process %d: %w", pids[i], err)
				}
				pids = append(pids, n)
			}
		}
	}
	return pids, nil
}

// Memory is what a process holds in physical memory, in bytes.
type Memory struct {
	RSS  int64 // all pages that are resident
	PSS  int64 // the same, with shared pages divided among those that share them: what sums over processes
	Peak int64 // the greatest RSS so far
}

// MemoryOf reads the memory of a process from /proc.
func MemoryOf(pid int) (Memory, error) {
	var m Memory
	if err := kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid), map[string]*int64{"Rss": &m.RSS, "Pss": &m.PSS}); err != nil {
		return Memory{}, err
	}
	if err := kilobytes(fmt.Sprintf("/proc/%d/status", pid), map[string]*int64{"VmHWM": &m.Peak}); err != nil {
		return Memory{}, err
	}
	return m, nil
}

// TreeMemory sums the memory of a process and its descendants; only the PSS is a true sum.
func TreeMemory(pid int) (Memory, error) {
	pids, err := Tree(pid)
	if err != nil {
		return Memory{}, err
	}
	var total Memory
	for _, pid := range pids {
		m, err := MemoryOf(pid)
		if err != nil {
			return Memory{}, err
		}
		total.RSS += m.RSS
		total.PSS += m.PSS
		total.Peak += m.Peak
	}
	return total, nil
}

// kilobytes reads "Key:   123 kB" lines of a file in /proc; each of the keys must be there.
func kilobytes(path string, into map[string]*int64) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	found := 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		key, rest, _ := strings.Cut(lines.Text(), ":")
		value, ok := into[key]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
		if err != nil {
			return fmt.Errorf("%s of %q: %w", key, path, err)
		}
		*value = n << 10
		found++
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading %q: %w", path, err)
	}
	if found < len(into) {
		return fmt.Errorf("reading %q: %d of %d values are there", path, found, len(into))
	}
	return nil
}
