package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// pass is a set of tests, and the cluster that they need.
type pass struct {
	run, skip string   // as go test has them
	cluster   []string // flags of the program cluster
}

// passes leave tests out that need another cluster. These are not skipped in the sense of testing: a skipped test is one that
// should have run.
var passes = map[string]pass{
	"default": {skip: "^TestWith(FewIPs|CachedNames)"},
	// Five pod IPs on each node, so that a freed one can be had again on purpose. On the way the other proxy mode, for what it
	// could break.
	"small": {
		run:     "^TestWithFewIPs|^TestARollingUpdate|^TestARecreationBreaks",
		cluster: []string{"--pod-prefix=29", "--proxy-mode=nftables"},
	},
	"cached": {run: "^TestWithCachedNames", cluster: []string{"--dns-cache"}},
}

// ownDir is where the tests' own cluster lives: not where a person's would, so that it is theirs to take down.
const ownDir = "/var/lib/callbyname-e2e"

func TestMain(m *testing.M) {
	name := flag.String("pass", "default", "which tests: default, small (few pod IPs) or cached (a DNS that caches)")
	images := flag.String("images", "", "folder with httpd.tar and prober.tar for a cluster of our own; built if there is none")
	flag.Parse()
	chosen, ok := passes[*name]
	if !ok {
		fmt.Fprintf(os.Stderr, "e2e: -pass %q: not default, small or cached\n", *name)
		os.Exit(2)
	}
	chosen.choose()
	if os.Getenv("KUBECONFIG") != "" || flag.Lookup("test.list").Value.String() != "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := chosen.onOwn(ctx, *images, m.Run)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// choose sets the flags -run and -skip, unless somebody gave one of them, and -parallel: the tests wait more than they work.
func (p pass) choose() {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["test.run"] && !given["test.skip"] {
		flag.Set("test.run", p.run)
		flag.Set("test.skip", p.skip)
	}
	if !given["test.parallel"] {
		flag.Set("test.parallel", "4")
	}
}

// onOwn starts a cluster, loads the images, runs the tests, and takes all down, after an interrupt too.
func (p pass) onOwn(ctx context.Context, images string, tests func() int) (code int, err error) {
	unlock, err := alone(filepath.Dir(ownDir))
	if err != nil {
		return 1, err
	}
	defer unlock()
	scratch, err := os.MkdirTemp("", "callbyname-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	if images != "" {
		if images, err = filepath.Abs(images); err != nil {
			return 1, err
		}
	} else {
		images = scratch
		if err := goRun(ctx, nil, "./images", "--out", images); err != nil {
			return 1, err
		}
	}
	helper := filepath.Join(scratch, "helper.tar")
	if err := goRun(ctx, []string{"CGO_ENABLED=0"}, "./helper", "image", helper); err != nil {
		return 1, err
	}
	cluster := func(ctx context.Context, args ...string) error {
		return goRun(ctx, nil, append([]string{"./cluster", "--dir=" + ownDir}, args...)...)
	}
	defer func() {
		if e := cluster(context.WithoutCancel(ctx), "down"); e != nil && err == nil {
			err = e
		}
	}()
	// One that is there was left by tests that were killed: those that run hold the lock.
	if err := errors.Join(cluster(ctx, "down"), cluster(ctx, append(p.cluster, "up")...)); err != nil {
		return 1, err
	}
	if err := cluster(ctx, "load", filepath.Join(images, "httpd.tar"), filepath.Join(images, "prober.tar"), helper); err != nil {
		return 1, err
	}
	os.Setenv("KUBECONFIG", filepath.Join(ownDir, "kubeconfig"))
	os.Setenv("KUBECACHEDIR", filepath.Join(ownDir, "kubectl"))
	os.Setenv("PATH", filepath.Join(ownDir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	done := make(chan int, 1)
	go func() { done <- tests() }()
	select {
	case code := <-done:
		return code, nil
	case <-ctx.Done():
		return 1, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
}

// alone locks a folder against other end-to-end tests on this machine, whose cluster would be taken down under them. The kernel
// unlocks it when the process ends, however that comes about.
func alone(folder string) (unlock func() error, err error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %q, which end-to-end tests that run on this machine hold: %w", folder, err)
	}
	return f.Close, nil
}

// goRun runs a program of the module test; what it says goes to standard error, beside the tests' own words.
func goRun(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run"}, args...)...)
	cmd.Dir, cmd.Env = "..", append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	// An interrupt is for these tests to pass on, in their own time.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go run %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

func TestTwoRunsDoNotShareAMachine(t *testing.T) {
	dir := t.TempDir()
	unlock, err := alone(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone(dir); err == nil {
		t.Error("locked twice")
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := alone(dir)
	if err != nil {
		t.Fatalf("not free after the first run's end: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
