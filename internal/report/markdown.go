package report

import (
	"fmt"
	"io"
	"strings"
)

// markdownWidth is how wide lanes are: what GitHub shows of a code block without scrolling.
const markdownWidth = 100

// markdown is a report on its way into an issue: GitHub's dialect, whose tables are.
type markdown struct{ strings.Builder }

// Markdown writes the report to be pasted into an issue. Times are local ones. What comes from outside can become neither
// markup nor a link nor a mention. It fails only if w does.
func (d Document) Markdown(w io.Writer) error {
	var m markdown
	for _, group := range d.groups() {
		if t := group.together; t != nil {
			m.heading(3, t, group.heading())
			m.table(t.comparison())
			m.latencies(t)
			m.lanes(group.drawn(markdownWidth))
		}
		for _, s := range group.seen {
			m.target(s.target, s.by(d))
		}
	}
	for _, r := range d.Runs {
		m.para(strings.Join(r.about(), " "))
	}
	if lines := d.Log.lines(); len(lines) > 0 {
		m.para(lines[0])
		m.list(lines[1:])
	}
	_, err := io.WriteString(w, strings.TrimRight(m.String(), "\n")+"\n")
	return err
}

// heading begins with words of ours wherever a name could make a block of its own.
func (m *markdown) heading(level int, t *Target, by string) {
	name := inline(Printable(t.Name, maxCell)) + " " + code(Printable(t.URL, 2*maxCell))
	fmt.Fprintf(m, "%s Target %s\n\n", strings.Repeat("#", level), name)
	if by != "" {
		by = ", " + by
	}
	zone, _ := t.Last.Local().Zone()
	m.para("Probed: " + t.when() + " (" + zone + ")" + by + ".")
}

func (m *markdown) para(s string) { m.WriteString(inline(Printable(s, maxLine)) + "\n\n") }

func (m *markdown) list(lines []string) {
	for _, line := range lines {
		m.WriteString("- " + inline(Printable(line, maxLine)) + "\n")
	}
	if len(lines) > 0 {
		m.WriteByte('\n')
	}
}

// table writes rows whose first are the headings; a heading that begins with a space is that of a column aligned to the right.
func (m *markdown) table(rows [][]string) {
	if len(rows) == 0 {
		return
	}
	line := func(cells []string) {
		for _, cell := range cells {
			m.WriteString("| " + inline(Printable(strings.TrimPrefix(cell, " "), maxLine)) + " ")
		}
		m.WriteString("|\n")
	}
	line(rows[0])
	for _, head := range rows[0] {
		m.WriteString(map[bool]string{true: "| ---: ", false: "| --- "}[strings.HasPrefix(head, " ")])
	}
	m.WriteString("|\n")
	for _, row := range rows[1:] {
		line(row)
	}
	m.WriteByte('\n')
}

func (m *markdown) target(t *Target, by string) {
	m.heading(3, t, by)
	if t.Rounds == 0 {
		return
	}
	m.table(t.comparison())
	m.para(conclusion(*t))
	m.lanes(t.drawn(markdownWidth))
	if note := t.older(); note != "" {
		m.para(note)
	}
	for i := range t.Recreations {
		r := &t.Recreations[i]
		fmt.Fprintf(m, "#### Recreation %d, %s\n\n", r.N, r.LastOld.Time.Local().Format("2006-01-02 15:04:05"))
		m.para("In short: " + r.Sentence + ".")
		rows := [][]string{{" after", "at", "what happened"}}
		for _, h := range Happenings(r.Steps, byName) {
			rows = append(rows, []string{h.After, t.clock(h), strings.Join(h.Words, "; ")})
		}
		if len(rows) > 1 {
			m.table(rows)
		}
		rows = r.effects(t.Interval)
		for k := range rows {
			why := "why"
			if k > 0 {
				why = r.Effects[k-1].Cause
			}
			rows[k] = append(rows[k], why)
		}
		m.table(rows)
		m.lanes(t.around(r, markdownWidth))
	}
	if lines := t.outages(); len(lines) > 0 {
		m.WriteString("#### Outages that no recreation explains\n\n")
		m.list(lines)
	}
	m.latencies(t)
}

// latencies are folded away: they are many figures, and seldom the point.
func (m *markdown) latencies(t *Target) {
	if rows := t.latencies(); len(rows) > 0 {
		m.WriteString("<details><summary>Latency, phase by phase</summary>\n\n")
		m.table(rows)
		m.WriteString("</details>\n\n")
	}
}

// lanes are a code block, where nothing is markup but its end.
func (m *markdown) lanes(d *drawing) {
	if d == nil {
		return
	}
	var t text
	t.width = markdownWidth + maxCell
	t.drawing(d)
	body := strings.TrimRight(t.String(), "\n")
	fence := "```"
	for strings.Contains(body, fence) {
		fence += "`"
	}
	fmt.Fprintf(m, "%s\n%s\n%[1]s\n\n", fence, body)
}

// invisible is a space of no width, which breaks up what would become a mention, a reference or a link.
const invisible = "&#8203;"

// inline is s as a text in which nothing is markup.
func inline(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\', '`', '*', '[', ']', '|', '~', '$':
			b.WriteString("\\" + string(rune(c)))
		case '_':
			if i == 0 || i == len(s)-1 || !alphanumeric(s[i-1]) || !alphanumeric(s[i+1]) { // elsewhere it is no emphasis
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '<':
			b.WriteString("&lt;")
		case '&':
			b.WriteString("&amp;")
		case '@', '#':
			b.WriteString(string(rune(c)) + invisible)
		case ':':
			b.WriteByte(c)
			if strings.HasPrefix(s[i:], "://") {
				b.WriteString(invisible)
			}
		case '.':
			if i >= 3 && strings.EqualFold(s[i-3:i], "www") {
				b.WriteString(invisible)
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// code is s as a piece of code, in which nothing is markup.
func code(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	pad := ""
	if fence != "`" || strings.TrimSpace(s) == "" || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " "
	}
	return fence + pad + s + pad + fence
}
