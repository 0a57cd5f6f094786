package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// Condition is something about a report that a script wants to hear of.
type Condition struct {
	// Approach is the only one that it is about; empty for all.
	Approach string
	kind     kind
	// limit is what must be passed: probes, nanoseconds, or a share.
	limit float64
	text  string
}

// kind is what a Condition is about: a closed set, whose words are those of --fail-on.
type kind string

const (
	isBroken     kind = "broken"
	isMisrouted  kind = "misrouted"
	lostMore     kind = "lost"
	outLonger    kind = "outage"
	availLess    kind = "availability"
	recoverAfter kind = "recover"
	noRecreation kind = "no-recreation"
)

// Conditions are the forms that there are, for a usage text.
const Conditions = "broken, misrouted, lost>N, outage>DURATION, recover>DURATION, availability<PERCENT, no-recreation"

// ParseCondition reads a condition, which may have the name of an approach and a colon before it: "dns:lost>0".
func ParseCondition(s string) (Condition, error) {
	c := Condition{text: s}
	rest := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		if c.Approach, rest = s[:i], s[i+1:]; c.Approach == "" {
			return c, errors.New("the name of an approach belongs before the colon")
		}
	}
	at := strings.IndexAny(rest, "<>")
	if at < 0 {
		c.kind = kind(rest)
		switch {
		case c.kind == noRecreation && c.Approach != "":
			return c, errors.New("no-recreation is about a target, and takes no approach")
		case slices.Contains([]kind{isBroken, isMisrouted, noRecreation}, c.kind):
			return c, nil
		}
		return c, errors.New("must be one of " + Conditions)
	}
	var op, value string
	c.kind, op, value = kind(rest[:at]), rest[at:at+1], rest[at+1:]
	var err error
	switch {
	case op == ">" && c.kind == lostMore:
		var n uint64
		n, err = strconv.ParseUint(value, 10, 32)
		c.limit = float64(n)
	case op == ">" && (c.kind == outLonger || c.kind == recoverAfter):
		var d time.Duration
		if d, err = time.ParseDuration(value); err == nil && d < 0 {
			err = errors.New("negative")
		}
		c.limit = float64(d)
	case op == "<" && c.kind == availLess:
		c.limit, err = strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		if err == nil && !(c.limit > 0 && c.limit <= 100) {
			err = errors.New("not within 0 and 100")
		}
	default:
		return c, errors.New("must be one of " + Conditions)
	}
	if err != nil {
		want := map[kind]string{lostMore: "a number of probes, as in lost>0", outLonger: "a duration, as in outage>5s",
			recoverAfter: "a duration, as in recover>5s", availLess: "a percentage, as in availability<99.9"}[c.kind]
		return c, fmt.Errorf("%q is not %s", value, want)
	}
	return c, nil
}

// String is the condition as it was given.
func (c Condition) String() string { return c.text }

// Met says where the condition is met, a sentence for each. It fails for an approach that the report does not have: a
// condition that is misspelt would otherwise never be met.
func (c Condition) Met(d *Document) ([]string, error) {
	var met []string
	known := map[string]bool{}
	for _, g := range d.groups() {
		recreated := 0
		for _, s := range g.seen {
			recreated += s.target.Recreated
			for i := range s.target.Approaches {
				a := &s.target.Approaches[i]
				known[a.Name] = true
				if c.Approach != "" && c.Approach != a.Name {
					continue
				}
				if what := c.metBy(a); what != "" {
					where := ""
					if len(d.Runs) > 1 {
						where = fmt.Sprintf(" (run %s)", s.run.ID)
					}
					met = append(met, Printable(fmt.Sprintf("%s: %s %s%s", s.target.Name, a.Name, what, where), maxLine))
				}
			}
		}
		if c.kind == noRecreation && recreated == 0 {
			met = append(met, Printable(g.seen[0].target.Name+": no recreation was seen", maxLine))
		}
	}
	if c.Approach != "" && !known[c.Approach] {
		names := make([]string, 0, len(known))
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("there is no approach %q; there are %s", c.Approach, strings.Join(names, ", "))
	}
	return met, nil
}

// metBy says what an approach did to meet the condition; empty when it does not.
func (c Condition) metBy(a *Approach) string {
	limit := time.Duration(c.limit)
	switch c.kind {
	case isBroken:
		switch n := a.Verdicts[compare.Broken]; {
		case n > 0:
			return "was broken by " + count(n, "recreation")
		case a.Open != nil:
			return "is out, " + count(a.Open.Lost, "probe") + " lost"
		}
	case isMisrouted:
		if n := a.Classes[probe.WrongPod]; n > 0 {
			return "was answered by the wrong pod, " + count(n, "probe")
		}
		if n := a.Verdicts[compare.Misrouted]; n > 0 {
			return "was misrouted by " + count(n, "recreation")
		}
	case lostMore:
		if float64(a.Lost) > c.limit {
			return "lost " + count(a.Lost, "probe")
		}
	case outLonger:
		if time.Duration(a.Longest) > limit {
			return fmt.Sprintf("was out for %v", a.Longest)
		}
	case availLess:
		if a.Available != nil && *a.Available*100 < c.limit {
			return "was available for " + Availability(a.Probes, a.Lost)
		}
	case recoverAfter:
		if n := a.Verdicts[compare.Broken] + a.Verdicts[compare.Misrouted]; n > 0 {
			return "did not come back from " + count(n, "recreation")
		}
		if a.Recovery != nil && time.Duration(a.Recovery.Max) > limit {
			return fmt.Sprintf("took %v to come back", a.Recovery.Max)
		}
	}
	return ""
}
