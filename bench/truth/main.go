// Command truth measures how true the prober's times are: the real program, as a process of its own, beside what is known
// better. Its phases stand beside the kernel's stamps on the packets of the same connections, its outages beside servers
// whose downtime is known. Everything happens in network namespaces of its own; needs root.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"callbyname/bench/measure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "truth:", err)
		os.Exit(1)
	}
}

// insideEnv is set in the process that has a network of its own.
const insideEnv = "CALLBYNAME_TRUTH_INSIDE"

// run begins again in a network namespace of its own, unless it is one of the processes that live there.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case roleServer:
			return serveAlone(ctx, args[1])
		case roleFar:
			return serveFar(ctx)
		case roleBusy:
			return spin(ctx)
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	if os.Getenv(insideEnv) == "" {
		return inside(ctx, o.prober, args, out)
	}
	return measureAll(ctx, o, out)
}

// inside runs the program once more, with a network that has nothing but a loopback interface, which is down. What needs
// the real network, building the prober with modules that may have to be fetched, is done before.
func inside(ctx context.Context, prober string, args []string, out io.Writer) error {
	if prober == "" {
		dir, err := os.MkdirTemp("", "truth")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		prober = filepath.Join(dir, "prober")
		if err := build(ctx, prober); err != nil {
			return err
		}
		args = append([]string{"--prober", prober}, args...)
	}
	cmd := command(ctx, priority, args...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("making a network namespace, for which one must be root: %w", err)
	}
	return cmd.Wait()
}

// What measures, and all servers, wait for nobody on a machine that others use as well: who measures the prober does not want
// to measure how CPUs are shared out. These are steps of nice from where the parent is.
const (
	priority = -20
	asParent = 0
	normal   = 20 // below what has priority
)

// command is this very program, which ends when ctx does or when its parent does.
func command(ctx context.Context, nice int, args ...string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	cmd := niced(ctx, nice, program, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

func niced(ctx context.Context, nice int, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nice", append([]string{"-n", fmt.Sprint(nice), program}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// options are what is measured.
type options struct {
	prober string        // the program
	rounds int           // of probes, for each row of phases
	faults int           // servers for each kind of fault
	lasts  time.Duration // how long the faults go on
	longest,
	interval time.Duration // the longest downtime; between two probes of a server that breaks
	busy int // processes that load the machine; none is measured loaded when 0
	seed uint64
	keep string // folder for the prober's logs; empty for none
}

func parse(args []string) (options, error) {
	var o options
	var quick bool
	set := flag.NewFlagSet("truth", flag.ContinueOnError)
	set.StringVar(&o.prober, "prober", "", "the prober to measure; empty builds this repository's")
	set.IntVar(&o.rounds, "rounds", 100, "probes for each row of the table of phases")
	set.IntVar(&o.faults, "servers", 12, "servers for each kind of fault")
	set.DurationVar(&o.lasts, "for", 2*time.Minute, "how long servers break and come back")
	set.DurationVar(&o.longest, "longest", 20*time.Second, "the longest downtime")
	set.DurationVar(&o.interval, "interval", 200*time.Millisecond, "between two probes of a server that breaks")
	set.IntVar(&o.busy, "busy", 4, "processes that never sleep, for the phases on a loaded machine; 0 leaves that out")
	set.Uint64Var(&o.seed, "seed", 1, "of the downtimes")
	set.StringVar(&o.keep, "keep", "", "folder to leave the prober's logs in")
	set.BoolVar(&quick, "quick", false, "few probes and short outages, to see that it works")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if quick {
		o.rounds, o.faults, o.lasts, o.longest, o.busy = 4, 2, 6*time.Second, 2*time.Second, 0
	}
	switch {
	case o.rounds < 1 || o.rounds > 10_000:
		return o, fmt.Errorf("--rounds %d: from 1 to 10000", o.rounds)
	case o.faults < 1 || o.faults > 50:
		return o, fmt.Errorf("--servers %d: from 1 to 50", o.faults)
	case o.lasts < time.Second || o.lasts > time.Hour:
		return o, fmt.Errorf("--for %v: from 1s to 1h", o.lasts)
	case o.longest < shortestFault || o.longest > time.Minute:
		return o, fmt.Errorf("--longest %v: from %v to 1m", o.longest, shortestFault)
	case o.interval < 50*time.Millisecond || o.interval > 10*time.Second:
		return o, fmt.Errorf("--interval %v: from 50ms to 10s", o.interval)
	case o.busy < 0 || o.busy > 64:
		return o, fmt.Errorf("--busy %d: from 0 to 64", o.busy)
	}
	return o, nil
}

func measureAll(ctx context.Context, o options, out io.Writer) error {
	dir, err := os.MkdirTemp("", "truth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.keep == "" {
		o.keep = dir
	}
	if err := os.MkdirAll(o.keep, 0o755); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	if err := measure.Heading(out, "How true the times are"); err != nil {
		return err
	}
	loads := []int{0}
	if o.busy > 0 {
		loads = append(loads, o.busy)
	}
	var tables []phaseTable
	for _, busy := range loads {
		t, err := measurePhases(ctx, o, busy)
		if err != nil {
			return fmt.Errorf("phases, with %d busy processes: %w", busy, err)
		}
		tables = append(tables, t)
	}
	if err := writePhases(out, tables); err != nil {
		return err
	}
	outages, err := measureOutages(ctx, o)
	if err != nil {
		return fmt.Errorf("outages: %w", err)
	}
	if err := writeOutages(out, o, outages); err != nil {
		return err
	}
	return outages.check(o.interval)
}

const roleBusy = "busy"

// spin takes a CPU until it is ended, and is not too polite to be noticed.
func spin(ctx context.Context) error {
	for ctx.Err() == nil {
		for range 1_000_000 {
		}
	}
	return nil
}
