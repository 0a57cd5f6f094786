package main

import (
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// module is what the working directory must belong to: the repository is the folder above it.
const module = "callbyname/test"

// A builder runs buildah with a storage of its own, apart from the machine's. It says on out what takes long.
type builder struct {
	out        io.Writer
	repository string
	store      string            // folder of all that buildah keeps
	busybox    string            // path of a static one
	goEnv      map[string]string // what this machine's go env says of settings and sources
	lock       *os.File          // the store, locked while alone
}

// settings are what is asked of this machine's Go; sources are those that say where modules come from.
var (
	settings = []string{"GOROOT", "GOVERSION", "GOCACHE", "GOMODCACHE"}
	sources  = []string{"GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOVCS"}
)

func newBuilder(ctx context.Context, out io.Writer) (*builder, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("buildah mounts what it builds, which needs root")
	}
	b := &builder{out: out}
	var err error
	if b.busybox, err = tools(); err != nil {
		return nil, err
	}
	if b.repository, err = repository(ctx); err != nil {
		return nil, err
	}
	env, err := exec.CommandContext(ctx, "go", append(append([]string{"env", "-json"}, settings...), sources...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("asking go for its settings: %w", err)
	}
	if err := json.Unmarshal(env, &b.goEnv); err != nil {
		return nil, fmt.Errorf("reading the settings of go: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("finding the cache: %w", err)
	}
	b.store = filepath.Join(cache, "callbyname", "buildah")
	for _, dir := range []string{b.scratch(), b.goEnv["GOCACHE"], b.goEnv["GOMODCACHE"]} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// tools returns the path of busybox, or fails with the command that installs what is missing.
func tools() (busybox string, err error) {
	const install = "on Debian: apt-get install --no-install-recommends buildah busybox-static"
	if _, err := exec.LookPath("buildah"); err != nil {
		return "", fmt.Errorf("no buildah in $PATH; %s", install)
	}
	if busybox, err = exec.LookPath("busybox"); err != nil {
		return "", fmt.Errorf("no busybox in $PATH; %s", install)
	}
	program, err := elf.Open(busybox)
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", busybox, err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			return "", fmt.Errorf("%s is not static, so that it does not run alone in an image; %s", busybox, install)
		}
	}
	return busybox, nil
}

// repository is the folder with the Dockerfiles.
func repository(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("finding the repository: run this in the module %s: %w", module, err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// scratch is the folder for all that lives no longer than one build.
func (b *builder) scratch() string { return filepath.Join(b.store, "tmp") }

// alone calls f while nobody else uses the storage, after removing what a killed build left there. Each buildah holds the lock
// as well, as it goes on when this program is killed.
func (b *builder) alone(ctx context.Context, f func() error) error {
	lock, err := os.Open(b.store)
	if err != nil {
		return err
	}
	defer lock.Close()
	b.lock = lock
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for another build to end: %w", context.Cause(ctx))
		}
	}
	if _, err := b.buildah(ctx, "rm", "--all"); err != nil {
		return err
	}
	return f()
}

// buildah runs one of its commands and returns what it printed. The error holds what it said.
func (b *builder) buildah(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "buildah", append([]string{"--storage-driver", "overlay",
		"--root", filepath.Join(b.store, "storage"), "--runroot", filepath.Join(b.store, "run")}, args...)...)
	cmd.Dir = b.repository
	cmd.ExtraFiles = []*os.File{b.lock}
	cmd.Env = append(os.Environ(), "TMPDIR="+b.scratch())
	var said strings.Builder
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("buildah %s: %w", args[0], context.Cause(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("buildah %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// bud builds a Dockerfile in the way that all builds here share: no registry is asked, and equal input makes equal images.
func (b *builder) bud(ctx context.Context, args ...string) error {
	_, err := b.buildah(ctx, append([]string{"bud", "--quiet", "--isolation", "chroot", "--pull-never",
		"--identity-label=false", "--timestamp", "0"}, args...)...)
	return err
}
