package monitor

import (
	"context"
	"slices"
	"sync"
	"time"

	"callbyname/internal/probe"
)

// Run probes until ctx ends, and calls consume for each round: one at a time, in the goroutine that called Run, the rounds
// of one target in order and without gaps in Seq. The pins that consume returns are in force before the next tick of their
// targets; those of targets that the Monitor does not have are ignored.
//
// Targets are spread over the interval in small groups, the first of which ticks at once. All probes of a round start in
// the same tick, each in a goroutine of its own. A target's next round begins only after its last was consumed; a tick that
// comes before that is skipped. So a consumer that is slow makes rounds rarer, and costs nothing else: no probe is counted
// as failed for it, and at most one round per target waits. A tick that comes too late because the process was stopped or
// got no CPU is skipped as well.
//
// A probe that failed, or took longer than its timeout, while the process was stopped or the machine asleep is Void with the
// reason Paused; one that timed out, or was hung up on, while the process got no CPU is Void with the reason Starved.
//
// When ctx ends, probes in flight see that through their context, their rounds are completed and consumed, all probers are
// closed, and Run returns what went wrong with closing them: nil as a rule. No goroutine of its own outlives Run.
func (m *Monitor) Run(ctx context.Context, consume func(probe.Round) []probe.Pin) error {
	r := newRun(m.timeout, len(m.targets))
	ended := make(chan struct{})
	var own sync.WaitGroup
	own.Go(func() { r.sentinel.watch(ended) })
	own.Go(func() {
		defer close(r.done)
		r.tick(ctx, m)
		r.workers.end()
	})
	for t := range r.done {
		for _, p := range consume(t.round) {
			if pinned := m.byName[p.Target]; pinned != nil {
				pinned.pin.Store(&p.Addr)
			}
		}
		t.round.Results = nil // thousands of targets would keep theirs until their next round
		t.busy.Store(false)
	}
	close(ended)
	own.Wait()
	return m.close()
}

// run is what the goroutines of one Run share.
type run struct {
	start    time.Time
	timeout  time.Duration
	sentinel *sentinel
	workers  *workers
	// done are the targets whose round is complete. It has room for every target, and no target is in it twice, so that no
	// probe ever waits for the consumer.
	done chan *target
}

func newRun(timeout time.Duration, targets int) *run {
	r := &run{start: time.Now(), timeout: timeout, sentinel: newSentinel(timeout), done: make(chan *target, targets)}
	r.workers = newWorkers(r.probe)
	return r
}

// tick starts rounds until ctx ends.
func (r *run) tick(ctx context.Context, m *Monitor) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := int64(0); ctx.Err() == nil; {
		now := time.Now()
		from, to := m.slots.due(next, now.Sub(r.start))
		for n := from; n < to; n++ {
			m.late(now.Sub(r.start) - m.slots.at(n))
			first, end := m.slots.members(n)
			for _, t := range m.targets[first:end] {
				r.begin(ctx, t, now)
			}
		}
		next = to
		timer.Reset(m.slots.at(next) - time.Since(r.start))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
}

// begin starts a round of t, unless the last one is still under way.
func (r *run) begin(ctx context.Context, t *target, now time.Time) {
	if t.busy.Load() {
		return
	}
	t.busy.Store(true)
	r.sentinel.enter()
	t.round = probe.Round{
		Target:  t.name,
		Seq:     t.round.Seq + 1,
		At:      now.Sub(r.start).Truncate(time.Microsecond),
		Wall:    now.UTC().Truncate(time.Microsecond),
		Results: make([]probe.Result, len(t.probers)),
	}
	t.left.Store(int32(len(t.probers)))
	pin := *t.pin.Load()
	for i := range t.probers {
		r.workers.start(job{ctx, t, i, pin})
	}
}

// probe makes a probe, and passes the round on when it was the last one to return.
func (r *run) probe(j job) {
	t, began, lost := j.target, time.Now(), r.sentinel.lost()
	t.began[j.prober] = began.Sub(r.start)
	result := t.probers[j.prober].Probe(j.ctx, j.pin)
	if doubtful(&result, r.timeout) {
		r.sentinel.excuse(&result, began, lost)
	}
	t.round.Results[j.prober] = result
	if t.left.Add(-1) == 0 {
		t.round.Lag = lag(slices.Max(t.began) - t.round.At)
		r.sentinel.leave()
		r.done <- t
	}
}

// doubtful reports whether a result may be the prober's own fault. No answer takes longer than the timeout, unless the prober was
// away, and then nobody knows how long it took.
func doubtful(r *probe.Result, timeout time.Duration) bool {
	return r.Outcome.Failed() || r.Outcome == probe.OK && r.Total > timeout
}

// lag is d in whole microseconds, rounded up, since it is there to bound.
func lag(d time.Duration) time.Duration { return (d + time.Microsecond - 1).Truncate(time.Microsecond) }
