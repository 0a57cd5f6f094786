package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"callbyname/bench/measure"
)

// row is what one run came to.
type row struct {
	targets, probes int           // the latter in the measured time
	took, cpu       time.Duration // the measured time, and what the prober used in it
	// kept and skipped are rounds; lost and void are probes.
	kept, skipped, lost, void int
	// late and slow are bounds of the 99th percentile of how late ticks were, and of how long probes took, in seconds.
	late, slow float64
	memory     measure.Memory // at the end
	heap       float64        // live and not yet collected, in bytes, when it was scraped last
}

// scrapeEvery is how often the prober's metrics are fetched, as a Prometheus does: what that takes is the prober's.
const scrapeEvery = 15 * time.Second

// observe runs the prober against n targets.
func observe(ctx context.Context, o options, dir string, n int) (r row, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.lasts+3*time.Minute) // of a machine that is busy with other things
	defer cancel()
	server, err := startServers(ctx, n)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()

	file := filepath.Join(dir, "targets.yaml")
	if err := os.WriteFile(file, configuration(n, server.port), 0o600); err != nil {
		return r, err
	}
	log, err := os.OpenFile(o.log, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return r, err
	}
	defer log.Close()
	listen, err := freePort()
	if err != nil {
		return r, err
	}
	said := &strings.Builder{}
	prober := exec.CommandContext(ctx, o.prober, "--config", file, "--nameserver", server.names, "--interval", o.interval.String(),
		"--log-format", "json", "--listen", listen)
	prober.Stdout, prober.Stderr = log, said
	if err := prober.Start(); err != nil {
		return r, err
	}
	defer func() {
		if stopped := errors.Join(prober.Process.Signal(syscall.SIGTERM), prober.Wait()); stopped != nil {
			err = errors.Join(err, fmt.Errorf("the prober: %w: %s", stopped, said))
		}
	}()
	r, err = look(ctx, o, prober.Process.Pid, "http://"+listen+"/metrics")
	r.targets = n
	r.skipped = max(int(float64(n)*r.took.Seconds()/o.interval.Seconds()+.5)-r.kept, 0)
	return r, err
}

// configuration has the targets, each with the two approaches that every target has.
func configuration(n, port int) []byte {
	b := []byte("targets:\n")
	for i := range n {
		b = fmt.Appendf(b, "  - {name: t%05d, url: \"http://%s:%d\"}\n", i, host(i), port)
	}
	return b
}

// freePort is an address on which somebody can listen now.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// servers are the process that answers for all targets.
type servers struct {
	command *exec.Cmd
	stop    func() error
	names   string // where its DNS server listens
	port    int    // of HTTP
}

func startServers(ctx context.Context, n int) (*servers, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &servers{command: exec.CommandContext(ctx, self, "serve", fmt.Sprint(n))}
	s.command.Stderr = os.Stderr
	stdin, err := s.command.StdinPipe() // whose end ends it
	if err != nil {
		return nil, err
	}
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	s.stop = func() error { return errors.Join(stdin.Close(), s.command.Wait()) }
	if _, err := fmt.Fscan(bufio.NewReader(stdout), &s.names, &s.port); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the server: %w", err), s.stop())
	}
	return s, nil
}

// look watches the prober from outside, for as long as a run lasts.
func look(ctx context.Context, o options, pid int, url string) (r row, err error) {
	if err := sleep(ctx, o.settling); err != nil {
		return r, err
	}
	before, err := scrape(ctx, url)
	if err != nil {
		return r, err
	}
	began := time.Now()
	used, err := measure.CPU(pid)
	if err != nil {
		return r, err
	}
	for left := o.lasts - o.settling; left > 0; left -= scrapeEvery {
		if err := sleep(ctx, min(left, scrapeEvery)); err != nil {
			return r, err
		}
		if left > scrapeEvery {
			if _, err := scrape(ctx, url); err != nil {
				return r, err
			}
		}
	}
	if r.memory, err = measure.MemoryOf(pid); err != nil {
		return r, err
	}
	after, err := scrape(ctx, url)
	if err != nil {
		return r, err
	}
	if r.cpu, err = measure.CPU(pid); err != nil {
		return r, err
	}
	r.took, r.cpu = time.Since(began), r.cpu-used
	grown := func(name string) int { return int(after.sum(name) - before.sum(name)) }
	r.kept, r.probes = grown("callbyname_rounds_total"), grown("callbyname_probes_total")
	r.lost, r.void = grown("callbyname_lost_probes_total"), grown("callbyname_void_probes_total")
	r.late = after.quantile(.99, "callbyname_tick_lateness_seconds", before)
	r.slow = after.quantile(.99, "callbyname_probe_duration_seconds", before)
	r.heap = after.sum("go_memstats_heap_alloc_bytes")
	return r, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
