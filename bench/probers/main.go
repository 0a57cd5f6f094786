// Command probers measures what a probe over a fresh connection costs callbyname, beside the least that such a request can cost
// and beside other probers. Its tables are a section of docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"callbyname/bench/measure"
	"callbyname/internal/cli"
)

func main() {
	err := run(cli.UntilSignal(), os.Args[1:], os.Stdin, os.Stdout)
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "probers:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	rounds, probes, curls int
	pods                  bool
}

func parse(args []string) (o options, err error) {
	fs := pflag.NewFlagSet("probers", pflag.ContinueOnError)
	fs.IntVar(&o.rounds, "rounds", 9, "how often each prober has its turn")
	fs.IntVar(&o.probes, "probes", 2000, "how many probes a turn has")
	fs.IntVar(&o.curls, "curls", 50, "how many probes a turn of curl in a shell has")
	fs.BoolVar(&o.pods, "pods", false, "be the servers that are probed, until standard input ends")
	fs.Lookup("pods").Hidden = true
	quick := fs.Bool("quick", false, "one short turn, to see that all works")
	if err := fs.Parse(args); err != nil {
		return options{}, err
	}
	if *quick {
		o.rounds, o.probes, o.curls = 1, 200, 5
	}
	if o.rounds < 1 || o.probes < goroutines || o.curls < 1 {
		return options{}, fmt.Errorf("--rounds, --curls: at least 1; --probes: at least %d", goroutines)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.pods {
		return servePods(stdin, stdout)
	}
	pods, err := startPods()
	if err != nil {
		return err
	}
	defer pods.stop()
	if err := measure.Heading(stdout, "Probers"); err != nil {
		return err
	}
	if err := kinds(ctx, o, pods, stdout); err != nil {
		return err
	}
	return others(ctx, o, pods, stdout)
}
