package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"callbyname/internal/cli"
	"callbyname/internal/compare"
	"callbyname/internal/lab"
	"callbyname/internal/monitor"
	"callbyname/internal/page"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// The exit statuses of demo.
const (
	exitOK     = 0
	exitFailed = 1 // the story could not be told, or what it shows did not occur
	exitUsage  = 2
)

const prefix = "DEMO_"

const intro = `Shows in half a minute why pods are called by name and not by number: pods on loopback addresses, a DNS server and the
prober, all in this process. Nothing else is needed, neither a cluster nor root.

Usage:
  demo
  demo --interval 2s --wait
  demo --stay                  keeps its page open at the end
`

// options are what the flags and the environment say.
type options struct {
	interval            time.Duration
	listen              string // address of the live page, empty for none
	wait, stay, version bool
}

func (o *options) flags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("demo", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.DurationVar(&o.interval, "interval", time.Second, "time between two rounds, 100ms to 1m; the story takes about 30 of them")
	fs.BoolVar(&o.wait, "wait", false, "begin each further step when Enter is pressed, for telling it to an audience")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:0", "`ADDR` on which the live page is served; empty for none, port 0 for a free one")
	fs.BoolVar(&o.stay, "stay", false, "go on at the end, so that the page stays open, until interrupted")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	return fs
}

func (o *options) check() error {
	if o.interval < 100*time.Millisecond || o.interval > time.Minute {
		return fmt.Errorf("--interval %v: must be from 100ms to 1m", o.interval)
	}
	return nil
}

// stage is where the story is told; the zero stage is the program's own.
type stage struct {
	lab lab.Options
	// also, when not nil, makes a further log of the run.
	also func(probelog.Run) probelog.Log
}

// run is the whole program but for what only a process has. It returns the exit status.
func run(ctx context.Context, args []string, lookup func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer, on stage) int {
	var o options
	fs := o.flags()
	err := cli.Parse(fs, prefix, args, lookup)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(stdout, cli.Usage(fs, prefix, intro, "interval"))
		return exitOK
	case err == nil && fs.NArg() > 0:
		err = fmt.Errorf("argument %q belongs to no flag", fs.Arg(0))
	case err == nil:
		err = o.check()
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "demo: %s; demo --help shows what there is\n", cli.Clean(err))
		return exitUsage
	case o.version:
		fmt.Fprint(stdout, cli.VersionLine("demo"))
		return exitOK
	}
	ln, err := page.Listen(o.listen)
	if err != nil {
		fmt.Fprintf(stderr, "demo: %s\n", cli.Clean(err))
		return exitUsage
	}
	look := probelog.TextOptions{Width: cmp.Or(cli.Columns(stdout, lookup), plainWidth), Colour: cli.Colour(stdout, lookup)}
	told, err := tell(ctx, o, on, ln, stdin, stdout, look)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "demo: %s\n", cli.Clean(err))
		return exitFailed
	case !told:
		return exitFailed
	}
	return exitOK
}

// tell runs the lab, the prober and the story, and shows it on ln, unless that is nil. It closes ln. It reports whether the
// story was told to its end, with all its lessons.
func tell(ctx context.Context, o options, on stage, ln net.Listener, stdin io.Reader, stdout io.Writer, look probelog.TextOptions) (told bool, err error) {
	if ln != nil {
		defer ln.Close() // once more after serving, which does no harm
	}
	l, err := lab.New(on.lab)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	w := &world{lab: l}
	if w.pod, err = l.Create("pod-httpd"); err != nil {
		return false, err
	}
	u, err := url.Parse(l.URL())
	if err != nil {
		return false, err
	}
	targets := []probe.Target{{Name: "httpd", URL: u, Family: resolve.IPv4, Approaches: approaches(o.interval)}}
	resolver, err := resolve.New(resolve.Options{
		ResolvConf: l.ResolvConf(), HostsFile: l.HostsFile(), Nameservers: []netip.AddrPort{l.Nameserver()},
	})
	if err != nil {
		return false, err
	}
	timeout := o.interval * 9 / 10
	client := probe.Options{Resolver: resolver, Timeout: timeout, UserAgent: "callbyname-demo/" + cli.Version()}
	m, err := monitor.New(targets, func(t *probe.Target, a *probe.Approach) (monitor.Prober, error) {
		return probe.NewClient(t, a, &client)
	},
		monitor.Options{Interval: o.interval, Timeout: timeout})
	if err != nil {
		return false, err
	}
	run := probelog.Run{
		ID: probelog.NewID(), Version: cli.Version(), Targets: targets, Timeout: timeout, Rounds: probelog.All,
		Options: compare.Options{Interval: o.interval, Settle: settleRounds * o.interval},
	}
	var log probelog.Log = probelog.NewText(stdout, run, look)
	if on.also != nil {
		log = probelog.Tee(log, on.also(run))
	}
	r := probelog.NewRecorder(run, log)
	n := &narrator{steps: story(), world: w, out: stdout, width: look.Width, colour: look.Colour, apart: true, stay: o.stay}
	if o.wait {
		n.wait = pressed(stdin)
	}

	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	started := time.Now()
	live := page.New(page.Options{Run: run, Started: started, Tracker: r.Tracker()})
	if ln != nil {
		served := page.Serve(ln, live.Handler(), end) // a story that nobody can see is not told
		defer served.Stop()
		n.page = page.Address(ln)
	}
	r.Start(started)
	failed := errors.Join(n.welcome(), n.open())
	runErr := m.Run(ctx, func(round probe.Round) []probe.Pin {
		seen, err := r.Observe(round)
		if failed = errors.Join(failed, err); failed == nil {
			live.Observe(round, seen)
			failed = n.after(round, seen)
		}
		switch {
		case failed != nil:
			end(failed)
		case n.failed:
			end(errors.New("the lesson did not occur"))
		case n.over() && !o.stay:
			end(errors.New("the story is over"))
		}
		return seen.Pins
	})
	if failed = errors.Join(failed, runErr); failed != nil {
		return false, failed
	}
	stopped, reason := time.Now(), context.Cause(ctx).Error()
	live.Stop(r.Stop(stopped.Sub(started), stopped, reason), stopped, reason)
	_, lost := r.Lost()
	return n.over() && !n.failed, lost
}

// plainWidth is how wide lines are where neither a terminal nor COLUMNS tells.
const plainWidth = 120

// pressed reports, each time that it is asked, whether Enter was pressed since it was asked last. Without more input to come
// it always was.
func pressed(stdin io.Reader) func() bool {
	line := make(chan struct{}, 1)
	go func() { // ends with the input, which is the process's own
		defer close(line)
		for in := bufio.NewReader(stdin); ; {
			if _, err := in.ReadSlice('\n'); err != nil && err != bufio.ErrBufferFull {
				return
			}
			select {
			case line <- struct{}{}:
			default:
			}
		}
	}()
	return func() bool {
		select {
		case <-line:
			return true
		default:
			return false
		}
	}
}
