package probelog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// Record is one line of a log, as the types from which it was written. Of the pointers, those are set that follow from
// Kind.
type Record struct {
	// Line is its number in the log, from 1.
	Line int
	Kind Kind
	// ID is the run that it belongs to.
	ID string
	// At and Wall are when it was, as in probe.Round.
	At   time.Duration
	Wall time.Time
	// Run is set with start, with all targets, and with state, with the one target that it is about.
	Run *Run
	// Round is a round as the tracker takes it, that is before it was judged. Judged are its outcomes as they were logged.
	Round  *probe.Round
	Judged []probe.Outcome
	// Approaches are the names that the round's results stand under.
	Approaches []string
	// Partial is true for a round of which something stands in the round before it, which this reader has not seen: it is
	// all there but for who answered and what DNS said, where those had not changed.
	Partial bool
	Event   *compare.Event
	// Sentence is what the event said to a person.
	Sentence string
	// State is nil, as is Run, with a state that the Reader's user knows already.
	State *compare.State
	// Stop has no Summary.
	Stop *Stop
}

// LineError is a line that is no record: of somebody else, damaged, or of a later schema. Reading goes on after it.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

var (
	// ErrForeign is the cause of a LineError for a line that is not the prober's.
	ErrForeign = errors.New("not a record of the prober")
	// ErrNewer is the cause of a LineError for a run of a schema that this program does not know.
	ErrNewer = errors.New("written by a newer prober")
)

const (
	// maxLine is the longest line that a Reader takes: a start record of tens of thousands of targets.
	maxLine = 16 << 20
	// maxTargets is how many targets, of all runs together, a Reader or a Replay keeps in mind.
	maxTargets = 1 << 16
)

// Reader reads the records of a log of one or more runs, in whatever order their lines stand among each other.
type Reader struct {
	// Known, unless nil, tells whether who takes the records knows already what was known of a target after its round seq, as a
	// Replay does that followed it there. Of such a state record, of which a log may mostly consist, no more is made than a
	// Record without Run and State.
	Known func(run, target string, seq uint64) bool

	lines lineReader
	// behind is the record that stood in the last line behind one that was cut.
	behind *Record
	fast   *fast
	// text is true once a line was met that the prober writes for people; foreign counts the lines that are not the prober's.
	text    bool
	foreign int
	// last is what the last record of each target said, if that was a round.
	last map[runTarget]*readRound
}

type runTarget struct{ run, target string }

type readRound struct {
	seq     uint64
	results []shared
}

// NewReader is a Reader of the log in.
func NewReader(in io.Reader) *Reader {
	lines := lineReader{in: bufio.NewReaderSize(in, 64<<10)}
	return &Reader{lines: lines, fast: newFast(), last: map[runTarget]*readRound{}}
}

// Reset goes on with another part of the same log: its lines count from 1 again, and its first rounds may follow the last
// ones of the part before.
func (r *Reader) Reset(in io.Reader) {
	r.lines.in.Reset(in)
	r.lines.n = 0
}

// SawText reports whether a line was met that a prober wrote in the text form, which is for people and cannot be read back.
func (r *Reader) SawText() bool { return r.text }

// Lines is how many lines of the part were read so far.
func (r *Reader) Lines() int { return r.lines.n }

// Next is the next record. A *LineError says that a line is none, after which reading goes on; io.EOF that the log is at
// its end; every other error comes from the log's io.Reader and is final. Empty lines are passed over, and what stands
// before the first brace of a line, as `kubectl logs --prefix` puts it there. A line that a container runtime split counts by
// its last part.
func (r *Reader) Next() (*Record, error) {
	for {
		if rec := r.behind; rec != nil {
			r.behind = nil
			return rec, nil
		}
		line, err := r.lines.next()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		rec, err := r.decode(line)
		if err != nil {
			r.lookForText(line)
			rec, err = r.decodeTwo(line, err)
		}
		if err != nil {
			return nil, &LineError{r.lines.n, err}
		}
		rec.Line = r.lines.n
		return rec, nil
	}
}

// decodeTwo reads a line that is none for why: when a prober was killed while it wrote, the next one goes on in the same line.
// Within a record nothing looks like the begin of one.
func (r *Reader) decodeTwo(line []byte, why error) (*Record, error) {
	i := bytes.LastIndex(line, []byte(`{"time":"`))
	if i <= bytes.IndexByte(line, '{') {
		return nil, why
	}
	first, err := r.decode(line[:i])
	second, none := r.decode(line[i:])
	if none != nil {
		return nil, why
	}
	second.Line = r.lines.n
	r.behind = second
	return first, err
}

// textLine is a row of the text form, or its heading; something may stand in front of it.
var textLine = regexp.MustCompile(`(?:^|\s)\d\d:\d\d:\d\d(?:\.\d)?  \S.* #\d+ |^prober .*, run [a-z0-9]{10}(?: on |, )`)

// lookForText sees whether one of the first lines that are none of the JSON form is one of the text form.
func (r *Reader) lookForText(line []byte) {
	const enough = 1000
	if r.foreign++; r.foreign <= enough && !r.text {
		r.text = textLine.Match(line[:min(len(line), 1024)])
	}
}

func (r *Reader) decode(line []byte) (*Record, error) {
	if len(line) > maxLine {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrForeign, maxLine)
	}
	begin := bytes.IndexByte(line, '{')
	if begin < 0 {
		return nil, ErrForeign
	}
	line = bytes.TrimRight(line[begin:], "\r\n")
	kind := guess(line)
	rec, err := r.decodeAs(kind, line)
	if err == errOtherKind {
		var h struct {
			Record Kind `json:"record"`
		}
		if json.Unmarshal(line, &h) != nil || h.Record == kind {
			return nil, foreign(line)
		}
		rec, err = r.decodeAs(h.Record, line)
	}
	if err == errOtherKind {
		err = ErrForeign
	}
	return rec, err
}

// errOtherKind is why a line is not the record that it was taken for.
var errOtherKind = errors.New("another record")

// guess is the kind of record that a line most likely is: what follows the first "record", which our own writer puts in front.
func guess(line []byte) Kind {
	_, rest, _ := bytes.Cut(line[:min(len(line), 512)], []byte(`"record"`))
	_, rest, _ = bytes.Cut(rest, []byte{'"'})
	word, _, _ := bytes.Cut(rest, []byte{'"'})
	for _, k := range []Kind{RoundRecord, EventRecord, StateRecord, StartRecord, StopRecord} {
		if string(word) == string(k) {
			return k
		}
	}
	return ""
}

func (r *Reader) decodeAs(kind Kind, line []byte) (*Record, error) {
	d := &decoder{}
	var rec *Record
	var err error
	switch kind {
	case RoundRecord:
		if w := r.fast.round(line); w != nil {
			rec = r.round(d, w)
			break
		}
		var w roundRecord
		if err = unmarshal(line, &w, &w.head, kind); err == nil {
			rec = r.round(d, &w)
		}
	case EventRecord:
		var w eventRecord
		if err = unmarshal(line, &w, &w.head, kind); err == nil {
			e := w.event(d)
			rec = w.head.record(d)
			rec.Event, rec.Sentence = &e, d.text("sentence", w.Sentence)
		}
	case StateRecord:
		if h, ok := r.fast.state(line); ok && r.Known != nil && r.Known(h.Run, h.Target, h.seq) && json.Valid(line) {
			delete(r.last, runTarget{h.Run, h.Target}) // as with any state, what follows is in full
			rec = h.record(d)
			break
		}
		var w stateRecord
		err = unmarshal(line, &w, &w.head, kind)
		if err = newer(w.Schema, w.Run, err); err == nil {
			rec = r.state(d, &w)
		}
	case StartRecord:
		var w startRecord
		err = unmarshal(line, &w, &w.head, kind)
		if err = newer(w.Schema, w.Run, err); err == nil {
			rec = w.start(d)
		}
	case StopRecord:
		var w stopRecord
		if err = unmarshal(line, &w, &w.head, kind); err == nil {
			rec = w.head.record(d)
			rec.Stop = &Stop{At: rec.At, Wall: rec.Wall, Reason: d.text("reason", w.Reason), Lost: d.count("lost_records", w.Lost)}
		}
	default:
		err = errOtherKind
	}
	if err == nil && d.err != nil {
		err = fmt.Errorf("%v: %w", kind, d.err)
	}
	if err != nil {
		return nil, err
	}
	return rec, nil
}

func (h *head) record(d *decoder) *Record {
	if h.Run == "" {
		d.fail("no run")
	}
	return &Record{Kind: h.Record, ID: d.text(keyRun, h.Run), At: d.span(keyAt, h.At), Wall: micros(h.Time)}
}

// newer is why a record of that schema is not read, or else err: a later schema may well look damaged.
func newer(schema int, run string, err error) error {
	if schema > Schema {
		return fmt.Errorf("schema %d of run %q: %w; this one reads up to %d", schema, run, ErrNewer, Schema)
	}
	return err
}

func (w *startRecord) start(d *decoder) *Record {
	rec := w.record(d)
	rec.Run = &Run{
		ID: w.Run, Version: d.text("version", w.Version), Host: d.text("host", w.Host), System: d.text("system", w.System),
	}
	w.Options.into(d, rec.Run)
	seen := make(map[string]bool, len(w.Targets))
	for _, t := range w.Targets {
		if seen[t.Name] {
			d.fail("target %q twice", t.Name)
		}
		seen[t.Name] = true
		rec.Run.Targets = append(rec.Run.Targets, t.target(d))
	}
	return rec
}

func (r *Reader) state(d *decoder, w *stateRecord) *Record {
	start := startRecord{w.head, w.Schema, w.Version, w.Host, w.System, w.Options, []targetWire{w.Config}}
	rec := start.start(d)
	delete(r.last, runTarget{w.Run, w.Target})
	if w.Config.Name != w.Target {
		d.fail("target %q with the configuration of %q", w.Target, w.Config.Name)
	}
	s := w.State.state(d, w.Target)
	rec.State = &s
	return rec
}

func (r *Reader) round(d *decoder, w *roundRecord) *Record {
	rec := w.head.record(d)
	key := runTarget{rec.ID, d.text("target", w.Target)}
	last := r.last[key]
	known := last != nil && last.seq+1 == w.Seq && len(last.results) == len(w.Results)
	n := len(w.Results)
	if n == 0 || n > maxApproaches {
		d.fail("%d results", n)
		return rec
	}
	m := w.head.moment(d, w.Seq, 0)
	rec.Round = &probe.Round{Target: w.Target, Seq: m.Seq, At: m.At, Wall: m.Wall, Lag: d.span("lag_ms", w.Lag), Results: make([]probe.Result, 0, n)}
	rec.Judged, rec.Approaches = make([]probe.Outcome, 0, n), make([]string, 0, n)
	now := &readRound{seq: w.Seq, results: make([]shared, len(w.Results))}
	for i := range w.Results {
		var before shared
		if known {
			before = last.results[i]
		}
		result, whole := w.Results[i].result(d, before)
		rec.Partial = rec.Partial || !whole
		rec.Round.Results = append(rec.Round.Results, result)
		rec.Judged = append(rec.Judged, w.Results[i].Outcome)
		rec.Approaches = append(rec.Approaches, d.text("approach", w.Results[i].Approach))
		now.results[i] = shared{result.Who, result.Answer}
	}
	switch {
	case d.err != nil:
		delete(r.last, key)
		return rec
	case last == nil && len(r.last) == maxTargets: // most likely of runs long over; what is needed comes back with states
		clear(r.last)
	}
	r.last[key] = now
	return rec
}

// sameApproaches reports whether the results stand under the target's approaches, in order.
func (rec *Record) sameApproaches(t probe.Target) bool {
	return slices.EqualFunc(rec.Approaches, t.Approaches, func(name string, a probe.Approach) bool { return name == a.Name })
}
