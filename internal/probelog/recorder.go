package probelog

import (
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// stateEvery is how far apart the state records of a target are at most.
const stateEvery = 5 * time.Minute

// Recorder hands rounds to a Tracker and writes down what they were and what they mean, in the order from which a
// reader makes the same events again. It is used by one goroutine at a time.
type Recorder struct {
	run     Run
	tracker *compare.Tracker
	log     Log
	targets map[string]*recorded
	lost    int
	err     error
}

// recorded is how far the log is with one target.
type recorded struct {
	// behind is true when the target's last round is not in the log: left out, or lost. A reader needs a state then before
	// the next one.
	behind bool
	// stateAt is when the last state was written.
	stateAt time.Duration
}

// NewRecorder is a Recorder for a run that begins. The log must be one of that run.
func NewRecorder(run Run, log Log) *Recorder {
	r := &Recorder{run: run, tracker: compare.NewTracker(run.Targets, run.Options), log: log, targets: make(map[string]*recorded, len(run.Targets))}
	for _, t := range run.Targets {
		r.targets[t.Name] = &recorded{}
	}
	return r
}

// Start writes the first record.
func (r *Recorder) Start(wall time.Time) { r.wrote(r.log.Start(micros(wall))) }

// Observe takes the next round of a target and says what it means. It fails, having written nothing, for a round
// that the Tracker refuses. A record that could not be written is no error of Observe's: see Lost.
func (r *Recorder) Observe(round probe.Round) (compare.Observation, error) {
	t := r.targets[round.Target]
	var before compare.State
	behind := t != nil && t.behind
	if behind {
		before, _ = r.tracker.State(round.Target)
	}
	o, err := r.tracker.Observe(round)
	if err != nil {
		return o, err
	}
	if o.Quiet && r.run.Rounds == Changes {
		t.behind = true
	} else {
		if behind {
			r.state(t, before)
		}
		if !r.wrote(r.log.Round(round, o.Judged)) {
			t.behind = true
		}
		for _, e := range o.Events {
			r.wrote(r.log.Event(e))
		}
	}
	if len(o.Events) > 0 || round.At-t.stateAt >= stateEvery {
		now, _ := r.tracker.State(round.Target)
		r.state(t, now)
	}
	return o, nil
}

// state writes what is known of a target, from which a reader can go on.
func (r *Recorder) state(t *recorded, s compare.State) {
	if r.wrote(r.log.State(s)) {
		t.behind, t.stateAt = false, s.Last.At
	}
}

// Stop ends the run: a state of each target, what the end settles, and the last record. It returns the comparison of everything.
func (r *Recorder) Stop(at time.Duration, wall time.Time, reason string) compare.Summary {
	at, wall = at.Truncate(time.Microsecond), micros(wall)
	for _, target := range r.run.Targets {
		if s, ok := r.tracker.State(target.Name); ok && !s.Last.IsZero() {
			r.state(r.targets[target.Name], s)
		}
	}
	for _, e := range r.tracker.Stop(at, wall) {
		r.wrote(r.log.Event(e))
	}
	s := r.tracker.Summary()
	r.wrote(r.log.Stop(Stop{At: at, Wall: wall, Reason: reason, Lost: r.lost, Summary: s}))
	return s
}

// Tracker is the one that rounds are handed to, for those who ask it for sums. Only the Recorder changes it.
func (r *Recorder) Tracker() *compare.Tracker { return r.tracker }

// Lost is how many records could not be written, and the first error. Probing goes on without them, and what follows
// in the log is as exact as before: a state stands in for the rounds that are missing. Whoever runs the prober tells its user.
func (r *Recorder) Lost() (records int, first error) { return r.lost, r.err }

// wrote counts a record that is lost, and reports whether it was written.
func (r *Recorder) wrote(err error) bool {
	if err == nil {
		return true
	}
	r.lost++
	if r.err == nil {
		r.err = err
	}
	return false
}

// micros is a wall clock time as records hold it.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
