package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"callbyname/internal/compare"
)

// conclusion is what the figures of one target say, in a sentence or two.
func conclusion(t Target) string {
	what := "No recreation was seen"
	phrase := func(a Approach) string { return withoutRecreation(a) }
	if t.Recreated > 0 {
		what = count(t.Recreated, "recreation")
		phrase = func(a Approach) string { return overRecreations(t, a) }
	}
	var phrases []string // each with the approaches of which it is true, in the order of the first
	names := map[string][]string{}
	for _, a := range t.Approaches {
		p := phrase(a)
		if names[p] == nil {
			phrases = append(phrases, p)
		}
		names[p] = append(names[p], a.Name)
	}
	for i, p := range phrases {
		who := enumerate(names[p])
		if len(names[p]) > 1 {
			who += " each"
		}
		phrases[i] = who + " " + p
	}
	end := what + ": " + strings.Join(phrases, "; ") + "."
	if t.Restarts > 0 {
		end += " " + count(t.Restarts, "restart") + " in place."
	}
	return end
}

// enumerate is "a", "a and b", "a, b and c".
func enumerate(names []string) string {
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return names[0]
}

// withoutRecreation says what an approach lost when no recreation explains it.
func withoutRecreation(a Approach) string {
	switch {
	case a.Probes == 0 && a.Pending > 0:
		return "had no pin"
	case a.Probes == 0:
		return "had no probe that counts"
	case a.Lost == 0:
		return "lost nothing"
	}
	s := fmt.Sprintf("lost %s in %s (%s)", count(a.Lost, "probe"), count(a.Outages, "outage"), classes(byCount(a.Classes)))
	return s + stillOut(a)
}

// stillOut tells of an outage that lasted to the end.
func stillOut(a Approach) string {
	if a.Open == nil {
		return ""
	}
	since := a.Open.Since.Local().Format(time.TimeOnly)
	return fmt.Sprintf(", out since %s (%s lost)", since, count(a.Open.Lost, "probe"))
}

// overRecreations says what the recreations did to one approach: in one phrase when they all did the same.
func overRecreations(t Target, a Approach) string {
	var met []compare.Verdict
	settled := 0
	for _, v := range compare.Verdicts {
		if n := a.Verdicts[v]; n > 0 {
			met = append(met, v)
			settled += n
		}
	}
	if len(met) > 1 {
		return mixed(a.Verdicts, met) + stillOut(a)
	}
	each := ""
	if settled > 1 {
		each = " each time"
	}
	switch {
	case len(met) == 0:
		return withoutRecreation(a) + ", not settled yet"
	case met[0] == compare.Survived:
		return "lost nothing" + each + otherwise(t, a) + stillOut(a)
	case met[0] == compare.Came:
		return "lost " + lostEach(t, a.Name) + each + " and came back after " + cameAfter(t, a, settled) + otherwise(t, a) + stillOut(a)
	case met[0] == compare.Broken:
		return "broke" + each + otherwise(t, a) + stillOut(a)
	case met[0] == compare.Misrouted:
		return "met the wrong pod" + each + otherwise(t, a) + stillOut(a)
	}
	return "had no probe that counts" + each
}

// mixed says what recreations did that did not all do the same.
func mixed(counts map[compare.Verdict]int, met []compare.Verdict) string {
	words := map[compare.Verdict]string{
		compare.Survived: "lost nothing", compare.Came: "came back", compare.Broken: "broke",
		compare.Misrouted: "met the wrong pod", compare.Unmeasured: "had no probe that counts",
	}
	parts := make([]string, len(met))
	for i, v := range met {
		times := fmt.Sprintf("%d times", counts[v])
		if counts[v] == 1 {
			times = "once"
		}
		parts[i] = words[v] + " " + times
	}
	return enumerate(parts)
}

// lostTo is how many probes each recreation cost an approach, as far as recreations are kept.
func lostTo(t Target, approach string) []int {
	var lost []int
	for _, r := range t.Recreations {
		for _, e := range r.Effects {
			if e.Approach == approach && e.Verdict != "" {
				lost = append(lost, e.Lost)
			}
		}
	}
	return lost
}

// otherwise tells of lost probes that no recreation explains, where all recreations are known. An outage that lasts belongs
// to the recreations that left it, all of it.
func otherwise(t Target, a Approach) string {
	kept, other := 0, a.Lost
	for _, r := range t.Recreations {
		for _, e := range r.Effects {
			if e.Approach != a.Name || e.Verdict == "" {
				continue
			}
			kept++
			if a.Open != nil && (e.Verdict == compare.Broken || e.Verdict == compare.Misrouted) {
				other -= max(e.Lost, a.Open.Lost)
			} else {
				other -= e.Lost
			}
		}
	}
	if kept < t.Recreated || other <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and lost %s at other times)", count(other, "probe"))
}

// lostEach is how many probes the recreations cost an approach: "1 probe", or "1 to 3 probes" when they differ.
func lostEach(t Target, approach string) string {
	lost := lostTo(t, approach)
	if len(lost) == 0 {
		return "probes"
	}
	least, most := slices.Min(lost), slices.Max(lost)
	if least == most {
		return count(most, "probe")
	}
	return fmt.Sprintf("%d to %s", least, count(most, "probe"))
}

// cameAfter is how long the recoveries took: one duration, as the table has it, or the median and the longest of several.
func cameAfter(t Target, a Approach, settled int) string {
	if settled == 1 {
		for _, r := range t.Recreations {
			for _, e := range r.Effects {
				if e.Approach == a.Name && e.Verdict != "" {
					return e.For.String()
				}
			}
		}
	}
	if a.Recovery == nil {
		return "-"
	}
	median, longest := a.Recovery.Median.String(), a.Recovery.Max.String()
	if settled == 1 || median == longest {
		return median
	}
	return median + " (median; at most " + longest + ")"
}
