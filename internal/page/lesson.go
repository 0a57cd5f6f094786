package page

import (
	"fmt"

	"callbyname/internal/compare"
)

// lesson is what a beginner should learn from how the target is: why a number is no name. It is empty where nothing shows
// that now.
func (t *target) lesson() string {
	if !t.called() {
		return ""
	}
	r := t.replaced()
	switch {
	case r == nil && t.sum.Recreated == 0 && t.named() < len(t.ways) && t.named() > 0 && t.allFine():
		return "No pod was replaced yet: until then, a number is as good as a name."
	case r == nil:
		return ""
	}
	when := t.since(r.Noticed.Wall)
	if r.SameIP() {
		return fmt.Sprintf("At %s the pod was replaced, and the new one has the old IP again: that is luck, and no rule.", when)
	}
	what := "the pod was replaced by one with another IP"
	if r.Kind == compare.Moved {
		what = "the pod moved to another IP"
	}
	s := fmt.Sprintf("At %s %s, %s.", when, what, bare(r.New.IP))
	number, names := t.numberNow(*r), t.named()
	if number != "" {
		s += fmt.Sprintf(" Whoever kept %s %s", bare(r.Old.IP), number)
	}
	switch fine := t.byNameAre(Fine); {
	case number == "" && names > 0 && fine == names:
		s += " Whoever calls by name reaches the new one."
	case number == "":
	case names == 0:
		s += "."
	case fine == names:
		s += "; whoever calls by name reaches the new one."
	case fine > 0:
		s += "; whoever calls by name does not reach the new one in every way yet."
	default:
		s += "; whoever calls by name does not reach the new one now."
	}
	return s
}

// replaced is the last recreation that counts; nil when there was none, or none whose pods' IPs are known.
func (t *target) replaced() *compare.Recreation {
	for i := len(t.sum.Recreations) - 1; i >= 0; i-- {
		if r := &t.sum.Recreations[i]; !r.Withdrawn && r.Old.IP.IsValid() && r.New.IP.IsValid() {
			return r
		}
	}
	return nil
}

// allFine reports whether all approaches are fine.
func (t *target) allFine() bool {
	for i := range t.ways {
		if t.say(i, true).State != Fine {
			return false
		}
	}
	return true
}

// numberNow is what becomes of who calls the IP that the old pod had; empty when nobody does any more, or it is answered.
func (t *target) numberNow(r compare.Recreation) string {
	pin, ok := t.pin()
	if !ok || pin.Addr().Unmap() != r.Old.IP {
		return ""
	}
	for i := range t.ways {
		if !t.ways[i].spec.Pinned() {
			continue
		}
		switch t.say(i, true).State {
		case Misrouted:
			return "is answered by the wrong pod"
		case Broken:
			return "reaches nobody"
		}
	}
	return ""
}

// named is how many approaches call a name.
func (t *target) named() (n int) {
	for i := range t.ways {
		if !t.ways[i].spec.Pinned() {
			n++
		}
	}
	return n
}

// byNameAre is how many of them are in a state.
func (t *target) byNameAre(s State) (n int) {
	for i := range t.ways {
		if !t.ways[i].spec.Pinned() && t.say(i, true).State == s {
			n++
		}
	}
	return n
}
