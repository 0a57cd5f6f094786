package compare

import (
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
}

// Judged is one result in the light of the target's history.
type Judged struct {
	// Outcome is the probe's own, or wrong_pod.
	Outcome probe.Outcome
	// News is true when it was answered by another pod or process than this approach's answer before.
	News bool
}

// Tracker follows targets through their rounds. It is not safe for concurrent use.
type Tracker struct {
	opt Options
}

// NewTracker is a Tracker that has seen nothing yet.
func NewTracker(targets []probe.Target, opt Options) *Tracker { panic("soon") }

// Observe takes the next round of a target. It fails, and leaves everything as it was, for a round that cannot be: of an unknown target, with
// another number of results than the target has approaches, or not after the one before.
func (t *Tracker) Observe(r probe.Round) (Observation, error) { panic("soon") }

// Stop settles what is unsettled: the run ended at that time.
func (t *Tracker) Stop(at time.Duration, wall time.Time) []Event { panic("soon") }

// State is a copy of what is known of a target; ok is false for an unknown one.
func (t *Tracker) State(target string) (s State, ok bool) { panic("soon") }

// Restore replaces what is known of a target. It fails for an unknown target and for a state with another number of
// approaches than the target has.
func (t *Tracker) Restore(s State) error { panic("soon") }

// Summary adds up everything observed so far.
func (t *Tracker) Summary() Summary { panic("soon") }

// Sentence tells the event in plain words, without the time and the target's name.
func (e Event) Sentence() string { panic("soon") }
