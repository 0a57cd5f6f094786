package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"callbyname/internal/probe"
)

// The characters of a lane. A failure class has a letter: a capital where every probe of a cell failed, a small one where
// only some did, so that no lost probe vanishes by scaling.
const (
	markOK      = '.'
	markVoid    = '~'
	markPending = '-'
	markUnsure  = '?'
	markNothing = ' '
)

var letters = map[probe.Outcome]byte{
	probe.DNSNotFound: 'N', probe.DNSNoData: 'E', probe.DNSServFail: 'S', probe.DNSRefused: 'Q', probe.DNSTimeout: 'D',
	probe.DNSUnreachable: 'Y', probe.DNSMalformed: 'M', probe.Refused: 'R', probe.NoRoute: 'U', probe.NoNetwork: 'V',
	probe.Blackhole: 'B', probe.Prohibited: 'P', probe.ConnectTimeout: 'T', probe.Reset: 'X', probe.Closed: 'C',
	probe.Truncated: 'K', probe.TLS: 'Z', probe.BadResponse: 'G', probe.ResponseTimeout: 'L', probe.HTTPStatus: 'H',
	probe.Other: 'O', probe.WrongPod: 'W',
}

// span is a stretch of time cut into cells of the same length.
type span struct {
	from, cell time.Duration
	cells      int
	// room is how many cells there were for it.
	room int
	// early is by how much a probe may come before its cell begins, since ticks jitter.
	early time.Duration
}

// newSpan fits the time between two probes into so many cells. No cell is shorter than an interval, so that a short run is not
// drawn as a long one.
func newSpan(from, to, interval time.Duration, cells int) span {
	interval, cells = min(max(interval, time.Millisecond), 365*24*time.Hour), max(cells, 1)
	const most = 1 << 60 // thirty-six years, far from where durations end: a document may come from elsewhere
	from = min(max(from, -most), most)
	to = min(max(to, from), from+most)
	s := span{from: from, cell: interval, room: cells, early: interval / 2}
	if n := time.Duration(cells); (to-from+s.early)/interval >= n {
		s.cell = (to-from+s.early)/n + 1
	}
	s.cells = int((to-from+s.early)/s.cell) + 1
	return s
}

// at is the cell of a point in time; it may be none of the span's.
func (s *span) at(d time.Duration) int {
	if d < s.from-s.early {
		return -1
	}
	d -= s.from - s.early
	return int(min(d/s.cell, 1<<30))
}

// cell is what is known of one cell of a lane.
type cell struct {
	ok, void, pending int
	lost              map[probe.Outcome]int
	// unsure is true when probes were lost in a time that reaches beyond this cell, and nobody knows when.
	unsure bool
}

// paint puts the stretches of a lane into cells. when is where a stretch begins on the span's clock.
func (s *span) paint(lane []Stretch, when func(Stretch) time.Duration) []cell {
	cells := make([]cell, s.cells)
	for _, st := range lane {
		begin := when(st)
		first, last := s.at(begin), s.at(begin+time.Duration(max(st.To-st.From, 0)))
		if last < 0 || first >= s.cells {
			continue
		}
		for i := max(first, 0); i <= min(last, s.cells-1); i++ {
			cells[i].add(&st, first == last)
		}
	}
	return cells
}

// add takes a stretch into account: all of it, or one probe's worth of each kind where it reaches over several cells.
func (c *cell) add(st *Stretch, whole bool) {
	one := func(n int) int {
		if whole {
			return n
		}
		return min(n, 1)
	}
	mixed := st.Lost > 0 && (st.OK > 0 || st.Void > 0 || st.Pending > 0)
	c.ok += one(st.OK)
	c.void += one(st.Void)
	c.pending += one(st.Pending)
	switch {
	case st.Lost <= 0:
	case mixed && !whole:
		c.unsure = true
	default:
		class := st.Outcome
		if letters[class] == 0 {
			class = probe.Other
		}
		if c.lost == nil {
			c.lost = map[probe.Outcome]int{}
		}
		c.lost[class] += one(st.Lost)
	}
}

// class is the failure that stands for the cell: an answer by the wrong pod above all, else the most frequent.
func (c *cell) class() (class probe.Outcome) {
	for _, o := range probe.Outcomes {
		if n := c.lost[o]; n > 0 && (o == probe.WrongPod || n > c.lost[class]) {
			class = o
		}
	}
	return class
}

func (c *cell) mark() byte {
	class := c.class()
	switch {
	case class != "" && c.ok+c.pending > 0 || class != "" && c.unsure:
		return letters[class] | 0x20 // small
	case class != "":
		return letters[class]
	case c.unsure:
		return markUnsure
	case c.ok > 0:
		return markOK
	case c.void > 0:
		return markVoid
	case c.pending > 0:
		return markPending
	}
	return markNothing
}

// legend explains the marks that were used.
type legend struct{ used [256]bool }

// draw is a lane as characters.
func (l *legend) draw(cells []cell) string {
	var b strings.Builder
	for i := range cells {
		m := cells[i].mark()
		l.used[m] = true
		b.WriteByte(m)
	}
	return b.String()
}

// lines explain what was drawn, each a phrase of its own.
func (l *legend) lines() []string {
	var list []string
	say := func(m byte, what string) {
		if l.used[m] {
			list = append(list, string(rune(m))+" "+what)
		}
	}
	say(markOK, "ok")
	small := false
	for _, o := range probe.Outcomes {
		if m := letters[o]; m != 0 && (l.used[m] || l.used[m|0x20]) {
			what := string(o)
			if o == probe.WrongPod {
				what += " (another pod answered)"
			}
			list = append(list, string(rune(m))+" "+what)
			small = small || l.used[m|0x20]
		}
	}
	if small {
		list = append(list, "a small letter: some of the probes in that time, not all")
	}
	say(markUnsure, "some failed, when exactly is not in the log")
	say(markPending, "no address yet")
	say(markVoid, "void, the prober itself was held up")
	if l.used[markNothing] {
		list = append(list, "blank: nobody looked")
	}
	return list
}

// steps are the distances that marks on a time axis may have.
var steps = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
	10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// axis marks round times above a lane. The span's clock shows zero at the wall clock's time origin.
func (s *span) axis(origin time.Time) string {
	begin := origin.Add(s.from).Local()
	_, zone := begin.Zone()
	end := begin.Add(time.Duration(s.cells) * s.cell)
	layout := func(step time.Duration) string {
		switch {
		case step >= 365*24*time.Hour:
			return "2006"
		case step >= 24*time.Hour:
			return "Jan 2"
		case step >= time.Minute && begin.YearDay() != end.YearDay():
			return "Jan 2 15:04"
		case step >= time.Minute:
			return "15:04"
		case step >= time.Second:
			return time.TimeOnly
		}
		return "15:04:05.0"
	}
	return s.marks(func(step time.Duration) int { return len(layout(step)) }, func(step time.Duration) (time.Duration, func(time.Duration) string) {
		local := time.Duration(zone) * time.Second
		first := begin.Add(local).Truncate(step).Add(-local) // round in local time
		if first.Before(begin) {
			first = first.Add(step)
		}
		return s.from + first.Sub(begin), func(d time.Duration) string { return begin.Add(d - s.from).Format(layout(step)) }
	})
}

// since marks the time that passed since zero.
func (s *span) since(zero time.Duration) string {
	return s.marks(func(time.Duration) int { return len("+1h30m") }, func(step time.Duration) (time.Duration, func(time.Duration) string) {
		first := zero + (s.from-zero)/step*step
		if first < s.from {
			first += step
		}
		return first, func(d time.Duration) string {
			if d == zero {
				return "0s"
			}
			if d > zero {
				return "+" + Setting(d-zero)
			}
			return Setting(d - zero)
		}
	})
}

// marks puts labels of that width where plan says: from its first mark on, a step apart.
func (s *span) marks(width func(time.Duration) int, plan func(step time.Duration) (time.Duration, func(time.Duration) string)) string {
	i := slices.IndexFunc(steps, func(step time.Duration) bool { return step/s.cell >= time.Duration(width(step)+2) })
	if i < 0 {
		i = len(steps) - 1
	}
	first, label := plan(steps[i])
	var b strings.Builder
	for d, n := first, 0; n < s.cells; d, n = d+steps[i], n+1 {
		at := s.at(d)
		if at >= s.cells {
			break
		}
		if at < b.Len() {
			continue
		}
		text := "|" + label(d)
		if at+len(text) > s.room {
			text = "|"
		}
		b.WriteString(strings.Repeat(" ", at-b.Len()) + text)
	}
	if b.Len() == 0 { // too short for a round time
		return "|" + label(s.from)
	}
	return b.String()
}

// scale says how long a cell is.
func (s *span) scale(interval time.Duration) string {
	if s.cell <= interval {
		return "one character is one round, " + Setting(interval)
	}
	return fmt.Sprintf("one character is %s, about %d rounds", Duration(s.cell), (s.cell+interval/2)/max(interval, 1))
}
