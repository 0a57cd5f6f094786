package monitor

import (
	"fmt"
	"sync"
	"time"

	"callbyname/internal/probe"
)

const (
	// beatPeriod is how often the sentinel's timer fires. A stop is seen when it is longer than this and a limit together.
	beatPeriod = 20 * time.Millisecond
	// starvedAfter is how late the sentinel's timer may fire during a probe whose timeout is believed.
	starvedAfter = 100 * time.Millisecond
	// pausedAfter is how late it fires when the process did not merely run slowly but was stopped, by SIGSTOP, a debugger,
	// a frozen cgroup, a suspended machine. The other side may have seen silence for as long, so that no failure is believed.
	pausedAfter = time.Second
)

// sentinel has a timer of its own and measures how late that fires: as late as any other timer of the process, those that
// end probes among them. It does so only while there are rounds under way, since waking an idle process fifty times a second
// costs more than most probes.
type sentinel struct {
	start time.Time
	wake  chan struct{} // has an element when watch is to begin to beat

	mu     sync.Mutex
	rounds int // under way
	awake  bool
	beats  beats
}

func newSentinel() *sentinel {
	return &sentinel{start: time.Now(), wake: make(chan struct{}, 1)}
}

// enter says that a round begins.
func (s *sentinel) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds++
	if !s.awake {
		s.awake = true
		s.beats.restart(time.Since(s.start), asleep())
		s.wake <- struct{}{}
	}
}

// leave says that a round is complete.
func (s *sentinel) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds--
}

// watch beats, whenever there are rounds under way, until ended is closed.
func (s *sentinel) watch(ended <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-s.wake:
		}
		for beating := true; beating; beating = s.beat() {
			timer.Reset(beatPeriod)
			select {
			case <-ended:
				return
			case <-timer.C:
			}
		}
	}
}

// beat notes that the timer fired, and reports whether it is to fire again.
func (s *sentinel) beat() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, slept := time.Since(s.start), asleep()
	s.beats.look(now, slept)
	s.beats.restart(now, slept)
	s.awake = s.rounds > 0
	return s.awake
}

// excuse makes the result of a probe that began then and failed just now Void, if the prober itself may be at fault.
// The probe's round is still under way.
func (s *sentinel) excuse(r *probe.Result, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats.look(time.Since(s.start), asleep()) // for what has not shown in a beat yet
	s.beats.excuse(r, began.Sub(s.start))
}

// beats is the sentinel's arithmetic. Times are counted from its start.
type beats struct {
	last   time.Duration // when the last beat was, or the first was asked for; the next is due beatPeriod later
	asleep time.Duration // for how long the machine had ever been suspended then
	// The latest gaps over each limit. Older ones need not be kept: if a probe that ends now began before the end of an
	// older one, the latest lies wholly within it.
	starved, paused gap
}

// gap is a time in which the sentinel's timer was due and did not fire.
type gap struct {
	from, to time.Duration
	// asleep is for how long the machine was suspended within it, which the clock of from and to leaves out.
	asleep time.Duration
}

// lost is how much of the gap lies after began.
func (g gap) lost(began time.Duration) time.Duration {
	if g.to <= began {
		return 0
	}
	return g.to - max(g.from, began) + g.asleep
}

// restart counts from now when the next beat is due.
func (b *beats) restart(now, asleep time.Duration) { b.last, b.asleep = now, asleep }

// look notes how late the next beat is by now.
func (b *beats) look(now, asleep time.Duration) {
	g := gap{from: min(b.last+beatPeriod, now), to: now, asleep: max(asleep-b.asleep, 0)}
	late := g.lost(0)
	if late > starvedAfter {
		b.starved = g
	}
	if late > pausedAfter {
		b.paused = g
	}
}

// excuse makes the result of a probe that began then and failed at the last look Void, if it lost too much time.
func (b *beats) excuse(r *probe.Result, began time.Duration) {
	if d := b.paused.lost(began); d > pausedAfter {
		void(r, probe.Paused, fmt.Sprintf("the prober was stopped for %v", d.Round(time.Millisecond)))
	} else if d := b.starved.lost(began); d > starvedAfter && timedOut(r.Outcome) {
		void(r, probe.Starved, fmt.Sprintf("the prober got no CPU for %v", d.Round(time.Millisecond)))
	}
}

// void keeps what the probe came to in the detail, for a person.
func void(r *probe.Result, why probe.VoidReason, detail string) {
	detail += "; " + string(r.Outcome)
	if r.Detail != "" {
		detail += ": " + r.Detail
	}
	r.Outcome, r.Reason, r.Detail = probe.Void, why, detail
}

func timedOut(o probe.Outcome) bool {
	return o == probe.ConnectTimeout || o == probe.ResponseTimeout || o == probe.DNSTimeout
}
