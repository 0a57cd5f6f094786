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
	// starvedAfter is how late the sentinel's timer may fire during a probe whose timeout is believed; where the timeout is short, it is
	// starvedPart of that.
	starvedAfter = 100 * time.Millisecond
	starvedPart  = 4
	// absentPart is the part of the timeout that all beats of a probe together may be late by: a process under a CPU limit stands still
	// for most of every 100 ms, and for less than starvedAfter each time.
	absentPart = 3
	// jitter is how late a single beat may be without counting: as late as timers are of any process that shares a CPU with a few
	// busy ones, and gets its share.
	jitter = 20 * time.Millisecond
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

// newSentinel is the sentinel of probes with that timeout.
func newSentinel(timeout time.Duration) *sentinel {
	return &sentinel{start: time.Now(), wake: make(chan struct{}, 1), beats: newBeats(timeout)}
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

// lost is how much time the process had lost by now, since it began to beat. The difference of two is what it lost in between.
func (s *sentinel) lost() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats.look(time.Since(s.start), asleep())
	return s.beats.lost()
}

// excuse makes the result of a probe that failed just now Void, if the prober itself may be at fault. It began then, when
// so much had been lost. The probe's round is still under way.
func (s *sentinel) excuse(r *probe.Result, began time.Time, lost time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats.look(time.Since(s.start), asleep()) // for what has not shown in a beat yet
	s.beats.excuse(r, began.Sub(s.start), lost)
}

// beats is the sentinel's arithmetic. Times are counted from its start.
type beats struct {
	last   time.Duration // when the last beat was, or the first was asked for; the next is due beatPeriod later
	asleep time.Duration // for how long the machine had ever been suspended then
	// before is how late all beats up to the last one were, together; late how late the next one is.
	before, late time.Duration
	// The latest gaps over jitter, over once, and over pausedAfter. Older ones need not be kept: if a probe that ends now began
	// before the end of an older one, the latest lies wholly within it.
	short, starved, paused gap
	seen                   time.Duration // when the last look was
	// What a probe may lose and be believed: once, and all in all.
	once, all time.Duration
}

// newBeats is for probes with that timeout.
func newBeats(timeout time.Duration) beats {
	return beats{once: min(starvedAfter, timeout/starvedPart), all: timeout / absentPart}
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
func (b *beats) restart(now, asleep time.Duration) {
	b.before, b.late = b.lost(), 0
	b.last, b.asleep = now, asleep
}

// look notes how late the next beat is by now.
func (b *beats) look(now, asleep time.Duration) {
	g := gap{from: min(b.last+beatPeriod, now), to: now, asleep: max(asleep-b.asleep, 0)}
	b.seen = now
	if b.late = g.lost(0); b.late <= jitter {
		b.late = 0
		return
	}
	b.short = g
	if b.late > b.once {
		b.starved = g
	}
	if b.late > pausedAfter {
		b.paused = g
	}
}

// lost is how late all beats ever were by the last look.
func (b *beats) lost() time.Duration { return b.before + b.late }

// excuse makes the result of a probe that failed at the last look Void, if it lost too much time. It began then, when so much
// had been lost.
func (b *beats) excuse(r *probe.Result, began, lost time.Duration) {
	if d := b.paused.lost(began); d > pausedAfter {
		void(r, probe.Paused, fmt.Sprintf("the prober was stopped for %v", d.Round(time.Millisecond)))
		return
	}
	all := b.lost() - lost
	slow := b.starved.lost(began) > b.once || all > b.all
	if slow && impatient(r.Outcome) || b.absent(began) && timedOut(r.Outcome) {
		void(r, probe.Starved, fmt.Sprintf("the prober got no CPU for %v", all.Round(time.Millisecond)))
	}
}

// absent reports whether the process was not there when the time of a probe that failed at the last look ran out: what it waited
// for may have come meanwhile, and be it that it was away for a moment only.
func (b *beats) absent(began time.Duration) bool {
	const soon = 5 * time.Millisecond // after it was back, which is when a timer that is late fires
	return b.short.lost(began) > 0 && b.seen-b.short.to < soon
}

// void keeps what the probe came to in the detail, for a person.
func void(r *probe.Result, why probe.VoidReason, detail string) {
	detail += "; " + string(r.Outcome)
	if r.Detail != "" {
		detail += ": " + r.Detail
	}
	r.Outcome, r.Reason, r.Detail = probe.Void, why, detail
}

// impatient reports whether an outcome is what comes of a prober that was slow: its own time ran out, or the other side's did,
// which then hung up.
func impatient(o probe.Outcome) bool {
	return timedOut(o) || o == probe.Closed || o == probe.Reset || o == probe.Truncated
}

func timedOut(o probe.Outcome) bool {
	return o == probe.ConnectTimeout || o == probe.ResponseTimeout || o == probe.DNSTimeout
}
