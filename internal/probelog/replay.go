package probelog

import (
	"fmt"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// maxRuns is how many runs a Replay follows.
const maxRuns = 1 << 12

// Replay follows the runs of a log as they were followed live: fed with its records in order, its trackers give the
// events that the log holds. The zero Replay is ready to use.
type Replay struct {
	runs    []*Replayed
	byID    map[string]*Replayed
	targets int
}

// Replayed is one run of a log.
type Replayed struct {
	// Run is as far as it is known: in a log without its start, the targets whose state was met, in that order.
	Run Run
	// Stop is nil while the log has shown no end.
	Stop *Stop
	// Skipped counts rounds that could not be followed: before the first state of a log whose begin is missing, or after
	// lines that are missing, up to the next state.
	Skipped int
	targets []*replayedTarget
	byName  map[string]*replayedTarget
}

// replayedTarget is one target, with a tracker of its own: the begin of its states may be far from the others'.
type replayedTarget struct {
	target  probe.Target
	tracker *compare.Tracker
	// seq is the last round that the tracker knows of.
	seq uint64
	// blind is true when rounds are missing, until the next state.
	blind bool
}

// Feed takes the next record and says what it means: of a round what the Tracker observed, of a stop the events that
// it settled, and nothing of others. It fails for a record that cannot follow what came before; the next may be fed all the same.
func (p *Replay) Feed(rec *Record) (compare.Observation, error) {
	var o compare.Observation
	var err error
	switch rec.Kind {
	case StartRecord:
		err = p.start(rec)
	case StateRecord:
		err = p.state(rec)
	case RoundRecord:
		o, err = p.round(rec)
	case StopRecord:
		o, err = p.stop(rec)
	}
	if err != nil {
		err = &LineError{rec.Line, err}
	}
	return o, err
}

// Runs are the runs met so far, in the order in which they were met.
func (p *Replay) Runs() []*Replayed { return p.runs }

// Knows reports whether what was known of a target after its round seq is known here, too: a state record of it adds nothing.
// It is what a Reader's Known wants.
func (p *Replay) Knows(run, target string, seq uint64) bool {
	r := p.byID[run]
	if r == nil {
		return false
	}
	t := r.byName[target]
	return t != nil && (r.Stop != nil || seq < t.seq || seq == t.seq && !t.blind)
}

// Summary adds up the run as far as it was fed.
func (r *Replayed) Summary() compare.Summary {
	sum := compare.Summary{Interval: r.Run.Options.Interval}
	for _, t := range r.targets {
		sum.Targets = append(sum.Targets, t.tracker.Summary().Targets...)
	}
	return sum
}

func (p *Replay) start(rec *Record) error {
	run, err := p.run(rec)
	if err != nil {
		return err
	}
	for _, t := range rec.Run.Targets {
		if _, err := p.follow(run, t); err != nil {
			return err
		}
	}
	return nil
}

func (p *Replay) run(rec *Record) (*Replayed, error) {
	if run := p.byID[rec.ID]; run != nil {
		return run, nil
	}
	if len(p.runs) == maxRuns {
		return nil, fmt.Errorf("run %q: more than %d runs", rec.ID, maxRuns)
	}
	if p.byID == nil {
		p.byID = map[string]*Replayed{}
	}
	run := &Replayed{Run: *rec.Run, byName: map[string]*replayedTarget{}}
	run.Run.Targets = nil
	p.byID[rec.ID] = run
	p.runs = append(p.runs, run)
	return run, nil
}

// follow makes sure that a target is followed.
func (p *Replay) follow(run *Replayed, target probe.Target) (*replayedTarget, error) {
	if t := run.byName[target.Name]; t != nil {
		return t, nil
	}
	if p.targets == maxTargets {
		return nil, fmt.Errorf("target %q of run %q: more than %d targets", target.Name, run.Run.ID, maxTargets)
	}
	p.targets++
	t := &replayedTarget{target: target, tracker: compare.NewTracker([]probe.Target{target}, run.Run.Options)}
	run.byName[target.Name] = t
	run.targets = append(run.targets, t)
	run.Run.Targets = append(run.Run.Targets, target)
	return t, nil
}

// state goes on from what the log says was known, unless more is known already.
func (p *Replay) state(rec *Record) error {
	if rec.State == nil {
		return nil
	}
	run, err := p.run(rec)
	if err != nil {
		return err
	}
	t, err := p.follow(run, rec.Run.Targets[0])
	if err != nil {
		return err
	}
	if rec.State.Last.Seq < t.seq || run.Stop != nil {
		return nil
	}
	if err := t.tracker.Restore(*rec.State); err != nil {
		return err
	}
	t.seq, t.blind = rec.State.Last.Seq, false
	return nil
}

func (p *Replay) round(rec *Record) (compare.Observation, error) {
	run := p.byID[rec.ID]
	if run == nil {
		return compare.Observation{}, nil
	}
	t := run.byName[rec.Round.Target]
	switch {
	case t != nil && rec.Round.Seq <= t.seq:
		return compare.Observation{}, nil // read before
	case t == nil, run.Stop != nil:
		run.Skipped++
		return compare.Observation{}, nil
	case !rec.sameApproaches(t.target):
		return compare.Observation{}, fmt.Errorf("round %d of %q: approaches %q are not the target's",
			rec.Round.Seq, t.target.Name, rec.Approaches)
	}
	if rec.Partial || rec.Round.Seq != t.seq+1 {
		t.blind = true
		run.Skipped++
		return compare.Observation{}, nil
	}
	o, err := t.tracker.Observe(*rec.Round)
	if err == nil {
		t.seq = rec.Round.Seq
	}
	return o, err
}

func (p *Replay) stop(rec *Record) (compare.Observation, error) {
	var o compare.Observation
	run := p.byID[rec.ID]
	if run == nil || run.Stop != nil {
		return o, nil
	}
	run.Stop = rec.Stop
	for _, t := range run.targets {
		if !t.blind {
			o.Events = append(o.Events, t.tracker.Stop(rec.At, rec.Wall)...)
		}
	}
	return o, nil
}
