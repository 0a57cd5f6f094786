package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What text and Markdown are made of: rows of cells, lines of lanes and sentences. A row's first cells are headings; one that
// begins with a space is that of a column aligned to the right.

// comparison is the table of a target's approaches side by side.
func (t *Target) comparison() [][]string {
	rows := [][]string{{"approach", "address", " probes", " lost", " void", " available", " outages", " longest"}}
	recreated := t.Recreated > 0
	if recreated {
		rows[0] = append(rows[0], "verdicts", " back after")
	}
	// Of a single recovery there is nothing to sum up.
	several := recreated && slices.ContainsFunc(t.Approaches, func(a Approach) bool { return a.Recovery != nil && a.Recovery.Count > 1 })
	if several {
		rows[0] = append(rows[0], " p95", " max")
	}
	for i := range t.Approaches {
		a := &t.Approaches[i]
		row := a.counts(t.Interval)
		if recreated {
			row = append(row, verdicts(a.Verdicts))
			row = append(row, a.recovery()[:len(rows[0])-len(row)]...)
		}
		rows = append(rows, row)
	}
	return rows
}

// verdictColumn is where in the comparison what recreations did begins.
const verdictColumn = 8

// older says how many recreations are not told one by one; empty when all are.
func (t *Target) older() string {
	if more := t.Recreated - len(t.Recreations); more > 0 {
		return fmt.Sprintf("%s before these are in the figures only.", count(more, "recreation"))
	}
	return ""
}

// recovery are the median, p95 and longest time to recover.
func (a *Approach) recovery() []string {
	if r := a.Recovery; r != nil {
		return []string{r.Median.String(), r.P95.String(), r.Max.String()}
	}
	return []string{"-", "-", "-"}
}

// latencies is the table of what successful probes took, phase by phase; nil when there was none. Phases that no probe had
// are left out.
func (t *Target) latencies() [][]string {
	var phases []Phase
	head := []string{"latency", " "}
	for _, p := range Phases {
		if slices.ContainsFunc(t.Approaches, func(a Approach) bool { return a.Latency[p].Count > 0 }) {
			phases = append(phases, p)
			head = append(head, " "+strings.ReplaceAll(string(p), "_", " "))
		}
	}
	if len(phases) == 0 {
		return nil
	}
	rows := [][]string{head}
	for i := range t.Approaches {
		a := &t.Approaches[i]
		if a.Latency[Total].Count == 0 {
			continue
		}
		for k, name := range []string{"p50", "p90", "p99"} {
			row := []string{"", name}
			if k == 0 {
				row[0] = a.Name
			}
			for _, p := range phases {
				row = append(row, a.quantiles(p)[k])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// effects is the table of what one recreation did.
func (r *Recreation) effects(interval Millis) [][]string {
	rows := [][]string{{"approach", "verdict", " lost", " out for", "failed with"}}
	for _, e := range r.Effects {
		outFor, verdict := "-", loud(e.Verdict)
		if e.Lost > 0 {
			outFor = within(e.For, interval)
		}
		if verdict == "" {
			verdict = "(open)"
		}
		rows = append(rows, []string{e.Approach, verdict, fmt.Sprint(e.Lost), outFor, classes(e.Classes)})
	}
	return rows
}

// clock is the time of day at which something happened: to the tenth, where rounds are closer than a second.
func (t *Target) clock(h Happening) string {
	layout := time.TimeOnly
	if time.Duration(t.Interval) < time.Second {
		layout = "15:04:05.0"
	}
	return h.Time.Local().Format(layout)
}

// drawing is lanes beneath each other, beneath a time axis.
type drawing struct {
	names []string
	axis  string
	lanes []string
	// marks stand beneath the lanes; empty for none.
	marks  string
	legend []string
}

// drawn is the whole of a target's lanes; nil when there are none.
func (t *Target) drawn(cells int) *drawing {
	s := newSpan(time.Duration(t.Begin), time.Duration(t.Begin+t.Span), time.Duration(t.Interval), cells)
	d := t.draw(&s, s.axis(t.First.Add(-time.Duration(t.Begin))))
	if d != nil {
		d.marks = t.marks(&s)
	}
	if d != nil && d.marks != "" {
		d.legend = append([]string{"^ a recreation, with its number where there is room"}, d.legend...)
	}
	return d
}

// marks show where recreations began, with their numbers where there is room.
func (t *Target) marks(s *span) string {
	line := []byte(strings.Repeat(" ", s.room))
	end := s.room // of what is free behind a mark
	for _, r := range slices.Backward(t.Recreations) {
		at := s.at(time.Duration(r.LastOld.At))
		if at < 0 || at >= s.cells || at >= end {
			continue
		}
		text := fmt.Sprintf("^%d", r.N)
		if at+len(text) >= end {
			text = "^"
		}
		copy(line[at:], text)
		end = at
	}
	return strings.TrimRight(string(line), " ")
}

// around is the time of one recreation, a round a character where there is room; nil when the whole drawing shows as much, or
// when no lane tells of that time.
func (t *Target) around(r *Recreation, cells int) *drawing {
	interval := time.Duration(t.Interval)
	whole := newSpan(time.Duration(t.Begin), time.Duration(t.Begin+t.Span), interval, cells)
	if len(r.Steps) == 0 || whole.cell <= interval {
		return nil
	}
	from, to := r.Steps[0].At, r.Steps[len(r.Steps)-1].At
	more := min(max(2*interval, time.Duration(to-from)/10), time.Minute)
	s := newSpan(max(time.Duration(from)-more, time.Duration(t.Begin)), min(time.Duration(to)+2*more, time.Duration(t.Begin+t.Span)), interval, cells)
	return t.draw(&s, s.since(time.Duration(r.LastOld.At)))
}

func (t *Target) draw(s *span, axis string) *drawing {
	d := drawing{axis: axis}
	var l legend
	for i := range t.Approaches {
		a := &t.Approaches[i]
		if len(a.Lane) == 0 {
			continue
		}
		d.names = append(d.names, a.Name)
		d.lanes = append(d.lanes, l.draw(s.paint(a.Lane, func(st Stretch) time.Duration { return time.Duration(st.From) })))
	}
	if len(d.lanes) == 0 {
		return nil
	}
	d.legend = append(l.lines(), s.scale(time.Duration(t.Interval)))
	return &d
}

// outages are the lines that tell of outages that no recreation explains, the last shownOutages of them, those alike in one.
func (t *Target) outages() []string {
	type key struct {
		begin, end Millis
		lost       int
		why        string
	}
	var keys []key
	alike := map[key][]OtherOutage{}
	for _, o := range t.Outages {
		k := key{begin: o.Begin.At, lost: o.Lost, why: o.Why}
		if o.End != nil {
			k.end = o.End.At
		}
		if alike[k] == nil {
			keys = append(keys, k)
		}
		alike[k] = append(alike[k], o)
	}
	var lines []string
	if more := len(keys) - shownOutages; more > 0 {
		lines, keys = append(lines, fmt.Sprintf("earlier ones: %d", more)), keys[more:]
	}
	for _, k := range keys {
		var names []string
		for _, o := range alike[k] {
			names = append(names, o.Approach)
		}
		o, each := alike[k][0], ""
		if len(names) > 1 {
			each = " each"
		}
		state := "out"
		if o.End == nil {
			state = "still out,"
		}
		lines = append(lines, fmt.Sprintf("%s  %s %s for %s, %s lost%s: %s", o.Begin.Time.Local().Format("2006-01-02 15:04:05"),
			enumerate(names), state, within(o.For, t.Interval), count(o.Lost, "probe"), each, o.Why))
	}
	return lines
}

// shownOutages is how many of them text and Markdown tell; JSON has all that were kept.
const shownOutages = 20

// about says which run it was, and what is not whole about it.
func (r *Run) about() []string {
	s := "run " + r.ID
	if r.Host != "" {
		s += " on " + r.Host
	}
	if r.Version != "" {
		s += ", prober " + r.Version
	}
	s += fmt.Sprintf(", a round every %s, timeout %s", Setting(time.Duration(r.Interval)), Setting(time.Duration(r.Timeout)))
	switch {
	case r.Runs:
		s += ", running"
	case !r.Stopped.IsZero():
		s += fmt.Sprintf(", stopped %s (%s)", r.Stopped.Local().Format("2006-01-02 15:04:05"), r.Reason)
	}
	lines := []string{s}
	if r.Started.IsZero() {
		lines = append(lines, "Its start is not in the log, which was rotated or cut: figures count from the start all the same, but "+
			"lanes and timelines know only sums of what was before.")
	}
	if r.Stopped.IsZero() && !r.Runs {
		lines = append(lines, "Its end is not in the log: it still runs, was killed, or the log was cut.")
	}
	if r.Unfollowed > 0 {
		lines = append(lines, fmt.Sprintf("%s could not be followed, as lines before them are missing; a later state record makes up for them in the figures.",
			count(r.Unfollowed, "round")))
	}
	if r.Lost > 0 {
		lines = append(lines, fmt.Sprintf("The prober could not write %s.", count(r.Lost, "record")))
	}
	return lines
}

// lines tell how much of the log was skipped, and where; nil when nothing was.
func (l *Log) lines() []string {
	if l == nil {
		return nil
	}
	var lines []string
	if l.Skipped > 0 {
		lines = append(lines, fmt.Sprintf("%d of %s of the log were skipped:", l.Skipped, count(l.Lines, "line")))
	}
	shown := 0
	for _, s := range l.Where {
		where := fmt.Sprintf("line %d", s.From)
		if s.To > s.From {
			where = fmt.Sprintf("lines %d to %d", s.From, s.To)
		}
		if s.File != "" {
			where = "in " + s.File + ", " + where
		}
		lines = append(lines, where+": "+s.Why)
		shown += s.To - s.From + 1
	}
	if more := l.Skipped - shown; more > 0 && len(l.Where) > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	if l.Cut {
		lines = append(lines, "The log ends in the middle: what is compressed was cut, or is damaged.")
	}
	return lines
}

// title is a recreation's first line.
func (r *Recreation) title() string {
	return fmt.Sprintf("recreation %d, %s: %s", r.N, r.LastOld.Time.Local().Format("2006-01-02 15:04:05"), r.Sentence)
}

// names is how wide the approaches' names are, in cells.
func (t *Target) names() int {
	names := 0
	for _, a := range t.Approaches {
		names = max(names, Cells(Printable(a.Name, maxCell)))
	}
	return names
}
