package report

import (
	"fmt"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
)

// Cause is what one recreation did to one approach, and why.
type Cause struct {
	Approach string
	// Sentence goes on after the approach's name: "out for 2.0s: the name had no address until it had the new one". What
	// stands in it of a pod or a name may hold anything: who prints it cleans it.
	Sentence string
}

// Causes says of each approach, in their order, what a recreation did to it and why: what follows from the tracker's
// verdicts, from the recreation's steps, and from what the approach does about addresses. A recreation that has not
// settled is told as far as it went.
func Causes(r compare.Recreation, steps []history.Step, target probe.Target) []Cause {
	causes := make([]Cause, len(target.Approaches))
	for i, a := range target.Approaches {
		causes[i] = Cause{a.Name, newInstance(r, steps, a).sentence()}
	}
	return causes
}

// Headline says what was recreated and how long nobody was there: the sentence of the whole recreation.
func Headline(r compare.Recreation) string {
	return what(r) + "; " + between(r)
}

func what(r compare.Recreation) string {
	who, to := podName(r.Old), " with another IP"
	switch {
	case r.Kind == compare.Moved:
		who, to = who+" moved", " to another IP"
	case r.Old.Name != r.New.Name:
		who += " was replaced by " + podName(r.New)
	case r.Kind == compare.PresumedRecreated:
		who += " was presumably recreated"
	default:
		who += " was recreated"
	}
	switch {
	case r.SameIP():
		return who + " with the same IP, " + compare.Bracketed(r.Old.IP)
	case r.Old.IP.IsValid() && r.New.IP.IsValid():
		return fmt.Sprintf("%s%s, %s -> %s", who, to, compare.Bracketed(r.Old.IP), compare.Bracketed(r.New.IP))
	}
	return who
}

// between is the time from the old pod's last answer to the new one's first.
func between(r compare.Recreation) string {
	gap := r.FirstNew.Since(r.LastOld)
	switch {
	case r.FirstNew.Seq == r.LastOld.Seq:
		return "the new pod answered before the old one fell silent"
	case r.FirstNew.Seq < r.LastOld.Seq:
		return fmt.Sprintf("the new pod answered %s before the old one did for the last time", Duration(-gap))
	case r.Kind == compare.Moved:
		return fmt.Sprintf("between its last answer at the old IP and its first at the new one lie %s", Duration(gap))
	}
	return fmt.Sprintf("between the old pod's last answer and the new one's first lie %s", Duration(gap))
}

// StepWords tells one step of a recreation, without its time.
func StepWords(s history.Step, r compare.Recreation) string {
	switch s.Kind {
	case history.OldLast:
		return "last answer of " + podAt(r.Old)
	case history.NewFirst:
		return "first answer of " + podAt(r.New) + " by name"
	case history.NameGone:
		if len(s.Addrs) == 0 {
			return s.Host + " has no address any more"
		}
		return fmt.Sprintf("%s no longer leads to %s", s.Host, compare.Bracketed(r.Old.IP))
	case history.NameNew:
		return fmt.Sprintf("%s leads to %s", s.Host, compare.Bracketed(r.New.IP))
	case history.Failed:
		return fmt.Sprintf("%s fails: %s", s.Approach, s.Outcome)
	case history.Back:
		return s.Approach + " is back"
	}
	return string(s.Kind)
}

func podName(p compare.Pod) string {
	if p.Name != "" {
		return p.Name
	}
	return "the pod"
}

func podAt(p compare.Pod) string {
	if !p.IP.IsValid() {
		return podName(p)
	}
	if p.Name == "" {
		return compare.Bracketed(p.IP)
	}
	return p.Name + " at " + compare.Bracketed(p.IP)
}
