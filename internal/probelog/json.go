package probelog

import (
	"io"
	"reflect"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// JSON is the Log of one run as one JSON object a line: what a Reader reads.
type JSON struct {
	core    zapcore.Core
	run     Run
	options optionsWire
	targets map[string]*jsonTarget
	round   roundEncoder
	fields  []zap.Field
}

// jsonTarget is what the writer remembers of a target.
type jsonTarget struct {
	spec *probe.Target // the run's
	// seq is the number of the round whose record was the last one of this target; 0 when the last one was none.
	seq uint64
	// last is what that round's results said, in order.
	last []shared
}

// NewJSON is a Log that writes the run's records to w.
func NewJSON(w io.Writer, run Run) *JSON {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{TimeKey: keyTime, EncodeTime: zapcore.TimeEncoderOfLayout(timeLayout)})
	j := &JSON{
		core:    zapcore.NewCore(encoder, zapcore.AddSync(harmless{&lines{w: w}}), zapcore.InfoLevel),
		run:     run,
		options: toOptions(run),
		targets: make(map[string]*jsonTarget, len(run.Targets)),
	}
	for i := range run.Targets {
		t := &run.Targets[i]
		j.targets[t.Name] = &jsonTarget{spec: t, last: make([]shared, len(t.Approaches))}
	}
	return j
}

// write writes one record. It speaks to zap's core rather than to its Logger, which keeps the error to itself.
func (j *JSON) write(record Kind, at time.Duration, wall time.Time, fields ...zap.Field) error {
	j.fields = append(j.fields[:0],
		zap.String(keyRecord, string(record)), zap.Float64(keyAt, float64(toMillis(at))), zap.String(keyRun, j.run.ID))
	j.fields = append(j.fields, fields...)
	return j.core.Write(zapcore.Entry{Level: zapcore.InfoLevel, Time: wall}, j.fields)
}

// Start implements Log.
func (j *JSON) Start(wall time.Time) error {
	r := startRecord{Schema: Schema, Version: j.run.Version, Host: j.run.Host, System: j.run.System, Options: j.options}
	for i := range j.run.Targets {
		r.Targets = append(r.Targets, toTarget(&j.run.Targets[i]))
	}
	return j.write(StartRecord, 0, wall, zap.Inline(flat{r}))
}

// Round implements Log. What the results have in common with those of the round before is written as "same", if that
// round is the target's last record: a reader that has read that record knows it, and one that begins after it needs a state
// first anyway, which makes the next round whole.
func (j *JSON) Round(r probe.Round, judged []compare.Judged) error {
	t := j.targets[r.Target]
	if t.seq+1 != r.Seq {
		clear(t.last)
	}
	j.round = roundEncoder{round: r, judged: judged, approaches: t.spec.Approaches, last: t.last, scratch: j.round.scratch}
	err := j.write(RoundRecord, r.At, r.Wall, zap.Inline(&j.round))
	t.seq = r.Seq
	for i := range t.last {
		t.last[i] = shared{r.Results[i].Who, r.Results[i].Answer}
	}
	if err != nil {
		t.seq = 0
	}
	return err
}

// Event implements Log.
func (j *JSON) Event(e compare.Event) error {
	return j.write(EventRecord, e.At, e.Wall, zap.Inline(flat{toEvent(e)}))
}

// State implements Log.
func (j *JSON) State(s compare.State) error {
	t := j.targets[s.Target]
	t.seq = 0
	clear(t.last) // of no use any more: the next round is written whole
	r := stateRecord{
		Schema: Schema, Target: s.Target, Version: j.run.Version, Host: j.run.Host, System: j.run.System,
		Options: j.options, Config: toTarget(t.spec), State: toState(s),
	}
	for i := range r.State.Approaches {
		r.State.Approaches[i].Approach = t.spec.Approaches[i].Name
	}
	return j.write(StateRecord, s.Last.At, s.Last.Wall, zap.Inline(flat{r}))
}

// Stop implements Log.
func (j *JSON) Stop(s Stop) error {
	return j.write(StopRecord, s.At, s.Wall, zap.Inline(flat{stopRecord{Reason: s.Reason, Lost: s.Lost}}))
}

// flat writes the fields of a wire struct into the record itself, by their json tags; the embedded head is not among
// them. It is for the records that are few.
type flat struct{ record any }

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (f flat) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	v := reflect.ValueOf(f.record)
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || options != "" && (v.Field(i).IsZero() || v.Field(i).Kind() == reflect.Slice && v.Field(i).Len() == 0) {
			continue
		}
		if err := enc.AddReflected(name, v.Field(i).Interface()); err != nil {
			return err
		}
	}
	return nil
}

// lines is where records go. A record that was written in part spoils no other.
type lines struct {
	w    io.Writer
	torn bool
}

func (l *lines) Write(record []byte) (int, error) {
	if l.torn {
		if _, err := l.w.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		l.torn = false
	}
	n, err := l.w.Write(record)
	l.torn = err != nil && n > 0
	return n, err
}

// harmless sees to it that nothing in a line of JSON acts on a terminal.
type harmless struct{ w io.Writer }

func (h harmless) Write(line []byte) (int, error) {
	if _, err := h.w.Write(report.HarmlessJSON(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
