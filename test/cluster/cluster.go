package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const controlName = "control"

// A cluster is the one in options.dir. What it is made of beyond the options is known to up alone.
type cluster struct {
	options
	out io.Writer

	bin     string // folder of the built programs
	creds   credentials
	mu      sync.Mutex // guards daemons: nodes start side by side
	daemons []*daemon  // those that this run started
}

func (c *cluster) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// alone calls f while no other up or down runs; it waits for one that does. It locks the cache's folder, as
// the cluster's own comes and goes.
func (c *cluster) alone(ctx context.Context, f func() error) error {
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	lock, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	err = poll(ctx, 15*time.Minute, "another up or down to end", func(context.Context) error {
		return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	if err != nil {
		return fmt.Errorf("locking %q: %w", dir, err)
	}
	return f()
}

func (c *cluster) kubeconfigPath() string { return filepath.Join(c.dir, "kubeconfig") }
func (c *cluster) optionsPath() string    { return filepath.Join(c.dir, "callbyname-cluster") }
func (c *cluster) binLink() string        { return filepath.Join(c.dir, "bin") }
func (c *cluster) kubectlCache() string   { return filepath.Join(c.dir, "kubectl") }

// start starts a daemon that wait keeps an eye on.
func (c *cluster) start(m *machine, name string, argv ...string) error {
	d, err := m.start(name, argv...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.daemons = append(c.daemons, d)
	return nil
}

// wait polls check within limit, and gives up sooner when a daemon ends, as none should. Its error shows
// the logs that matter: that daemon's, or all.
func (c *cluster) wait(whole context.Context, limit time.Duration, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(whole)
	defer cancel(nil)
	err := poll(ctx, limit, what, func(ctx context.Context) error {
		if d := c.dead(); d != nil {
			err := fmt.Errorf("%s has ended; the end of its log:\n%s", d.name, d.tail())
			cancel(err)
			return err
		}
		return check(ctx)
	})
	if err != nil && whole.Err() == nil && c.dead() == nil {
		return fmt.Errorf("%w\n%s", err, c.tails())
	}
	return err
}

func (c *cluster) dead() *daemon {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.daemons {
		if d.ended() {
			return d
		}
	}
	return nil
}

func (c *cluster) tails() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, d := range c.daemons {
		fmt.Fprintf(&b, "--- %s\n%s\n", d.log, d.tail())
	}
	return b.String()
}

// kubectl runs the built kubectl and returns what it printed.
func (c *cluster) kubectl(ctx context.Context, stdin []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "kubectl"),
		append([]string{"--kubeconfig", c.kubeconfigPath(), "--cache-dir", c.kubectlCache()}, args...)...)
	cmd.Env = append(os.Environ(), "NO_PROXY="+apiIP, "no_proxy="+apiIP)
	cmd.Stdin = strings.NewReader(string(stdin))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		// The last line says it; those before are its retries.
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, lines[len(lines)-1])
	}
	return string(out), nil
}
