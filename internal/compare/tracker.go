package compare

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"callbyname/internal/probe"
)

// Observation is what one round means.
type Observation struct {
	// Judged stand in the order of the round's results.
	Judged []Judged
	// Events stand in the order in which a reader wants them: first what broke, then why.
	Events []Event
	// Pins are those that changed; they are in force from the next round on.
	Pins []probe.Pin
	// Quiet is true when the round told nothing new: the same outcomes by the same pods, and no event.
	Quiet bool
	// Totals are what a Summary would count now.
	Totals Totals
}

// Judged is one result in the light of the target's history.
type Judged struct {
	// Outcome is the probe's own, or wrong_pod.
	Outcome probe.Outcome
	// News is true when it was answered by another pod or process than this approach's answer before.
	News bool
}

// Tracker follows targets through their rounds. It is not safe for concurrent use, but for Histograms.
type Tracker struct {
	mu      sync.Mutex // whoever changes a state holds it
	opt     Options
	targets []*follower
	byName  map[string]*follower
}

// follower follows one target.
type follower struct {
	target *probe.Target
	opt    Options
	// settle is Options.Settle as it applies to this target.
	settle time.Duration
	// asks tells of each approach whether its lookups count for what its host's addresses are: one for each host, that
	// asks most often, so that an old view and a new one never alternate.
	asks []bool
	// state is replaced as a whole by Restore.
	state State
}

// NewTracker is a Tracker that has seen nothing yet. It keeps the targets, which must not change any more.
func NewTracker(targets []probe.Target, opt Options) *Tracker {
	t := &Tracker{opt: opt, byName: make(map[string]*follower, len(targets))}
	for i := range targets {
		target := &targets[i]
		f := &follower{target: target, opt: opt, settle: EffectiveSettle(*target, opt), asks: askers(target)}
		f.state = State{
			Target:     target.Name,
			Approaches: make([]ApproachState, len(target.Approaches)),
			Pin:        PinState{Addr: target.Pin},
		}
		t.targets = append(t.targets, f)
		t.byName[target.Name] = f
	}
	return t
}

// EffectiveSettle is Options.Settle raised to what the target needs: its longest finite cache and two intervals.
func EffectiveSettle(target probe.Target, opt Options) time.Duration {
	settle := max(opt.Settle, 2*opt.Interval)
	for _, a := range target.Approaches {
		settle = max(settle, a.Cache) // probe.Forever is negative
	}
	return settle
}

func askers(target *probe.Target) []bool {
	asks := make([]bool, len(target.Approaches))
	chosen := map[string]int{}
	for i, a := range target.Approaches {
		fresh := a.Cache == 0 && !a.KeepAlive
		old, ok := chosen[a.Host]
		if !ok || fresh && !asks[old] {
			chosen[a.Host] = i
		}
		asks[i] = fresh
	}
	for i, a := range target.Approaches {
		asks[i] = chosen[a.Host] == i
	}
	return asks
}

// Observe takes the next round of a target. It fails, and leaves everything as it was, for a round that cannot be: of
// an unknown target, with another number of results than the target has approaches, or not after the one before.
func (t *Tracker) Observe(r probe.Round) (Observation, error) {
	f, ok := t.byName[r.Target]
	switch {
	case !ok:
		return Observation{}, fmt.Errorf("round %d of %q: no such target", r.Seq, r.Target)
	case len(r.Results) != len(f.target.Approaches):
		return Observation{}, fmt.Errorf("round %d of %q: %d results for %d approaches",
			r.Seq, r.Target, len(r.Results), len(f.target.Approaches))
	case r.Seq <= f.state.Last.Seq || r.At < f.state.Last.At:
		return Observation{}, fmt.Errorf("round %d of %q at %v: not after round %d at %v",
			r.Seq, r.Target, r.At, f.state.Last.Seq, f.state.Last.At)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return f.observe(&r), nil
}

// Stop settles what is unsettled: the run ended at that time.
func (t *Tracker) Stop(at time.Duration, wall time.Time) []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	var events []Event
	for _, f := range t.targets {
		if f.unsettled() == nil {
			continue
		}
		last := f.state.Last
		s := step{follower: f, State: &f.state, now: Moment{Seq: last.Seq, At: at, Wall: wall, Paused: last.Paused}}
		s.settleAs(ByStop)
		events = append(events, s.why...)
	}
	return events
}

// State is a copy of what is known of a target; ok is false for an unknown one.
func (t *Tracker) State(target string) (s State, ok bool) {
	f, ok := t.byName[target]
	if !ok {
		return State{}, false
	}
	return f.state.Clone(), true
}

// Restore replaces what is known of a target by a copy of s. It fails, and leaves everything as it was, for an unknown
// target and for a state that this target cannot be in.
func (t *Tracker) Restore(s State) error {
	f, ok := t.byName[s.Target]
	if !ok {
		return fmt.Errorf("state of %q: no such target", s.Target)
	}
	if err := s.check(len(f.target.Approaches)); err != nil {
		return fmt.Errorf("state of %q: %w", s.Target, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f.state = s.Clone()
	return nil
}

// Summary adds up everything observed so far.
func (t *Tracker) Summary() Summary {
	sum := Summary{Interval: t.opt.Interval}
	for _, f := range t.targets {
		sum.Targets = append(sum.Targets, f.summary())
	}
	return sum
}

// Update brings an earlier sum of the target that it names, of the same run, up to date: all but its histograms, which it leaves
// alone, since they are most of it and few look at them. It changes the sum in place, but nothing that this leads to, and
// costs a small part of what a round does. It returns false for an unknown target.
func (t *Tracker) Update(sum *TargetSummary) bool {
	f, ok := t.byName[sum.Name]
	if ok {
		f.update(sum)
	}
	return ok
}

// Histograms are copies of a target's, in the order of its approaches; nil for an unknown one. It may be called by any goroutine,
// while another one calls Observe.
func (t *Tracker) Histograms(target string) (latency, recovery []Histogram) {
	f, ok := t.byName[target]
	if !ok {
		return nil, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range f.state.Approaches {
		a := &f.state.Approaches[i]
		latency, recovery = append(latency, a.Latency.Clone()), append(recovery, a.Recovery.Clone())
	}
	return latency, recovery
}

// step is one round of one target being taken in. It reads State as it was and leaves it as it is after the round.
type step struct {
	*follower
	*State
	round  *probe.Round
	now    Moment
	judged []Judged
	// keys tell who answered each result; empty where nobody did or it cannot be known.
	keys []string
	// first, broke and why are the events, in the order in which they are told.
	first, broke, why []Event
	pins              []probe.Pin
	// steady is true when the current pod answered and did not say that it is going: what a name loses while a pod drains
	// is lost to that pod's end.
	steady bool
	// nobodys is what is added to no doubted successor's losses.
	nobodys Loss
	// news is true when anything changed that a quiet round leaves alone.
	news bool
}

func (f *follower) observe(r *probe.Round) Observation {
	s := step{
		follower: f, State: &f.state, round: r,
		now:    Moment{Seq: r.Seq, At: r.At, Wall: r.Wall, Paused: f.state.Last.Paused},
		judged: make([]Judged, len(r.Results)),
		keys:   make([]string, len(r.Results)),
	}
	s.checkClock()
	s.compareNames()
	s.meet()
	s.disown()
	s.judge()
	s.seekSuccessor()
	s.correct()
	s.account()
	s.learnPin()
	s.settleIfDue()
	s.repinIfDue()
	if s.First.IsZero() {
		s.First = s.now
	}
	s.Last = s.now

	events := slices.Concat(s.first, s.broke, s.why)
	return Observation{Judged: s.judged, Events: events, Pins: s.pins, Quiet: !s.news && len(events) == 0, Totals: s.State.totals()}
}

// tell fills in what every event has.
func (s *step) tell(list *[]Event, e Event) {
	e.Target, e.Moment = s.State.Target, s.now
	*list = append(*list, e)
}

// tellOnce tells an event of a kind that is told once in a target's life.
func (s *step) tellOnce(e Event) {
	if !slices.Contains(s.Told, e.Kind) {
		s.Told = append(s.Told, e.Kind)
		s.tell(&s.why, e)
	}
}

// checkClock notices that nobody looked for a while, and that the wall clock went its own way.
func (s *step) checkClock() {
	if s.Last.IsZero() {
		return
	}
	gap := s.now.At - s.Last.At
	if gap > s.opt.Interval*5/2 { // one tick may be skipped; two are a pause
		unseen := gap - s.opt.Interval
		s.now.Paused += unseen
		s.tell(&s.first, Event{Kind: Paused, Gap: unseen})
	}
	if drift := s.now.Wall.Sub(s.Last.Wall) - gap; drift.Abs() >= time.Second {
		s.tell(&s.first, Event{Kind: ClockChanged, Gap: drift})
	}
}
