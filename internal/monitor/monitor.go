// Package monitor decides when targets are probed: it ticks, makes all probes of a round at once, and hands complete
// rounds to one consumer. It also watches itself, so that a prober that was stopped or got no CPU is never taken for a
// target that failed. How a probe is made is left to package probe, what rounds mean to package compare.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"callbyname/internal/probe"
)

// Options say how often a Monitor probes.
type Options struct {
	// Interval is the time from one round of a target to its next; above 0.
	Interval time.Duration
	// Timeout is how long a probe takes at most; above 0 and below Interval, so that rounds of a target never overlap. The
	// probers keep it, since only they can tell in which phase it ran out; the Monitor sets no deadline, and uses it to judge how
	// much CPU a probe may have missed and still be believed.
	Timeout time.Duration
	// Late is told how late each tick is, by the goroutine that ticks, before the round begins. Nil for nobody.
	Late func(time.Duration)
}

// Prober makes one probe by one approach. *probe.Client is one.
type Prober interface {
	// Probe is called for one probe at a time, from any goroutine. pin is the target's pin, zero as long as there is none;
	// approaches by name have no use for it. Probe keeps the timeout itself, and when ctx ends it returns at once, Void with
	// the reason Stopped.
	Probe(ctx context.Context, pin netip.AddrPort) probe.Result
	// Close is called once, after the last probe.
	Close() error
}

// Opener makes the prober of an approach of a target. Both lie in what New was given, so that a Prober can keep them as long as
// nobody changes those.
type Opener func(*probe.Target, *probe.Approach) (Prober, error)

// Monitor probes a fixed set of targets. New makes one; Run, called once, uses it up.
type Monitor struct {
	slots   slots
	timeout time.Duration
	late    func(time.Duration)
	targets []*target // in declared order
	byName  map[string]*target
}

// target is what a Monitor knows of one probe.Target.
type target struct {
	name    string
	probers []Prober // in the order of the approaches
	pin     atomic.Pointer[netip.AddrPort]
	// busy is true from a tick until the round that began then was consumed. Meanwhile round belongs to the probes and then
	// to the consumer, and otherwise to the ticking goroutine.
	busy  atomic.Bool
	round probe.Round
	began []time.Duration // when the probes of the round did, each written by its own
	left  atomic.Int32    // probes of the round that have not returned
}

// New opens a prober for each approach of each target, with open, and leaves them to Run to close. It fails, with nothing
// left open, when the options contradict each other, when there is nothing to probe, when two targets have the same
// name, which a pin could not tell apart, or when open fails, with open's error, which says for which approach.
//
// A Target's Pin, when it has one, is in force from the first round.
func New(targets []probe.Target, open Opener, o Options) (*Monitor, error) {
	if o.Timeout <= 0 || o.Timeout >= o.Interval {
		return nil, fmt.Errorf("timeout %v with interval %v: it must be above 0 and below the interval", o.Timeout, o.Interval)
	}
	if len(targets) == 0 {
		return nil, errors.New("no targets: there must be at least one")
	}
	m := &Monitor{slots: spread(len(targets), o.Interval), timeout: o.Timeout, late: o.Late, byName: make(map[string]*target, len(targets))}
	if m.late == nil {
		m.late = func(time.Duration) {}
	}
	for i := range targets {
		if err := m.add(&targets[i], open); err != nil {
			return nil, errors.Join(err, m.close())
		}
	}
	return m, nil
}

func (m *Monitor) add(pt *probe.Target, open Opener) error {
	if m.byName[pt.Name] != nil {
		return fmt.Errorf("target %q: there are two of this name", pt.Name)
	}
	if len(pt.Approaches) == 0 {
		return fmt.Errorf("target %q: it must have at least one approach", pt.Name)
	}
	t := &target{name: pt.Name}
	t.pin.Store(&pt.Pin)
	m.targets = append(m.targets, t)
	m.byName[t.name] = t
	for i := range pt.Approaches {
		p, err := open(pt, &pt.Approaches[i])
		if err != nil {
			return err
		}
		t.probers = append(t.probers, p)
	}
	t.began = make([]time.Duration, len(t.probers))
	return nil
}

// close closes all probers and returns what went wrong with any of them.
func (m *Monitor) close() error {
	var errs []error
	for _, t := range m.targets {
		for _, p := range t.probers {
			if err := p.Close(); err != nil {
				errs = append(errs, fmt.Errorf("closing a prober of target %q: %w", t.name, err))
			}
		}
	}
	return errors.Join(errs...)
}
