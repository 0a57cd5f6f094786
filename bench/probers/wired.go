package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/metrics/probes"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// Those of the prober's own defaults that matter; the timeout is ample, since a probe that fails is no figure.
const (
	interval = 10 * time.Second
	timeout  = 5 * time.Second
)

// follower makes the rounds of one target, with the parts of the prober joined as cmd/prober joins them, but for the monitor's
// ticks: a round begins when it is asked for.
type follower struct {
	began  time.Time
	target string
	client *probe.Client
	pin    netip.AddrPort
	seq    uint64
	see    func(probe.Round) error // nil for nobody
}

// consumer takes the rounds of all targets, one at a time as from the monitor.
type consumer struct {
	sync.Mutex
	// compare is that of a Tracker, or of a Recorder, which has one in it and writes down what it says.
	compare func(probe.Round) (compare.Observation, error)
	counted *probes.Metrics
}

func (c *consumer) observe(round probe.Round) error {
	c.Lock()
	defer c.Unlock()
	seen, err := c.compare(round)
	if err != nil {
		return err
	}
	c.counted.Observe(round, seen)
	return nil
}

// extent is how much of the prober is at work.
type extent int

const (
	alone    extent = iota // the probe, whose result nobody sees
	compared               // what the rounds mean, and the metrics
	logged                 // and the JSON log of every round
)

// followers follow a target for each pod, by the pod's address or by its name.
func followers(p *pods, byName bool, much extent, log io.Writer) (all []prober, err error) {
	resolver, err := resolve.New(resolve.Options{Nameservers: []netip.AddrPort{p.dns}})
	if err != nil {
		return nil, err
	}
	var targets []probe.Target
	for i, at := range p.at {
		a := probe.Approach{Name: "ip"}
		if byName {
			a = probe.Approach{Name: "dns", Host: hostOf(i)}
		}
		targets = append(targets, probe.Target{
			Name: fmt.Sprintf("pod-%d", i), URL: &url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", hostOf(i), at.Port()), Path: "/"},
			Pin: at, Approaches: []probe.Approach{a},
		})
	}
	began := time.Now()
	see := newConsumer(targets, began, much, log)
	options := probe.Options{Resolver: resolver, Timeout: timeout, UserAgent: "callbyname-prober/0"}
	for _, t := range targets {
		client, err := probe.NewClient(&t, &t.Approaches[0], &options)
		if err != nil {
			return nil, err
		}
		f := &follower{began: began, target: t.Name, client: client, pin: t.Pin, see: see}
		all = append(all, f.probe)
	}
	return all, nil
}

// newConsumer is what is told of each round; nil for nothing.
func newConsumer(targets []probe.Target, began time.Time, much extent, log io.Writer) func(probe.Round) error {
	if much == alone {
		return nil
	}
	options := compare.Options{Interval: interval, Settle: 3 * interval}
	c := &consumer{compare: compare.NewTracker(targets, options).Observe, counted: probes.New(targets, interval, timeout)}
	if much == logged {
		run := probelog.Run{ID: probelog.NewID(), Targets: targets, Timeout: timeout, Rounds: probelog.All, Options: options}
		recorder := probelog.NewRecorder(run, probelog.NewJSON(log, run))
		recorder.Start(began)
		c.compare = recorder.Observe
	}
	return c.observe
}

// probe is one round of one target.
func (f *follower) probe(ctx context.Context) error {
	f.seq++
	now := time.Now()
	round := probe.Round{Target: f.target, Seq: f.seq, At: now.Sub(f.began).Truncate(time.Microsecond), Wall: now.UTC().Truncate(time.Microsecond),
		Results: make([]probe.Result, 1)}
	round.Results[0] = f.client.Probe(ctx, f.pin)
	if r := &round.Results[0]; r.Outcome != probe.OK || r.Who == nil {
		return fmt.Errorf("%s: %s: %s", f.target, r.Outcome, r.Detail)
	}
	if f.see == nil {
		return nil
	}
	return f.see(round)
}
