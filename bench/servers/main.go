// Command servers measures httpd beside other servers that answer for a pod: the CPU time of a request, memory, and how long one
// takes to answer after it was started. Its tables are a section of docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/spf13/pflag"

	"callbyname/bench/measure"
	"callbyname/bench/peers"
	"callbyname/internal/cli"
)

func main() {
	err := run(cli.UntilSignal(), os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	rounds, starts int
	duration       time.Duration
	only           *regexp.Regexp
}

func parse(args []string) (o options, err error) {
	fs := pflag.NewFlagSet("servers", pflag.ContinueOnError)
	fs.IntVar(&o.rounds, "rounds", 5, "how often each server has its turn")
	fs.DurationVar(&o.duration, "duration", 2*time.Second, "how long a turn takes, in whole seconds")
	fs.IntVar(&o.starts, "starts", 25, "how often each server is started")
	only := fs.String("only", "", "regular expression of the servers to measure, besides "+floor+"; all without it")
	quick := fs.Bool("quick", false, "one short turn and one start, to see that all works")
	if err := fs.Parse(args); err != nil {
		return options{}, err
	}
	if *quick {
		o.rounds, o.starts, o.duration = 1, 1, time.Second
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return options{}, fmt.Errorf("--only: %w", err)
	}
	if o.rounds < 1 || o.starts < 1 || o.duration < time.Second {
		return options{}, errors.New("--rounds, --starts: at least 1; --duration: at least 1s")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "servers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	s := stand{dir: dir, only: o.only}
	for _, prepare := range []func() error{
		func() error { return s.ours(ctx) },
		func() error { return s.echoes(ctx) },
		func() error { return s.files(answerLength) },
	} {
		if err := prepare(); err != nil {
			return err
		}
	}
	if err := measure.Heading(out, "Servers"); err != nil {
		return err
	}
	if err := s.requests(ctx, o, out); err != nil {
		return err
	}
	return s.starts(ctx, o, out)
}

// answerLength is about that of httpd's answer to GET /, in bytes.
const answerLength = 480

func (c contender) start(ctx context.Context) (*peers.Process, error) {
	return peers.Start(ctx, c.url, c.env, c.args[0], c.args[1:]...)
}
