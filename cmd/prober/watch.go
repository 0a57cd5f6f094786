package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"callbyname/internal/cli"
	"callbyname/internal/compare"
	"callbyname/internal/config"
	"callbyname/internal/metrics/probes"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/monitor"
	"callbyname/internal/page"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// watch probes until ctx ends: the monitor's rounds go to a recorder, which tells what they mean and writes it down, and
// the pins that it finds go back to the monitor. It goes on when the log can't be written, on a full disk say, and fails at the
// end. (A log that nobody reads any more ends the process: that is SIGPIPE, which Go leaves as it is for standard output.)
// What it sees is shown on ln, unless that is nil. It closes ln.
func watch(ctx context.Context, s config.Settings, o options, ln net.Listener, stdout, stderr io.Writer) error {
	if ln != nil {
		defer ln.Close() // once more after serving, which does no harm
	}
	resolver, err := resolve.New(resolve.Options{Nameservers: s.Nameservers})
	if err != nil {
		return err
	}
	client := probe.Options{Resolver: resolver, Timeout: s.Timeout, UserAgent: "callbyname-prober/" + cli.Version()}
	open := func(t *probe.Target, a *probe.Approach) (monitor.Prober, error) {
		return probe.NewClient(t, a, &client)
	}
	counted := probes.New(s.Targets, s.Interval, s.Timeout)
	m, err := monitor.New(s.Targets, open, monitor.Options{Interval: s.Interval, Timeout: s.Timeout, Late: counted.Late})
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // a log without it is still a log
	run := probelog.Run{
		ID: probelog.NewID(), Version: cli.Version(), Host: host, System: runtime.GOOS + "/" + runtime.GOARCH,
		Targets: s.Targets, Timeout: s.Timeout, Rounds: probelog.Mode(o.logRounds),
		Options: compare.Options{Interval: s.Interval, Settle: s.EffectiveSettle(), RepinAfter: s.RepinAfter},
	}
	r := probelog.NewRecorder(run, o.log(run, stdout))

	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	started := time.Now()
	var watchers []watcher
	var live *page.Page // nil when nothing is served
	if ln != nil {
		live = page.New(page.Options{Run: run, Started: started, Tracker: r.Tracker()})
		watchers = append(watchers, live, counted)
		registry := scrape.NewRegistry("prober", cli.Version())
		registry.MustRegister(counted)
		served := page.Serve(ln, routes(live, registry, counted), func(err error) {
			fmt.Fprintf(stderr, "prober: the page is no longer served, and probing goes on: %v\n", err)
		})
		defer served.Stop()
		if o.logFormat == "text" {
			fmt.Fprintf(stderr, "prober: the live page is %s\n", o.whereabouts(ln, host))
		}
	}
	r.Start(started)
	var refused error
	said := false
	runErr := m.Run(ctx, func(round probe.Round) []probe.Pin {
		seen, err := r.Observe(round)
		_, lost := r.Lost()
		switch {
		case err != nil: // without the Tracker there is nothing to go on for
			refused = err
			end(err)
		case lost != nil && !said:
			said = true
			fmt.Fprintf(stderr, "prober: the log has gaps from here on, and probing goes on: %v\n", lost)
		}
		if err == nil {
			for _, w := range watchers {
				w.Observe(round, seen)
			}
		}
		return seen.Pins
	})
	stopped, reason := time.Now(), context.Cause(ctx).Error()
	if sum := r.Stop(stopped.Sub(started), stopped, reason); live != nil {
		live.Stop(sum, stopped, reason)
	}
	n, lost := r.Lost()
	switch {
	case refused != nil || runErr != nil:
		return errors.Join(refused, runErr)
	case n > 0:
		return fmt.Errorf("records of the log that were lost: %d; the first: %w", n, lost)
	}
	return nil
}

// watcher is who is shown each round, with what it means, after it is written down. It must be quick: the next round waits.
type watcher interface {
	Observe(probe.Round, compare.Observation)
}

// log is the form in which the run is written down.
func (o options) log(run probelog.Run, stdout io.Writer) probelog.Log {
	if o.logFormat == "json" {
		return probelog.NewJSON(stdout, run)
	}
	return probelog.NewText(stdout, run,
		probelog.TextOptions{Width: cli.Columns(stdout, o.lookup), Colour: cli.Colour(stdout, o.lookup)})
}
