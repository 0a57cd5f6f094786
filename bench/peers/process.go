package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a server that answers.
type Process struct {
	PID int
	// URL is what it answered first.
	URL string
	// Started is the time from its exec to the end of its first answer.
	Started time.Duration

	cmd  *exec.Cmd
	gone chan error // has the end of the process
}

// patience is how long a process may take to answer first, or to end.
const patience = 20 * time.Second

// Start runs a server with an environment of its own, and waits until it answers the URL with 200. What it prints is thrown
// away, but by way of /dev/null, so that printing costs it what it costs.
func Start(ctx context.Context, url string, env []string, name string, args ...string) (*Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append([]string{}, env...), null, null // none of ours, be it nil
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{PID: cmd.Process.Pid, URL: url, cmd: cmd, gone: make(chan error, 1)}
	go func() { p.gone <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := answers(ctx, url)
		if err == nil {
			p.Started = time.Since(began)
			return p, nil
		}
		select {
		case ended := <-p.gone:
			return nil, fmt.Errorf("%s ended before it answered: %w", name, errors.Join(ended, err))
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s does not answer: %w", name, err), p.Stop())
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// fresh asks over a new connection each time.
var fresh = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := fresh.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

// Stop ends the process with SIGTERM, twice if need be, and with SIGKILL when that is of no use.
func (p *Process) Stop() error {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGKILL} {
		if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		wait := time.Second
		if signal == syscall.SIGKILL {
			wait = patience
		}
		select {
		case <-p.gone: // how it ended, when it was told to, is its own affair
			return nil
		case <-time.After(wait):
		}
	}
	return fmt.Errorf("process %d does not end", p.PID)
}

// FreePort is a TCP port of 127.0.0.1 that is free now.
func FreePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return ln.Addr().(*net.TCPAddr).Port, ln.Close()
}
