package abuse

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// cgroup is one that limits memory as a container's does: the pages of the process and what the kernel keeps for it.
type cgroup struct {
	dir   string
	limit int64
	two   bool // version 2
}

// newCgroup makes one below the root, of the version that the machine has.
func newCgroup(t *testing.T, limit int64) cgroup {
	t.Helper()
	c := cgroup{dir: "/sys/fs/cgroup/memory", limit: limit}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		c.dir, c.two = "/sys/fs/cgroup", true
		write(t, filepath.Join(c.dir, "cgroup.subtree_control"), "+memory")
	}
	c.dir = filepath.Join(c.dir, fmt.Sprintf("callbyname-abuse-%d-%d", os.Getpid(), cgroups))
	cgroups++
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		t.Fatalf("making a memory cgroup: %v: run as root", err)
	}
	file := "memory.limit_in_bytes"
	if c.two {
		file = "memory.max"
	}
	write(t, filepath.Join(c.dir, file), strconv.FormatInt(limit, 10))
	return c
}

// cgroups counts them, for their names. Tests that start a httpd are not parallel: they need the machine for themselves.
var cgroups int

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c cgroup) procs() string { return filepath.Join(c.dir, "cgroup.procs") }

// peak is the most that was ever counted, in bytes.
func (c cgroup) peak(t *testing.T) int64 {
	t.Helper()
	file := "memory.max_usage_in_bytes"
	if c.two {
		file = "memory.peak" // since Linux 5.19
	}
	b, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// remove removes it after its last process has ended.
func (c cgroup) remove(t *testing.T) {
	t.Helper()
	eventually(t, "the cgroup can be removed", func() bool { return os.Remove(c.dir) == nil })
}
