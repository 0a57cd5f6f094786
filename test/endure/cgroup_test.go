package endure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// quotaPeriod is how often a CPU limit is counted anew: Kubernetes' period.
const quotaPeriod = 100 * time.Millisecond

// throttled is a cgroup under a CPU limit, of whichever version the machine has.
type throttled struct {
	t   *testing.T
	dir string
	v2  bool
}

// throttle makes a cgroup that may use so much of one CPU in each period, as a Kubernetes limit of 10m is 1ms of each 100ms.
func throttle(t *testing.T, quota time.Duration) *throttled {
	t.Helper()
	const mount = "/sys/fs/cgroup"
	g := &throttled{t: t, dir: filepath.Join(mount, "cpu")}
	if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err == nil {
		g.v2, g.dir = true, mount
		g.write("cgroup.subtree_control", "+cpu")
	}
	g.dir = filepath.Join(g.dir, fmt.Sprintf("callbyname-endure-%d", os.Getpid()))
	if err := os.Mkdir(g.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatalf("making a cgroup: %v", err)
	}
	t.Cleanup(func() {
		var err error
		for range 100 { // the kernel takes a moment to let go of a process that has ended
			if err = os.Remove(g.dir); err == nil || errors.Is(err, fs.ErrNotExist) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("removing a cgroup: %v", err)
	})
	if g.v2 {
		g.write("cpu.max", fmt.Sprintf("%d %d", quota.Microseconds(), quotaPeriod.Microseconds()))
	} else {
		g.write("cpu.cfs_period_us", strconv.FormatInt(quotaPeriod.Microseconds(), 10))
		g.write("cpu.cfs_quota_us", strconv.FormatInt(quota.Microseconds(), 10))
	}
	return g
}

// enter puts a process into the cgroup.
func (g *throttled) enter(p *process) {
	g.t.Helper()
	g.write("cgroup.procs", strconv.Itoa(p.cmd.Process.Pid))
}

// lift takes the limit away.
func (g *throttled) lift() {
	g.t.Helper()
	if g.v2 {
		g.write("cpu.max", "max")
	} else {
		g.write("cpu.cfs_quota_us", "-1")
	}
}

// periods is in how many periods the limit was hit.
func (g *throttled) periods() (n int) {
	g.t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, "cpu.stat"))
	if err != nil {
		g.t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "nr_throttled ")
	if _, err := fmt.Sscan(rest, &n); !ok || err != nil {
		g.t.Fatalf("cpu.stat: %q", b)
	}
	return n
}

func (g *throttled) write(file, value string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, file), []byte(value), 0); err != nil {
		g.t.Fatalf("setting up a cgroup: %v", err)
	}
}
