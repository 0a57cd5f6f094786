package report

import (
	"io"
	"strings"
)

// TextOptions are how a text looks.
type TextOptions struct {
	// Width is how many cells a line may take; 0 means 120. What is narrower than 60 is taken for 60.
	Width int
	// Colour marks failures by colour, too. It is for terminals only.
	Colour bool
}

const (
	defaultWidth = 120
	leastWidth   = 60
	mostWidth    = 1000
	// leastLane is how many cells a lane has at least, however long the names before it.
	leastLane = 20
)

// lineWidth is how many cells lines take that are to have so many.
func lineWidth(cells int) int {
	if cells <= 0 {
		return defaultWidth
	}
	return min(max(cells, leastWidth), mostWidth)
}

// text is a report on its way to a person.
type text struct {
	strings.Builder
	width  int
	colour bool
}

// Text writes the report for a terminal. Times are local ones. It fails only if w does.
func (d Document) Text(w io.Writer, o TextOptions) error {
	t := text{width: lineWidth(o.Width), colour: o.Colour}
	for _, group := range d.groups() {
		if group.together != nil {
			t.heading(group.together, group.heading())
			t.table(group.together.comparison(), 1, verdictColumn)
			t.WriteByte('\n')
			t.drawing(group.drawn(t.room(group.names())))
			t.table(group.together.latencies(), 2, 0)
			t.WriteByte('\n')
		}
		for _, s := range group.seen {
			t.target(s.target, s.by(d))
		}
	}
	for _, r := range d.Runs {
		for i, line := range r.about() {
			t.para([]string{"", "  "}[min(i, 1)], line)
		}
	}
	for i, line := range d.Log.lines() {
		t.para([]string{"", "  "}[min(i, 1)], line)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// para writes a paragraph, whose lines all begin behind indent.
func (t *text) para(indent, s string) {
	t.WriteString(indent + Wrap(Printable(s, maxLine), t.width, indent) + "\n")
}

// hang writes a paragraph behind a first word that stands alone on its left.
func (t *text) hang(begin, s string) {
	indent := strings.Repeat(" ", Cells(begin))
	t.WriteString(begin + Wrap(Printable(s, maxLine), t.width, indent) + "\n")
}

func (t *text) table(rows [][]string, fixed, begin int) {
	if len(rows) > 0 {
		tab := table{indent: "  ", rows: rows}
		tab.writeWithin(t, t.width, fixed, begin) // a Builder never fails
	}
}

func (t *text) heading(target *Target, by string) {
	line := heading(*target)
	if by != "" {
		line += ", " + Printable(by, 2*maxCell)
	}
	t.WriteString(headline(line, t.width) + "\n")
}

// headline is a heading in lines of so many cells; one that fits keeps its gaps.
func headline(s string, width int) string {
	if Cells(s) > width {
		return Wrap(s, width, "  ")
	}
	return s
}

func (t *text) target(target *Target, by string) {
	t.heading(target, by)
	if target.Rounds == 0 {
		t.WriteByte('\n')
		return
	}
	t.table(target.comparison(), 1, verdictColumn)
	t.para("  ", conclusion(*target))
	t.WriteByte('\n')
	room := t.room(target.names())
	t.drawing(target.drawn(room))
	if note := target.older(); note != "" {
		t.para("  ", note)
		t.WriteByte('\n')
	}
	for i := range target.Recreations {
		r := &target.Recreations[i]
		t.recreation(target, r)
		t.drawing(target.around(r, room))
	}
	if lines := target.outages(); len(lines) > 0 {
		t.WriteString("  outages that no recreation explains\n")
		for _, line := range lines {
			t.hang("    ", line)
		}
		t.WriteByte('\n')
	}
	t.table(target.latencies(), 2, 0)
	t.WriteByte('\n')
}

// room is how many cells there are for a lane beside names that are so wide.
func (t *text) room(names int) int { return max(t.width-names-4, leastLane) }

func (t *text) drawing(d *drawing) {
	if d == nil {
		return
	}
	names := 0
	for _, name := range d.names {
		names = max(names, Cells(Printable(name, maxCell)))
	}
	margin := "  " + Pad("", names) + "  "
	t.WriteString(margin + d.axis + "\n")
	for i, lane := range d.lanes {
		t.WriteString("  " + Pad(Printable(d.names[i], maxCell), names) + "  " + t.paint(lane) + "\n")
	}
	if d.marks != "" {
		t.WriteString(margin + d.marks + "\n")
	}
	t.hang(margin, strings.Join(d.legend, "; "))
	t.WriteByte('\n')
}

func (t *text) recreation(target *Target, r *Recreation) {
	t.hang("  ", r.title())
	var after, clock int
	list := Happenings(r.Steps, byName)
	for _, h := range list {
		after, clock = max(after, Cells(h.After)), max(clock, Cells(target.clock(h)))
	}
	for _, h := range list {
		begin := "    " + strings.Repeat(" ", after-Cells(h.After)) + h.After + "  " + Pad(target.clock(h), clock) + "  "
		for _, words := range h.Words {
			t.hang(begin, words)
			begin = strings.Repeat(" ", Cells(begin))
		}
	}
	t.table(r.effects(target.Interval), 1, 0)
	names := 0
	for _, e := range r.Effects {
		names = max(names, Cells(Printable(e.Approach, maxCell)))
	}
	for _, e := range r.Effects {
		if e.Cause != "" {
			t.hang("  "+Pad(Printable(e.Approach, maxCell), names)+"  ", e.Cause)
		}
	}
	t.WriteByte('\n')
}

// The colours of a lane: ECMA-48, 8.3.117.
const (
	plain   = "\x1b[0m"
	red     = "\x1b[31m"
	magenta = "\x1b[35m"
	faint   = "\x1b[2m"
)

// paint colours a lane, run by run.
func (t *text) paint(lane string) string {
	if !t.colour {
		return strings.TrimRight(lane, " ")
	}
	var b strings.Builder
	last := plain
	for _, c := range strings.TrimRight(lane, " ") {
		now := plain
		switch {
		case c|0x20 == 'w':
			now = magenta
		case c == markUnsure, c|0x20 >= 'a' && c|0x20 <= 'z':
			now = red
		case c == markVoid, c == markPending:
			now = faint
		}
		if now != last {
			b.WriteString(now)
			last = now
		}
		b.WriteRune(c)
	}
	if last != plain {
		b.WriteString(plain)
	}
	return b.String()
}
