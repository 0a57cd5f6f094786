// Package probelog is the product's face: what a prober saw, as records. The JSON form is written through zap and read
// back by the Reader of this package, so exactly that the same compare.Tracker tells the same events again (Replay);
// the text form is for a person who watches. A Recorder joins a Tracker and a Log in the one right order. What rounds
// mean is left to package compare, tables and durations to package report. docs/log.md describes the schema.
package probelog

import (
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// Schema is the version of the records that this package writes, and the newest that it reads. It goes up when an
// old reader would misread a new log; a field that is only added does not count.
const Schema = 1

// Mode is which rounds are logged: a closed set, whose words are those of --log-rounds.
type Mode string

const (
	All     Mode = "all"     // every round
	Changes Mode = "changes" // those that tell something new; states stand for the others
)

// Run is what holds for a whole run of a prober, from its start to its stop. It is not changed once it is handed over.
type Run struct {
	// ID tells the run from all others whose records may stand in the same log.
	ID string
	// Version is the prober's.
	Version string
	// Host is the name of the machine or pod where it runs, System its operating system and architecture; may be empty.
	Host, System string
	// Targets in the order of the configuration. A Target that was read back has "xxxxx" for a password in its URL and
	// for the value of each header, because secrets are not logged.
	Targets []probe.Target
	Options compare.Options
	// Timeout is how long a probe may take.
	Timeout time.Duration
	Rounds  Mode
}

// NewID is a short random run id: 50 bits, enough to tell the runs in one place apart.
func NewID() string { return strings.ToLower(rand.Text()[:10]) }

// Stop is the end of a run.
type Stop struct {
	// At and Wall are when it was, as in probe.Round.
	At   time.Duration
	Wall time.Time
	// Reason is why, in a word or two ("SIGTERM").
	Reason string
	// Lost counts the records that could not be written.
	Lost int
	// Summary is the last comparison. It is shown by the text form only: a reader of JSON makes its own.
	Summary compare.Summary
}

// Log is a form in which a Recorder writes down what it sees. A record is one Write. An error says that the record is
// lost; the next one may succeed. A Log is used by one goroutine at a time.
type Log interface {
	Start(wall time.Time) error
	Round(r probe.Round, judged []compare.Judged) error
	Event(e compare.Event) error
	// State is what is known of a target as of its last round.
	State(s compare.State) error
	Stop(s Stop) error
}

// Tee is a Log that writes to each of several.
func Tee(logs ...Log) Log { return tee(logs) }

type tee []Log

func (t tee) each(write func(Log) error) error {
	var errs []error
	for _, log := range t {
		errs = append(errs, write(log))
	}
	return errors.Join(errs...)
}

func (t tee) Start(wall time.Time) error  { return t.each(func(l Log) error { return l.Start(wall) }) }
func (t tee) Event(e compare.Event) error { return t.each(func(l Log) error { return l.Event(e) }) }
func (t tee) State(s compare.State) error { return t.each(func(l Log) error { return l.State(s) }) }
func (t tee) Stop(s Stop) error           { return t.each(func(l Log) error { return l.Stop(s) }) }
func (t tee) Round(r probe.Round, judged []compare.Judged) error {
	return t.each(func(l Log) error { return l.Round(r, judged) })
}
