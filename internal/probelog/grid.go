package probelog

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// maxName bounds the name of a target or an approach in a row, in cells.
const maxName = 40

// level is how much a row shows of each result.
type level int

const (
	full  level = iota // name, address, outcome, latency
	brief              // name, outcome, and the latency of a success; the address is told when it changes
	terse              // name, and the latency of a success or the outcome
	levels
)

// cell is what a row shows of one result.
type cell struct {
	name, addr, outcome, latency string
	// who answered, where that is news; pod without its IP, where that is the one that was called.
	who, pod string
	// judged is the outcome as a program says it.
	judged probe.Outcome
}

func newCell(name string, r *probe.Result, judged compare.Judged) cell {
	c := cell{name: report.Printable(name, maxName), judged: judged.Outcome, outcome: string(judged.Outcome)}
	if r.Addr.IsValid() {
		c.addr = report.Printable(r.Addr.String(), 2*maxName) // an IPv6 zone may hold anything
	}
	switch {
	case c.judged == probe.HTTPStatus:
		c.outcome = fmt.Sprintf("HTTP_STATUS %d", r.Status)
	case c.judged.Failed():
		c.outcome = strings.ToUpper(c.outcome)
	case c.judged == probe.Void:
		c.outcome = strings.TrimSpace("void " + report.Printable(string(r.Reason), maxName))
	}
	if c.judged != probe.Pending && c.judged != probe.Void {
		c.latency = report.Duration(r.Total)
	}
	if judged.News {
		c.who, c.pod = whoAnswered(r)
	}
	return c
}

// whoAnswered is the name and the IP that the answer gives, or what there is of them; pod is the name alone, if the IP is
// the one that was called.
func whoAnswered(r *probe.Result) (who, pod string) {
	if r.Who == nil {
		return "somebody who does not say", ""
	}
	name := cmp.Or(r.Who.Name, r.Who.Instance)
	if slices.Contains(r.Who.IPs, r.Addr.Addr()) {
		pod = report.Printable(name, maxName)
	}
	if ip := r.Who.IP(); ip.IsValid() {
		name += " " + ip.String()
	}
	return report.Printable(strings.TrimSpace(name), 2*maxName), pod
}

// where is the address and who answered there, each as far as it is news.
func (c *cell) where() string {
	switch {
	case c.pod != "":
		return c.pod + " " + c.addr
	case c.who != "":
		return c.addr + ", " + c.who
	}
	return c.addr
}

// state is the cell's outcome and latency, of which the levels after full show what matters.
func (c *cell) state(l level) (outcome, latency string) {
	switch {
	case l == full:
		return c.outcome, c.latency
	case c.judged != probe.OK:
		return c.outcome, ""
	case l == terse:
		return "", c.latency
	}
	return c.outcome, c.latency
}

// stateCells is how many cells state takes in a row.
func (c *cell) stateCells(l level) int {
	outcome, latency := c.state(l)
	n := len(outcome) + len(latency)
	if outcome != "" && latency != "" {
		n++
	}
	return n
}

// text is the cell as a row shows it, its parts padded to the column's; it ends without padding. cells is how many it takes.
func (c *cell) text(l level, w *column, coloured bool) (text string, cells int) {
	outcome, latency := c.state(l)
	text = report.Pad(c.name, w.name) + " "
	if l == full {
		addr := c.addr
		if addr == "" {
			addr = "-"
		}
		text += report.Pad(addr, w.addr) + "  "
	}
	cells = report.Cells(text) + c.stateCells(l)
	switch {
	case coloured && c.judged.Failed():
		outcome = paint(red, outcome)
	case coloured && c.judged != probe.OK:
		outcome = paint(yellow, outcome)
	}
	if outcome != "" && latency != "" {
		outcome += " "
	}
	return text + outcome + latency, cells
}

// grid is the columns of all rows: the n-th approaches of all targets stand beneath each other. Columns grow as they
// must and stay as they are, so that rows stand beneath each other; only when they would no longer fit side by side do they
// start anew from what a row needs.
type grid struct {
	width, clock, target, seq int
	columns                   []column
}

// column has the widths of the parts of its cells; state at each level.
type column struct {
	name, addr int
	state      [levels]int
}

// gaps are the spaces before each cell.
var gaps = [levels]int{full: 3, brief: 2, terse: 2}

func newGrid(targets []probe.Target, clock, width int) grid {
	g := grid{width: width, clock: clock, seq: len("#99")}
	for _, t := range targets {
		g.target = max(g.target, report.Cells(report.Printable(t.Name, maxName)))
		for i, a := range t.Approaches {
			if i == len(g.columns) {
				g.columns = append(g.columns, column{
					addr:  len("10.244.0.5:80"),
					state: [levels]int{full: len("ok 0.6ms"), brief: len("ok 0.6ms"), terse: len("0.6ms")},
				})
			}
			g.columns[i].name = max(g.columns[i].name, report.Cells(report.Printable(a.Name, maxName)))
		}
	}
	// Room for the longest outcomes is kept from the start where there is enough of it, so that rows don't shift in the
	// moment that is watched for.
	roomy := g
	roomy.columns = slices.Clone(g.columns)
	for i := range roomy.columns {
		const longest = len("CONNECT_TIMEOUT")
		roomy.columns[i].state = [levels]int{full: longest + len(" 900ms"), brief: longest, terse: longest}
	}
	if n := len(g.columns); roomy.fit(n, n, g.level(n)) {
		return roomy
	}
	return g
}

// level is the fullest at which n approaches fit side by side; more than three are never shown in full.
func (g *grid) level(n int) level {
	for l := full; l < terse; l++ {
		if (l > full || n <= 3) && g.fit(n, n, l) {
			return l
		}
	}
	return terse
}

func (w *column) cells(l level) int {
	if l == full {
		return w.name + 1 + w.addr + 2 + w.state[l]
	}
	return w.name + 1 + w.state[l]
}

// head is the width of what stands before the first cell.
func (g *grid) head() int { return g.clock + 2 + g.target + 1 + g.seq }

// perLine is how many of n cells stand side by side: the most of which every line fits, at least one.
func (g *grid) perLine(n int, l level) int {
	for k := n; k > 1; k-- {
		if g.fit(n, k, l) {
			return k
		}
	}
	return 1
}

// fit reports whether n cells fit, k to a line.
func (g *grid) fit(n, k int, l level) bool {
	for line := range slices.Chunk(g.columns[:n], max(k, 1)) {
		used := g.head()
		for i := range line {
			used += gaps[l] + line[i].cells(l)
		}
		if used > g.width {
			return false
		}
	}
	return true
}

// grow makes room for a row that is to be shown at level l, and says at which it can be.
func (g *grid) grow(cells []cell, seq uint64, l level) level {
	g.seq = max(g.seq, len(fmt.Sprintf("#%d", seq)))
	n := len(cells)
	alone := *g
	alone.columns = slices.Clone(g.columns)
	for i := range cells {
		g.columns[i].addr = max(g.columns[i].addr, report.Cells(cells[i].addr))
		alone.columns[i].addr = g.columns[i].addr
		alone.columns[i].state[l] = cells[i].stateCells(l)
		g.columns[i].state[l] = max(g.columns[i].state[l], alone.columns[i].state[l])
	}
	switch {
	case g.fit(n, n, l):
	case alone.fit(n, n, l):
		g.columns = alone.columns
	case l == full:
		return g.grow(cells, seq, brief)
	}
	return l
}

// write writes the cells behind a row's head, on as many lines as it takes, and returns how much of the last is used.
func (g *grid) write(out *bytes.Buffer, cells []cell, l level, coloured bool) (used int) {
	perLine := g.perLine(len(cells), l)
	used = g.head()
	pad := 0
	for i := range cells {
		if i > 0 && i%perLine == 0 {
			out.WriteString("\n" + strings.Repeat(" ", g.head()))
			used, pad = g.head(), 0
		}
		text, n := cells[i].text(l, &g.columns[i], coloured)
		out.WriteString(strings.Repeat(" ", pad+gaps[l]) + text)
		used += pad + gaps[l] + n
		pad = max(g.columns[i].cells(l)-n, 0)
	}
	return used
}
