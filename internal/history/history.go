// Package history keeps what was seen of each target, over time and in bounded memory, for those who show it: the report
// of a log, the live page. It is fed with rounds and what a compare.Tracker said of them, judges nothing itself, and so
// agrees with the tracker to the probe. Counts, verdicts and recreations stay the tracker's: they come from its Summary.
package history

import (
	"cmp"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// What is kept of one target at most.
const (
	maxStretches = 512 // of one lane, unless the options say less; beyond that, old ones are merged
	maxTimelines = 32  // as many as the tracker keeps recreations
	maxMarks     = 256 // steps of one recreation; what comes later is not kept
	maxEvents    = 200 // sentences, unless the options say less
	maxOutages   = 64  // that ended
	// maxReplicas is among how many of a lane's last stretches a pod is looked for: names take turns among so many.
	maxReplicas = 8
)

// Options say what to keep beyond lanes, steps and sentences.
type Options struct {
	// Interval is the run's: a longer silence than two and a half of it is a time in which nobody looked.
	Interval time.Duration
	// Phases keeps a histogram of each phase of each approach, some kilobytes each.
	Phases bool
	// Samples is how many of the last latencies of each approach are kept; 0 is none.
	Samples int
	// Stretches is how many of them a lane keeps, at least 8; 0 is 512.
	Stretches int
	// Events is how many of a target are kept, at least 8; 0 is 200.
	Events int
}

// History is what was seen of the targets of one run. It is not safe for concurrent use.
type History struct {
	opt    *Options
	byName map[string]*Target
}

// Target is what was seen of one target. It changes with the next Observe.
type Target struct {
	Spec *probe.Target
	// Lanes stand in the order of the approaches.
	Lanes []Lane
	// Events are the last ones, oldest first.
	Events []Told
	// Outages are the last ones that ended, in the order of their ends.
	Outages []Outage
	// Last is the last round; its Seq is 0 before the first.
	Last compare.Moment

	trails []trail
	marks  []mark
	open   map[string]openOutage // by approach, as they were last told; nil until there was one
	opt    *Options              // all targets'
}

// Outage is one of an approach.
type Outage struct {
	Approach string
	compare.Outage
}

// Told is an event, as short as it can be kept.
type Told struct {
	Kind compare.Kind
	compare.Moment
	Approach string
	// Recreation is the number of the one that it is about; 0 for none.
	Recreation int
	Sentence   string
}

// New is a History in which nothing happened yet. The targets are not copied, and must not change.
func New(targets []probe.Target, opt Options) *History {
	h := &History{opt: opt.whole(), byName: make(map[string]*Target, len(targets))}
	for i := range targets {
		h.follow(&targets[i])
	}
	return h
}

// Targets are those of a History without one, in the order of specs, for who finds them by means of its own. The specs are not
// copied, and must not change.
func Targets(specs []probe.Target, opt Options) []Target {
	whole := opt.whole()
	list := make([]Target, len(specs))
	for i := range specs {
		list[i] = newTarget(&specs[i], whole)
	}
	return list
}

func newTarget(spec *probe.Target, opt *Options) Target {
	return Target{Spec: spec, Lanes: make([]Lane, len(spec.Approaches)), opt: opt}
}

// whole are the options with what was left out.
func (o Options) whole() *Options {
	o.Stretches, o.Events = max(cmp.Or(o.Stretches, maxStretches), 8), max(cmp.Or(o.Events, maxEvents), 8)
	return &o
}

// Follow begins with a target, if it is not followed yet: a log may name its targets one by one.
func (h *History) Follow(target probe.Target) { h.follow(&target) }

func (h *History) follow(target *probe.Target) {
	if h.byName[target.Name] == nil {
		t := newTarget(target, h.opt)
		h.byName[target.Name] = &t
	}
}

// Alone is a History of this target only, which it shares.
func (t *Target) Alone() *History {
	return &History{opt: t.opt, byName: map[string]*Target{t.Spec.Name: t}}
}

// Target is what was seen of a target; nil when it is not followed.
func (h *History) Target(name string) *Target { return h.byName[name] }

// Observe takes a round and what the tracker said of it. Rounds of a target come in order.
func (h *History) Observe(r probe.Round, o compare.Observation) {
	if t := h.byName[r.Target]; t != nil {
		t.Observe(r, o)
	}
}

// Observe is History's, for a round of this target.
func (t *Target) Observe(r probe.Round, o compare.Observation) {
	if len(r.Results) != len(t.Lanes) || len(o.Judged) != len(t.Lanes) {
		return
	}
	paused := t.Last.Paused
	for _, e := range o.Events {
		paused = max(paused, e.Paused) // a pause is told in the round that ends it, by each of its events
	}
	t.Last = compare.Moment{Seq: r.Seq, At: r.At, Wall: r.Wall, Paused: paused}
	for i := range r.Results {
		t.add(i, &r.Results[i], o.Judged[i].Outcome)
	}
	t.tell(o.Events)
}

// Tell takes events that no round told: those of a run's end.
func (h *History) Tell(events []compare.Event) {
	for _, e := range events {
		if t := h.byName[e.Target]; t != nil {
			t.tell([]compare.Event{e})
		}
	}
}

// Resume takes what a log says was known after rounds that are not in it: rounds that told nothing new and were left out,
// or ones that are lost. Of the latter it is known how they ended, but not when.
func (h *History) Resume(s compare.State) {
	t := h.byName[s.Target]
	if t == nil || len(s.Approaches) != len(t.Lanes) || s.Last.Seq < t.Last.Seq {
		return
	}
	for i := range s.Approaches {
		t.Lanes[i].resume(&s, &s.Approaches[i], t.opt)
	}
	t.Last = s.Last
}

func (t *Target) tell(events []compare.Event) {
	for _, e := range events {
		if e.Kind == compare.Corrected {
			t.correct(e)
		}
		t.trail(e)
		t.outage(e)
		told := Told{Kind: e.Kind, Moment: e.Moment, Approach: e.Approach, Sentence: e.Sentence()}
		if e.Recreation != nil {
			told.Recreation = e.Recreation.N
		}
		if n := len(t.Events); n >= t.opt.Events {
			t.Events = append(t.Events[:0], t.Events[n/4:]...)
		}
		t.Events = append(t.Events, told)
	}
}

// correct repaints answers that were taken for the wrong pod's.
func (t *Target) correct(e compare.Event) {
	for i, a := range t.Spec.Approaches {
		if a.Name == e.Approach {
			t.Lanes[i].correct(e.Count)
		}
	}
}
