package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"callbyname/internal/cli"
	"callbyname/internal/compare"
	"callbyname/internal/config"
	"callbyname/internal/monitor"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// watch probes until ctx ends: the monitor's rounds go to a recorder, which tells what they mean and writes it down, and
// the pins that it finds go back to the monitor.
func watch(ctx context.Context, s config.Settings, o options, stdout, stderr io.Writer) error {
	resolver, err := resolve.New(resolve.Options{Nameservers: s.Nameservers})
	if err != nil {
		return err
	}
	client := probe.Options{Resolver: resolver, Timeout: s.Timeout, UserAgent: "callbyname-prober/" + cli.Version()}
	open := func(t probe.Target, a probe.Approach) (monitor.Prober, error) { return probe.NewClient(t, a, client) }
	m, err := monitor.New(s.Targets, open, monitor.Options{Interval: s.Interval, Timeout: s.Timeout})
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

	started := time.Now()
	r.Start(started)
	var refused error
	said := false
	runErr := m.Run(ctx, func(round probe.Round) []probe.Pin {
		seen, err := r.Observe(round)
		if err != nil && refused == nil {
			refused = err
		}
		if n, first := r.Lost(); n > 0 && !said {
			said = true
			fmt.Fprintf(stderr, "prober: the log cannot be written, and goes on with gaps: %v\n", first)
		}
		return seen.Pins
	})
	r.Stop(time.Since(started), time.Now(), reason(ctx))
	switch n, first := r.Lost(); {
	case runErr != nil:
		return runErr
	case refused != nil:
		return refused
	case n > 0:
		return fmt.Errorf("%d records of the log are lost: %w", n, first)
	}
	return nil
}

// log is the form in which the run is written down.
func (o options) log(run probelog.Run, stdout io.Writer) probelog.Log {
	if o.logFormat == "json" {
		return probelog.NewJSON(stdout, run)
	}
	width, _ := cli.Terminal(stdout)
	return probelog.NewText(stdout, run, probelog.TextOptions{Width: width, Colour: cli.Colour(stdout, o.lookup)})
}

// reason is why the run ended, as far as its context knows.
func reason(ctx context.Context) string {
	if err := context.Cause(ctx); err != nil {
		return err.Error()
	}
	return ""
}
