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

// Text writes the comparison: for each target a heading, a table with a row for each approach, and the conclusion.
// Times are local ones. It fails only if w does.
func Text(w io.Writer, s compare.Summary) error {
	var errs []error
	for i, t := range s.Targets {
		if i > 0 {
			_, err := io.WriteString(w, "\n")
			errs = append(errs, err)
		}
		errs = append(errs, writeTarget(w, t, s.Interval))
	}
	return errors.Join(errs...)
}

func writeTarget(w io.Writer, t compare.TargetSummary, interval time.Duration) error {
	_, headErr := fmt.Fprintln(w, heading(t))
	if t.Rounds == 0 {
		return headErr
	}
	tab := table{indent: "  "}
	tab.row("approach", "address", " probes", " lost", " void", " available", " outages", " longest", "recreations", " p50", " p99")
	for _, a := range t.Approaches {
		tab.row(a.Name, address(a), fmt.Sprint(a.Probes), fmt.Sprint(a.Lost), fmt.Sprint(a.Void), Availability(a.Probes, a.Lost),
			fmt.Sprint(a.Outages), longest(a, interval), verdicts(a.Verdicts), quantile(a.Latency, 0.50), quantile(a.Latency, 0.99))
	}
	tableErr := tab.write(w)
	_, endErr := fmt.Fprintf(w, "  %s\n", Wrap(Printable(conclusion(t), maxLine), lineWidth, "  "))
	return errors.Join(headErr, tableErr, endErr)
}

const (
	// maxLine bounds what is made of sentences, in cells.
	maxLine = 4000
	// lineWidth is where sentences are broken: about as wide as the table.
	lineWidth = 120
)

// heading says what was looked at, how often, and when.
func heading(t compare.TargetSummary) string {
	what := Printable(t.Name, maxCell) + "  " + Printable(t.URL, 2*maxCell)
	if t.Rounds == 0 {
		return what + "  no round was completed"
	}
	const day = "2006-01-02 15:04:05"
	from, to := t.First.Wall.Local(), t.Last.Wall.Local()
	end := to.Format(day)
	if strings.HasPrefix(end, from.Format(time.DateOnly)) {
		end = to.Format(time.TimeOnly)
	}
	what += fmt.Sprintf("  %s in %s, %s to %s", count(int(t.Rounds), "round"), Duration(t.Last.At-t.First.At), from.Format(day), end)
	if t.Paused > 0 {
		what += ", nobody looked for " + Duration(t.Paused)
	}
	return what
}

func address(a compare.ApproachSummary) string {
	if a.Address == "" {
		return "(no pin)"
	}
	return a.Address
}

// longest is the longest outage, the one that lasts included, with how uncertain it is: an outage is seen only when
// a probe looks.
func longest(a compare.ApproachSummary, interval time.Duration) string {
	if a.Outages == 0 {
		return "-"
	}
	return within(a.Longest, interval)
}

func within(d, interval time.Duration) string {
	return Duration(d) + " ±" + Setting(interval)
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

func quantile(h compare.Histogram, q float64) string {
	if h.Count() == 0 {
		return "-"
	}
	return Duration(h.Quantile(q))
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
			outFor = within(e.For, interval)
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
