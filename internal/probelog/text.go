package probelog

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// Text is the Log of one run for a person who watches it scroll by: a row for each round, with the approaches side by
// side in aligned columns, and events as sentences between the rows. Times are local ones.
type Text struct {
	w       lines
	run     Run
	opt     TextOptions
	grid    grid
	targets map[string]*textTarget
	day     string
	// clock is how the time of a row is written.
	clock string
	out   bytes.Buffer
}

// TextOptions are how a Text looks; the zero value is ready to use.
type TextOptions struct {
	// Width is how many cells a row may take; 0 means 120.
	Width int
	// Colour marks by colour, too, what stands out. It is for terminals only, and for users who did not set NO_COLOR.
	Colour bool
}

// textTarget is what the log has shown of a target.
type textTarget struct {
	*probe.Target // the run's
	// level is how its rows are shown.
	level level
	// shown are the addresses that were last shown of each approach, for rows that only tell them when they change.
	shown []string
}

// listed is how many targets the heading names.
const listed = 12

// NewText is a Log that writes the run's rows to w.
func NewText(w io.Writer, run Run, opt TextOptions) *Text {
	if opt.Width == 0 {
		opt.Width = 120
	}
	t := &Text{
		w: lines{w: w}, run: run, opt: opt, targets: make(map[string]*textTarget, len(run.Targets)), clock: time.TimeOnly,
	}
	if run.Options.Interval < time.Second {
		t.clock = "15:04:05.0"
	}
	t.grid = newGrid(run.Targets, len(t.clock), opt.Width)
	for i := range run.Targets {
		target := &run.Targets[i]
		n := len(target.Approaches)
		t.targets[target.Name] = &textTarget{Target: target, level: t.grid.level(n), shown: make([]string, n)}
	}
	return t
}

// flush writes what was put together as one Write.
func (t *Text) flush() error {
	_, err := t.w.Write(t.out.Bytes())
	t.out.Reset()
	return err
}

// Start implements Log: what is probed, how often, and how to read a row.
func (t *Text) Start(wall time.Time) error {
	t.day = wall.Local().Format(time.DateOnly)
	fmt.Fprintf(&t.out, "prober %s, run %s", report.Printable(t.run.Version, 64), t.run.ID)
	if t.run.Host != "" {
		fmt.Fprintf(&t.out, " on %s", report.Printable(t.run.Host, 64))
	}
	fmt.Fprintf(&t.out, ", %s\n", wall.Local().Format("2006-01-02 15:04:05 MST"))
	for i, target := range t.run.Targets {
		if i == listed && len(t.run.Targets) > listed+1 {
			fmt.Fprintf(&t.out, "  and %d more targets\n", len(t.run.Targets)-listed)
			break
		}
		line := report.Printable(target.URL.Redacted(), t.opt.Width) + " by " + report.Printable(ways(target), 4*t.opt.Width)
		name := "  " + report.Pad(report.Printable(target.Name, maxName), t.grid.target) + "  "
		indent := strings.Repeat(" ", report.Cells(name))
		fmt.Fprintf(&t.out, "%s%s\n", name, report.Wrap(line, t.opt.Width, indent))
	}
	var settle time.Duration
	for _, target := range t.run.Targets {
		settle = max(settle, compare.EffectiveSettle(target, t.run.Options))
	}
	fmt.Fprintf(&t.out, "  every %s, timeout %s, a recreation is judged after %s at the latest\n", report.Setting(t.run.Options.Interval),
		report.Setting(t.run.Timeout), report.Setting(settle))
	how := "a row: time, target, #round; then each approach, ok or in CAPITALS why it failed, with the address it used and how long it " +
		"took where there is room; at the end or beneath who answered, where that is news"
	if t.run.Rounds == Changes {
		how += "; rounds without news are left out"
	}
	fmt.Fprintf(&t.out, "  %s\n\n", report.Wrap(how, t.opt.Width, "  "))
	return t.flush()
}

// ways are the approaches of a target and what they dial.
func ways(target probe.Target) string {
	var parts []string
	for _, a := range target.Approaches {
		switch {
		case !a.Pinned():
			parts = append(parts, fmt.Sprintf("%s (%s)", a.Name, a.Host))
		case target.Pin.IsValid():
			parts = append(parts, fmt.Sprintf("%s (%v)", a.Name, target.Pin))
		default:
			parts = append(parts, fmt.Sprintf("%s (the first pod's, once known)", a.Name))
		}
	}
	return strings.Join(parts, ", ")
}

// Round implements Log.
func (t *Text) Round(r probe.Round, judged []compare.Judged) error {
	t.newDay(r.Wall)
	target := t.targets[r.Target]
	cells := make([]cell, len(r.Results))
	for i := range r.Results {
		cells[i] = newCell(target.Approaches[i].Name, &r.Results[i], judged[i])
	}
	target.level = t.grid.grow(cells, r.Seq, target.level)
	fmt.Fprintf(&t.out, "%s  %s %s", r.Wall.Local().Format(t.clock), report.Pad(report.Printable(r.Target, maxName), t.grid.target),
		report.Pad(fmt.Sprintf("#%d", r.Seq), t.grid.seq))
	used := t.grid.write(&t.out, cells, target.level, t.opt.Colour)
	t.note(target.news(cells), used)
	return t.flush()
}

// note ends a row with what is news in it: on the row itself where there is room, else beneath.
func (t *Text) note(news []string, used int) {
	const sep = "   "
	indent := strings.Repeat(" ", len(t.clock)+2)
	line := strings.Join(news, "; ")
	switch cells := report.Cells(line); {
	case cells == 0:
	case used+len(sep)+cells <= t.opt.Width:
		t.out.WriteString(sep + t.paint(cyan, line))
	case len(indent)+cells <= t.opt.Width:
		t.out.WriteString("\n" + indent + t.paint(cyan, line))
	default:
		for _, part := range news {
			t.out.WriteString("\n" + indent + t.paint(cyan, report.Wrap(part, t.opt.Width, indent)))
		}
	}
	t.out.WriteByte('\n')
}

// news is who answered where that is news, and in a brief row the addresses that are.
func (t *textTarget) news(cells []cell) []string {
	var texts []string
	names := map[string][]string{}
	for i, c := range cells {
		text := c.who
		if t.level != full && c.addr != t.shown[i] && c.addr != "" {
			t.shown[i] = c.addr
			text = c.where()
		}
		if text == "" {
			continue
		}
		if names[text] == nil {
			texts = append(texts, text)
		}
		names[text] = append(names[text], c.name)
	}
	for i, text := range texts {
		texts[i] = strings.Join(names[text], ", ") + ": " + text
	}
	return texts
}

// newDay tells the date when it is another than that of the row before.
func (t *Text) newDay(wall time.Time) {
	if day := wall.Local().Format(time.DateOnly); day != t.day {
		t.day = day
		fmt.Fprintf(&t.out, "-- %s --\n", day)
	}
}

// Event implements Log: a sentence, and the verdicts of a recreation that settled.
func (t *Text) Event(e compare.Event) error {
	t.newDay(e.Wall)
	sentence := e.Sentence()
	if e.Kind == compare.Settled { // the table says the rest
		sentence = fmt.Sprintf("what recreation %d did:", e.Recreation.N)
	}
	sentence = report.Printable(e.Target, maxName) + ": " + report.Printable(sentence, maxSentence)
	fmt.Fprintf(&t.out, "%s  %s\n", e.Wall.Local().Format(t.clock), t.paint(colourOf(e.Kind), sentence))
	if e.Kind == compare.Settled {
		report.Verdicts(&t.out, *e.Recreation, t.run.Options.Interval, strings.Repeat(" ", len(t.clock)+2))
	}
	return t.flush()
}

// maxSentence bounds what an event says, in cells.
const maxSentence = 1000

// State implements Log: a person needs none.
func (t *Text) State(compare.State) error { return nil }

// Stop implements Log: the comparison of everything.
func (t *Text) Stop(s Stop) error {
	when, why := s.Wall.Local().Format(t.clock), report.Printable(s.Reason, 64)
	fmt.Fprintf(&t.out, "\n%s  stopped (%s) after %s\n", when, why, report.Setting(s.At))
	if s.Lost > 0 {
		fmt.Fprintf(&t.out, "%d records of this log could not be written\n", s.Lost)
	}
	t.out.WriteByte('\n')
	if err := report.Text(&t.out, s.Summary, t.opt.Width); err != nil {
		return err
	}
	return t.flush()
}

// colour is an SGR parameter (ECMA-48, 8.3.117).
type colour string

const (
	red    colour = "1;31"
	green  colour = "32"
	yellow colour = "33"
	cyan   colour = "36"
)

func paint(c colour, s string) string { return "\x1b[" + string(c) + "m" + s + "\x1b[0m" }

func (t *Text) paint(c colour, s string) string {
	if !t.opt.Colour {
		return s
	}
	return paint(c, s)
}

func colourOf(k compare.Kind) colour {
	switch k {
	case compare.Broke, compare.Changed, compare.Lost, compare.Disowned:
		return red
	case compare.Recovered, compare.Withdrawn, compare.Corrected:
		return green
	case compare.Recreated, compare.PresumedRecreated, compare.Moved, compare.Restarted, compare.RestartedOrRecreated:
		return yellow
	}
	return cyan
}
