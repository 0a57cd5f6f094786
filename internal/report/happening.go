package report

import (
	"fmt"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
)

// Happening is what happened around a recreation in the same round.
type Happening struct {
	Point
	// After is how long after the old pod's last answer it was, in words: "+2.0s", and "0s" for that itself.
	After string
	// Words tell one thing each. What stands in them of a pod or a name may hold anything: who prints it cleans it.
	Words []string
}

// Steps are those of a recreation, for a document.
func Steps(r compare.Recreation, steps []history.Step) []Step {
	var list []Step
	for _, s := range steps {
		step := Step{Kind: s.Kind, Point: newPoint(s.Moment), After: Millis(s.After), Approach: s.Approach, Outcome: s.Outcome,
			Host: s.Host, Words: StepWords(s, r)}
		for _, a := range s.Addrs {
			step.Addrs = append(step.Addrs, a.String())
		}
		list = append(list, step)
	}
	return list
}

// Happenings are the steps of a recreation, which are in order of time: those of the same round together, those alike in one
// line. say tells of a failure class.
func Happenings(steps []Step, say func(probe.Outcome) string) []Happening {
	var list []Happening
	for i := 0; i < len(steps); {
		n := i + 1
		for n < len(steps) && steps[n].At == steps[i].At {
			n++
		}
		h := Happening{Point: steps[i].Point, After: steps[i].After.String(), Words: alike(steps[i:n], say)}
		if steps[i].After == 0 {
			h.After = "0s"
		} else if steps[i].After > 0 {
			h.After = "+" + h.After
		}
		list = append(list, h)
		i = n
	}
	return list
}

// byName tells of a failure class as the log does.
func byName(o probe.Outcome) string { return string(o) }

// alike puts the approaches together that failed with the same class, or came back, in one round.
func alike(steps []Step, say func(probe.Outcome) string) []string {
	type key struct {
		kind    history.StepKind
		outcome probe.Outcome
	}
	var words []string
	names := map[key][]string{}
	at := map[key]int{}
	for _, s := range steps {
		if s.Kind != history.Failed && s.Kind != history.Back {
			words = append(words, s.Words)
			continue
		}
		k := key{s.Kind, s.Outcome}
		if names[k] == nil {
			at[k] = len(words)
			words = append(words, "")
		}
		names[k] = append(names[k], s.Approach)
		is, fails := "is", "fails"
		if len(names[k]) > 1 {
			is, fails = "are", "fail"
		}
		if s.Kind == history.Back {
			words[at[k]] = fmt.Sprintf("%s %s back", enumerate(names[k]), is)
		} else {
			words[at[k]] = fmt.Sprintf("%s %s: %s", enumerate(names[k]), fails, say(s.Outcome))
		}
	}
	return words
}
