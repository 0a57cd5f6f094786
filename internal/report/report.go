// Package report renders a compare.Summary for people: one table for each target, its approaches beneath each other,
// and a line that draws the conclusion from the figures. It computes nothing that the Summary does not hold, so that the
// prober's stop, the demo and a log that is read back say the same. It also shows a single recreation's verdicts,
// and has the one way in which the product writes durations and keeps foreign text fit for a terminal.
package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// Text writes the comparison in lines of so many cells, as in TextOptions: for each target a heading, a table with a row for
// each approach, and the conclusion. Times are local ones. It fails only if w does.
func Text(w io.Writer, s compare.Summary, width int) error {
	width = lineWidth(width)
	var errs []error
	for i, sum := range s.Targets {
		if i > 0 {
			_, err := io.WriteString(w, "\n")
			errs = append(errs, err)
		}
		errs = append(errs, writeTarget(w, newTarget(sum, s.Interval, nil), width))
	}
	return errors.Join(errs...)
}

func writeTarget(w io.Writer, t Target, width int) error {
	_, headErr := fmt.Fprintln(w, headline(heading(t), width))
	if t.Rounds == 0 {
		return headErr
	}
	tab := table{indent: "  "}
	tab.row("approach", "address", " probes", " lost", " void", " available", " outages", " longest", "recreations", " p50", " p99")
	for _, a := range t.Approaches {
		total := a.quantiles(Total)
		tab.row(append(a.counts(t.Interval), verdicts(a.Verdicts), total[0], total[2])...)
	}
	tableErr := tab.writeWithin(w, width, 1, verdictColumn)
	_, endErr := fmt.Fprintf(w, "  %s\n", Wrap(Printable(conclusion(t), maxLine), width, "  "))
	return errors.Join(headErr, tableErr, endErr)
}

// maxLine bounds what is made of sentences, in cells.
const maxLine = 4000

// heading says what was looked at, how often, and when.
func heading(t Target) string {
	what := Printable(t.Name, maxCell) + "  " + Printable(t.URL, 2*maxCell)
	return what + "  " + t.when()
}

// when says how often and when a target was looked at.
func (t *Target) when() string {
	if t.Rounds == 0 {
		return "no round was completed"
	}
	s := fmt.Sprintf("%s in %v, %s", count(int(t.Rounds), "round"), t.Span, fromTo(t.First, t.Last))
	if t.Paused > 0 {
		s += fmt.Sprintf(", nobody looked for %v", t.Paused)
	}
	if jumped := t.Last.Sub(t.First) - time.Duration(t.Span); jumped.Abs() >= time.Second {
		s += fmt.Sprintf(", and its wall clock jumped by %v (it was set, or the machine slept)", Millis(jumped))
	}
	return s
}

// fromTo is a stretch of local time.
func fromTo(from, to time.Time) string {
	const day = "2006-01-02 15:04:05"
	begin, end := from.Local().Format(day), to.Local().Format(day)
	if strings.HasPrefix(end, from.Local().Format(time.DateOnly)) {
		end = to.Local().Format(time.TimeOnly)
	}
	return begin + " to " + end
}

// counts are the first cells of an approach's row: its name and address, and what it cost.
func (a *Approach) counts(interval Millis) []string {
	address := a.Address
	if address == "" {
		address = "(no pin)"
	}
	return []string{
		a.Name, address, fmt.Sprint(a.Probes), fmt.Sprint(a.Lost), fmt.Sprint(a.Void), Availability(a.Probes, a.Lost),
		fmt.Sprint(a.Outages), a.longest(interval),
	}
}

// longest is the longest outage, the one that lasts included, with how uncertain it is: an outage is seen only when
// a probe looks.
func (a *Approach) longest(interval Millis) string {
	if a.Outages == 0 {
		return "-"
	}
	return within(a.Longest, interval)
}

func within(d, interval Millis) string {
	return d.String() + " ±" + Setting(time.Duration(interval))
}

// quantiles are the median, p90 and p99 of a phase.
func (a *Approach) quantiles(p Phase) [3]string {
	q, ok := a.Latency[p]
	if !ok {
		return [3]string{"-", "-", "-"}
	}
	return [3]string{q.P50.String(), q.P90.String(), q.P99.String()}
}

// verdicts is what the settled recreations did: "2 survived, 1 BROKEN".
func verdicts(counts map[compare.Verdict]int) string {
	var parts []string
	for _, v := range compare.Verdicts {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, loud(v)))
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}

// loud makes the verdicts that are bad news stand out without colour.
func loud(v compare.Verdict) string {
	if v == compare.Broken || v == compare.Misrouted {
		return strings.ToUpper(string(v))
	}
	return string(v)
}

// Verdicts writes the table of what one recreation did to each approach, each line behind indent. It writes nothing for
// a recreation that has not settled.
func Verdicts(w io.Writer, r compare.Recreation, interval time.Duration, indent string) error {
	if len(r.Effects) == 0 {
		return nil
	}
	tab := table{indent: indent}
	tab.row("approach", "verdict", " lost", " out for", "failed with")
	for _, e := range r.Effects {
		outFor := "-"
		if e.Lost > 0 {
			outFor = within(Millis(e.For), Millis(interval))
		}
		tab.row(e.Approach, loud(e.Verdict), fmt.Sprint(e.Lost), outFor, classes(e.Classes))
	}
	return tab.write(w)
}

func classes(list []probe.Outcome) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

// byCount are the classes of a map, the most frequent first.
func byCount(counts map[probe.Outcome]int) []probe.Outcome {
	var list []probe.Outcome
	for _, o := range probe.Outcomes {
		if counts[o] > 0 {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(a, b probe.Outcome) int { return counts[b] - counts[a] })
	return list
}
