// Command scale measures how far one prober goes: the real program, as a process of its own with its default flags, against a
// growing number of targets on loopback addresses, until the machine is full. It looks from outside, at the process and at
// the metrics that it serves, and writes a table and a picture.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"callbyname/bench/measure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		err = serve(os.Args[2])
	} else {
		err = run(ctx, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// options are what is measured.
type options struct {
	targets  []int
	lasts    time.Duration // of each run
	settling time.Duration // the begin of each run, which is not measured
	interval time.Duration
	prober   string // the program; built when empty
	log      string // where the prober's log goes
	picture  string // a file, empty for none
}

const (
	all         = "10,30,100,300,1000,2000,3000,4000,6000,8000"
	mostTargets = 20_000
	longest     = 10 * time.Minute
)

func parse(args []string) (options, error) {
	var o options
	var targets string
	var quick bool
	set := flag.NewFlagSet("scale", flag.ContinueOnError)
	set.StringVar(&targets, "targets", all, "numbers of targets, each with the approaches ip and dns")
	set.DurationVar(&o.lasts, "for", time.Minute, "how long each run lasts")
	set.DurationVar(&o.interval, "interval", time.Second, "time between the rounds of a target")
	set.StringVar(&o.prober, "prober", "", "the prober to measure; empty builds this repository's")
	set.StringVar(&o.log, "log", os.DevNull, "where the prober's JSON log goes")
	set.StringVar(&o.picture, "picture", "", "SVG file to write")
	set.BoolVar(&quick, "quick", false, "short runs with few targets, to see that it works")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if quick {
		targets, o.lasts = "10,100", 4*time.Second
	}
	if o.lasts < 3*time.Second || o.lasts > longest {
		return o, fmt.Errorf("--for %v: from 3s to %v", o.lasts, longest)
	}
	o.settling = min(o.lasts/3, 10*time.Second)
	for field := range strings.SplitSeq(targets, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > mostTargets {
			return o, fmt.Errorf("--targets %q: numbers from 1 to %d, with commas between", targets, mostTargets)
		}
		o.targets = append(o.targets, n)
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "scale")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.prober == "" {
		o.prober = filepath.Join(dir, "prober")
		if err := build(ctx, o.prober); err != nil {
			return err
		}
	}
	if err := measure.Heading(os.Stdout, "How far one prober goes"); err != nil {
		return err
	}
	var rows []row
	for _, n := range o.targets {
		r, err := observe(ctx, o, dir, n)
		if err == nil {
			err = r.check()
		}
		if err != nil {
			return fmt.Errorf("with %d targets: %w", n, err)
		}
		fmt.Fprintf(os.Stderr, "%d targets: %.2f cores, %s, %.1f %% skipped\n", n, r.cores(), megabytes(r.memory.RSS), r.missed())
		rows = append(rows, r)
	}
	if err := tabulate(os.Stdout, rows); err != nil {
		return err
	}
	if o.picture == "" {
		return nil
	}
	return os.WriteFile(o.picture, draw(rows), 0o644)
}

// build builds the prober as its image has it, from the module that this one stands beside.
func build(ctx context.Context, to string) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "callbyname").Output()
	if err != nil {
		return fmt.Errorf("looking for the prober's source: %w (run this in the module bench/)", err)
	}
	command := exec.CommandContext(ctx, "go", "build", "-C", strings.TrimSpace(string(root)), "-trimpath", "-ldflags", "-s -w", "-o", to, "./cmd/prober")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the prober: %w: %s", err, out)
	}
	return nil
}
