package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// bootOne starts a machine without a network, in a folder of the test's own; the test removes it.
func bootOne(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("namespaces need root")
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "pause"), "./pause")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := finish(build); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Cleanup(func() { end(t, dir) })
	m, err := startMachine(t.Context(), bin, dir, "one")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// end kills all machines of the folder.
func end(t *testing.T, dir string) {
	t.Helper()
	found, err := machines(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found {
		if err := m.kill(); err != nil {
			t.Fatal(err)
		}
		err := poll(context.Background(), 10*time.Second, "the machine to end", func(context.Context) error {
			if !m.gone() {
				return errors.New("still there")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		_, _ = syscall.Wait4(m.pid, nil, 0, nil)
	}
}

func TestAMachineIsFoundByItsFolderAndTakesEverythingWithIt(t *testing.T) {
	before, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	m := bootOne(t)
	d, err := m.start("sleeper", "sleep", "1000")
	if err != nil {
		t.Fatal(err)
	}
	// An orphan belongs to the machine's first process, and to nobody on the host.
	if err := m.run(t.Context(), nil, "sh", "-c", "sleep 1001 >/dev/null 2>&1 &"); err != nil {
		t.Fatal(err)
	}
	if err := m.ip(t.Context(), "link add pair0 type veth peer name pair1"); err != nil {
		t.Fatal(err)
	}
	if _, err := net.InterfaceByName("pair0"); err == nil {
		t.Error("the host sees the machine's link")
	}
	found, err := machines(m.dir)
	if err != nil || !slices.Equal(slices.Collect(maps.Keys(found)), []string{"one"}) || found["one"].pid != m.pid {
		t.Fatalf("found %v, error %v", found, err)
	}
	if found, err := machines(m.dir + "/other"); err != nil || len(found) > 0 {
		t.Errorf("found in another folder: %v, error %v", found, err)
	}
	processes, err := m.processes()
	if err != nil || len(processes) != 2 || processes[0].name != "sleep" || processes[0].memory == 0 {
		t.Errorf("processes %v, error %v", processes, err)
	}

	end(t, m.dir)
	err = poll(t.Context(), 5*time.Second, "the daemon's end", func(context.Context) error {
		if !d.ended() {
			return errors.New("runs")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if processes, err := m.processes(); err == nil {
		t.Errorf("left over: %v", processes)
	}
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || string(after) != string(before) {
		t.Errorf("the host's mounts are not as before, error %v:\n%s", err, after)
	}
}

func TestALinkIsRemovedThoughTheOtherEndsNamespaceLives(t *testing.T) {
	const name = "cbn-test0"
	m := bootOne(t)
	link := exec.Command("ip", "link", "add", name, "type", "veth", "peer", "name", "host", "netns", strconv.Itoa(m.pid))
	if err := finish(link); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is none
		if err := removeLink(t.Context(), name); err != nil {
			t.Error(err)
		}
		if _, err := net.InterfaceByName(name); err == nil {
			t.Fatal("still there")
		}
	}
	if err := m.run(t.Context(), nil, "ip", "link", "show", "host"); err == nil {
		t.Error("its other end is still there")
	}
}

func TestAMachineHasNoWayOut(t *testing.T) {
	m := bootOne(t)
	// 192.0.2.1 is for documentation (RFC 5737): were there a way, the packet would find nobody.
	err := m.run(t.Context(), nil, "ip", "route", "get", "192.0.2.1")
	if err == nil || !strings.Contains(err.Error(), "No route to host") {
		t.Errorf("a route out: error %v", err)
	}
}

func TestADaemonThatEndsAtOnceSaysWhy(t *testing.T) {
	m := bootOne(t)
	c := &cluster{options: options{dir: m.dir}}
	if err := c.start(m, "shortlived", "sh", "-c", "echo out of luck; exit 3"); err != nil {
		t.Fatal(err)
	}
	err := c.wait(t.Context(), time.Minute, "nothing", func(context.Context) error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "one/shortlived has ended") || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("error %v", err)
	}
	if got := strings.Count(fmt.Sprint(err), "out of luck"); got != 1 {
		t.Errorf("said %d times: %v", got, err)
	}
}

func TestAWaitThatRunsOutSaysWhatItWaitedForAndWhatItSaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := poll(t.Context(), 3*time.Second, "rain", func(context.Context) error { return errors.New("sunshine") })
		if err == nil || !strings.Contains(err.Error(), "waiting for rain") || !strings.Contains(err.Error(), "sunshine") {
			t.Errorf("error %v", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestOnlyAClustersFolderIsRemoved(t *testing.T) {
	c := &cluster{options: options{dir: filepath.Join(t.TempDir(), "cluster")}}
	for name, test := range map[string]struct {
		files []string
		want  bool
	}{
		"a cluster's":          {[]string{c.optionsPath(), c.dir + "/node1/kubelet.log"}, true},
		"somebody's":           {[]string{c.dir + "/letters/love"}, false},
		"nothing in it":        {nil, true},
		"already mostly empty": {[]string{c.optionsPath()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			defer os.RemoveAll(c.dir)
			for _, file := range append(test.files, c.dir+"/.") {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range test.files {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := removeFiles(c.dir, c.optionsPath())
			if (err == nil) != test.want {
				t.Errorf("error %v", err)
			}
			for _, file := range test.files {
				if _, err := os.Stat(file); (err != nil) != test.want {
					t.Errorf("%s: %v", file, err)
				}
			}
		})
	}
}

func TestCgroupsGoFromTheInnermostOut(t *testing.T) {
	top := filepath.Join(t.TempDir(), "top")
	if err := os.MkdirAll(filepath.Join(top, "kubepods", "pod1", "container"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(top, "kubepods", "pod2"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := removeTree(top); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(top); err == nil {
		t.Error("still there")
	}
	if err := removeTree(top); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func TestTwoFoldersHaveTwoCgroups(t *testing.T) {
	a, b := &machine{dir: "/var/lib/a", name: "node1"}, &machine{dir: "/var/lib/b", name: "node1"}
	if a.cgroupRoot() == b.cgroupRoot() {
		t.Errorf("both have %s", a.cgroupRoot())
	}
}

func TestANodeSetsNoKernelParameterForTheHost(t *testing.T) {
	const file = "/proc/sys/kernel/panic"
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := bootOne(t)
	if err := m.run(t.Context(), nil, "sh", "-e", "-c", furnish); err != nil {
		t.Fatal(err)
	}
	inside, err := m.command(t.Context(), "cat", file).Output()
	if err != nil || strings.TrimSpace(string(inside)) != "10" {
		t.Errorf("the kubelet finds %q, and would set it: error %v", inside, err)
	}
	if err := m.run(t.Context(), nil, "sh", "-c", "echo 77 > "+file); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(file)
	if err != nil || string(after) != string(before) {
		t.Errorf("the host's was %q and is %q, error %v", before, after, err)
	}
}
