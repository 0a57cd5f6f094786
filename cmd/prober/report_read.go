package main

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"callbyname/internal/cli"
	"callbyname/internal/history"
	"callbyname/internal/probelog"
	"callbyname/internal/report"
)

// errText is why a log in the text form cannot be reported.
var errText = errors.New("this is a log in the text form, which is for people: let the prober write --log-format json, " +
	"or ask one that runs: prober report --from http://localhost:8080")

// logReader reads the logs of any number of probers, in memory that depends on how many they are and not on how long they ran.
type logReader struct {
	records *probelog.Reader
	replay  probelog.Replay
	runs    map[string]*readRun
	// orphans counts rounds of runs of which neither start nor state was met before.
	orphans map[string]int
	lanes   int
	log     report.Log
	newer   error  // what a line of a later schema said
	damaged string // what was wrong with the first record that could not be read
}

// readRun is what is known of a run beside its Replayed.
type readRun struct {
	history          *history.History
	started, stopped time.Time
}

// What is kept at most, whatever stands in a log.
const (
	maxSkips     = 10      // stretches of lines that were skipped
	maxOrphans   = 1 << 12 // runs
	maxStretches = 1 << 18 // of all lanes together
)

// readReport makes the report of the logs in those files, as far as they were read when ctx ended.
func readReport(ctx context.Context, files []string, stdin io.Reader, p *progress) (report.Document, error) {
	r := logReader{records: probelog.NewReader(nil), runs: map[string]*readRun{}, orphans: map[string]int{}}
	r.records.Known = r.replay.Knows
	files, err := inOrder(files)
	if err != nil {
		return report.Document{}, err
	}
	defer p.clear()
	for _, name := range files {
		if err := r.file(ctx, name, stdin, p, len(files) > 1); err != nil {
			return report.Document{}, err
		}
	}
	if len(r.replay.Runs()) == 0 {
		return report.Document{}, r.nothing()
	}
	return r.document(), nil
}

// nothing says why there is nothing to report.
func (r *logReader) nothing() error {
	switch {
	case r.newer != nil:
		return r.newer
	case r.records.SawText():
		return errText
	case len(r.orphans) > 0:
		return errors.New("there are rounds, but no start or state record from which they could be followed; a prober writes a state " +
			"for each target every five minutes: give more of the log")
	case r.log.Lines == 0:
		return errors.New("the log is empty")
	}
	none := fmt.Sprintf("no log of a prober: of %d lines none is a record of prober --log-format json", r.log.Lines)
	if r.damaged != "" {
		none += "; " + r.damaged
	}
	return errors.New(none)
}

// inOrder puts the files of a log that was rotated in the order in which they were written. What can be read only once, a
// pipe or the standard input, comes last.
func inOrder(files []string) ([]string, error) {
	if len(files) == 1 {
		return files, nil
	}
	first := make(map[string]time.Time, len(files))
	for _, name := range files {
		first[name] = time.Unix(1<<40, 0)
		if name == stdinName {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			if err := reading(name, nil, func(in io.Reader, _ func() float64) { first[name] = begins(in, first[name]) }); err != nil {
				return nil, err
			}
		}
	}
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(a, b string) int { return first[a].Compare(first[b]) })
	return files, nil
}

// begins is when the first of the first records is, or else otherwise: other lines may stand before it.
func begins(in io.Reader, otherwise time.Time) time.Time {
	records := probelog.NewReader(in)
	for range 1000 {
		rec, err := records.Next()
		if err == nil {
			return rec.Wall
		}
		if lineErr := (*probelog.LineError)(nil); !errors.As(err, &lineErr) {
			break
		}
	}
	return otherwise
}

// stdinName stands for the standard input.
const stdinName = "-"

// reading opens a file, or the standard input, and hands over what it holds, uncompressed, and how far it has come with that,
// 0 to 1, or less than 0 where that cannot be told. A compressed file is known by its first bytes (RFC 1952, 2.3.1), whatever
// its name.
func reading(name string, stdin io.Reader, read func(in io.Reader, position func() float64)) error {
	in := stdin
	if name != stdinName {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	position := func() float64 {
		f, ok := in.(*os.File)
		if !ok {
			return -1
		}
		at, seekErr := f.Seek(0, io.SeekCurrent)
		info, statErr := f.Stat()
		if seekErr != nil || statErr != nil || info.Size() == 0 {
			return -1
		}
		return float64(at) / float64(info.Size())
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := buffered.Peek(2); string(magic) != "\x1f\x8b" {
		read(buffered, position)
		return nil
	}
	unzipped, err := gzip.NewReader(buffered)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer unzipped.Close()
	read(unzipped, position)
	return nil
}

// file reads one file to its end. named is whether lines that are skipped need the file's name.
func (r *logReader) file(ctx context.Context, name string, stdin io.Reader, p *progress, named bool) error {
	where := ""
	if named {
		where = name
	}
	var failed error
	err := reading(name, stdin, func(in io.Reader, position func() float64) {
		r.records.Reset(in)
		for n := 0; ctx.Err() == nil; n++ {
			rec, err := r.records.Next()
			lineErr := (*probelog.LineError)(nil)
			switch {
			case err == nil:
				if err := r.take(rec); errors.As(err, &lineErr) {
					r.skip(where, lineErr)
				}
			case errors.As(err, &lineErr):
				r.skip(where, lineErr)
			case err == io.EOF:
				return
			case endsEarly(err):
				r.log.Cut = true
				return
			default:
				failed = fmt.Errorf("reading %s: %w", name, err)
				return
			}
			if n%256 == 0 {
				p.show(name, r.log.Lines+r.records.Lines(), position)
			}
		}
	})
	r.log.Lines += r.records.Lines()
	return errors.Join(err, failed)
}

// endsEarly reports whether what is compressed cannot be read to its end, since it was cut or damaged: what was read stands.
func endsEarly(err error) bool {
	corrupt := flate.CorruptInputError(0)
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &corrupt) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader)
}

// take follows a record.
func (r *logReader) take(rec *probelog.Record) error {
	o, err := r.replay.Feed(rec)
	run := r.runs[rec.ID]
	if met := r.replay.Runs(); run == nil && len(met) > len(r.runs) { // it begins here, even if the rest of the record is no use
		run = &readRun{}
		r.runs[rec.ID] = run
		r.follow(run, &met[len(met)-1].Run)
	}
	if err != nil {
		return err
	}
	switch {
	case run == nil:
		if rec.Kind == probelog.RoundRecord && len(r.orphans) < maxOrphans {
			r.orphans[rec.ID]++
		}
	case !run.stopped.IsZero(): // what is said of a run after its end is not followed
	case rec.Kind == probelog.StartRecord:
		run.started = rec.Wall
		r.follow(run, rec.Run)
	case rec.Kind == probelog.StateRecord && rec.State != nil:
		r.follow(run, rec.Run)
		run.history.Resume(*rec.State)
	case rec.Kind == probelog.RoundRecord:
		run.history.Observe(*rec.Round, o)
	case rec.Kind == probelog.StopRecord:
		run.stopped = rec.Wall
		run.history.Tell(o.Events)
	}
	return nil
}

// follow begins with targets of a run that are new. The more there are of all runs together, the less is kept of each.
func (r *logReader) follow(run *readRun, head *probelog.Run) {
	for _, t := range head.Targets {
		if run.history == nil || run.history.Target(t.Name) == nil {
			r.lanes += len(t.Approaches)
		}
	}
	if run.history == nil {
		run.history = history.New(nil, history.Options{
			Interval: head.Options.Interval, Phases: true, Stretches: min(maxStretches/max(r.lanes, 1), 512),
		})
	}
	for _, t := range head.Targets {
		run.history.Follow(t)
	}
}

// skip notes a line that was skipped.
func (r *logReader) skip(file string, e *probelog.LineError) {
	r.log.Skipped++
	if r.newer == nil && errors.Is(e, probelog.ErrNewer) {
		r.newer = e
	}
	why := e.Err.Error()
	if r.damaged == "" && !errors.Is(e, probelog.ErrForeign) {
		r.damaged = e.Error()
		if file != "" {
			r.damaged = file + ", " + r.damaged
		}
	}
	if n := len(r.log.Where); n > 0 {
		last := &r.log.Where[n-1]
		if last.File == file && last.To == e.Line-1 && last.Why == why {
			last.To++
			return
		}
		if n == maxSkips {
			return
		}
	}
	r.log.Where = append(r.log.Where, report.Skip{File: file, From: e.Line, To: e.Line, Why: why})
}

// document is the report of everything that was read.
func (r *logReader) document() report.Document {
	var all []report.Observed
	for _, replayed := range r.replay.Runs() {
		read := r.runs[replayed.Run.ID]
		run := reportRun(replayed.Run)
		run.Started, run.Stopped = read.started, read.stopped
		run.Unfollowed = replayed.Skipped + r.orphans[run.ID]
		if stop := replayed.Stop; stop != nil {
			run.Reason, run.Lost = stop.Reason, stop.Lost
		}
		all = append(all, report.Observed{Run: run, Summary: replayed.Summary(), History: read.history})
	}
	d := report.New(cli.Version(), all...)
	d.Log = &r.log
	return d
}

// reportRun is the head of a run, as a report has it.
func reportRun(run probelog.Run) report.Run {
	return report.Run{ID: run.ID, Host: run.Host, System: run.System, Version: run.Version, Interval: report.Millis(run.Options.Interval),
		Timeout: report.Millis(run.Timeout), Settle: report.Millis(run.Options.Settle)}
}
