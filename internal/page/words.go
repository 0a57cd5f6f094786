package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// State is how an approach is, for who looks from afar: a closed set, whose words are those of the API.
type State string

const (
	Fine       State = "ok"
	Broken     State = "broken"     // it fails
	Misrouted  State = "misrouted"  // the wrong pod answers
	Waiting    State = "waiting"    // it has no address to call yet, or was not probed yet
	Unmeasured State = "unmeasured" // the last probe said nothing: the prober's own fault
)

// stateOf is the state for which a single outcome stands.
func stateOf(o probe.Outcome) State {
	switch o {
	case probe.OK:
		return Fine
	case probe.WrongPod:
		return Misrouted
	case probe.Void:
		return Unmeasured
	case probe.Pending:
		return Waiting
	}
	return Broken
}

// worst is the state of a target whose approaches are in those states.
func worst(states []State) State {
	for _, s := range []State{Misrouted, Broken, Fine, Unmeasured} {
		if slices.Contains(states, s) {
			return s
		}
	}
	return Waiting
}

// line is what is said of one or more approaches: "IP 10.244.0.5", "broken for 3m05s", "the pod is gone".
type line struct {
	Subject    string   `json:"subject"`
	State      State    `json:"state"`
	Words      string   `json:"words"`
	Was        string   `json:"was"` // the words for later, when nothing newer is known
	Why        string   `json:"why,omitempty"`
	Approaches []string `json:"approaches"`
}

func (l line) String() string {
	s := l.Subject + ": " + l.Words
	if l.Why != "" {
		s += ", " + l.Why
	}
	return s + "."
}

// text is lines as one paragraph.
func text(lines []line) string {
	parts := make([]string, len(lines))
	for i, l := range lines {
		parts[i] = l.String()
	}
	return strings.Join(parts, " ")
}

// lines tell how the target is: approaches to the same address of which the same is true share a line. Where they are to
// stay true until the next news, still is true, and they name no duration that grows.
func (t *target) lines(still bool) []line {
	var lines []line
	for i := range t.ways {
		said := t.say(i, still)
		a := t.ways[i].spec
		base, manner := t.subject(a), manner(a)
		same := slices.IndexFunc(lines, func(l line) bool {
			return l.State == said.State && l.Words == said.Words && l.Why == said.Why && (l.Subject == base || strings.HasPrefix(l.Subject, base+", "))
		})
		switch {
		case same < 0:
			if manner != "" {
				base += ", " + manner
			}
			lines = append(lines, line{base, said.State, said.Words, t.was(i), said.Why, []string{a.Name}})
			continue
		case manner == "":
			lines[same].Subject = base
		case lines[same].Subject != base && !strings.Contains(lines[same].Subject, manner):
			lines[same].Subject += " or " + manner
		}
		lines[same].Approaches = append(lines[same].Approaches, a.Name)
	}
	return t.only(lines)
}

// only leaves out the manners of calling where one line tells of all approaches to an address.
func (t *target) only(lines []line) []line {
	for i := range lines {
		base, _, _ := strings.Cut(lines[i].Subject, ", ")
		alone := !slices.ContainsFunc(lines, func(l line) bool {
			other, _, _ := strings.Cut(l.Subject, ", ")
			return other == base && l.Subject != lines[i].Subject
		})
		if alone && len(lines[i].Approaches) > 1 {
			lines[i].Subject = base
		}
	}
	return lines
}

// subject is what an approach calls.
func (t *target) subject(a *probe.Approach) string {
	switch pin, ok := t.pin(); {
	case !a.Pinned():
		return "Name " + a.Host
	case ok:
		return "IP " + bare(pin.Addr())
	}
	return "IP"
}

// manner is in which way an approach calls, where that is not the plainest.
func manner(a *probe.Approach) string {
	var parts []string
	switch {
	case a.Cache == probe.Forever:
		parts = append(parts, "address kept for ever")
	case a.Cache > 0:
		parts = append(parts, "address kept for "+report.Setting(a.Cache))
	}
	if a.KeepAlive {
		parts = append(parts, "connection kept open")
	}
	if a.Literal {
		parts = append(parts, "by number alone")
	}
	return strings.Join(parts, " and ")
}

// said is what is true of one approach.
type said struct {
	State      State
	Words, Why string
}

// say tells how one approach is.
func (t *target) say(i int, still bool) said {
	open := t.sum.Approaches[i].Open
	switch {
	case !t.called():
		return said{Waiting, "not called yet", ""}
	case open != nil:
		return t.sayOut(i, open, still)
	}
	switch stateOf(t.ways[i].judged) {
	case Waiting:
		if _, known := t.pin(); known {
			return said{Waiting, "waiting", "it is called from the next round on"}
		}
		return said{Waiting, "waiting", "the pod's IP is not known yet"}
	case Unmeasured:
		return said{Unmeasured, "not measured", reason(t.ways[i].reason)}
	}
	if o := t.ways[i].outage; !still && o != nil && t.seen.Last.Since(o.End) <= compare.EffectiveSettle(*t.spec(), t.page.opt.Run.Options) {
		return said{Fine, "fine again", "it was out for " + lasted(o.Duration())}
	}
	return said{Fine, "fine", ""}
}

// was tells how one approach was, for who has heard nothing newer: it names no duration that may have grown since.
func (t *target) was(i int) string { return "was " + t.say(i, true).Words }

// sayOut tells of an outage that lasts.
func (t *target) sayOut(i int, o *compare.Outage, still bool) said {
	class := o.Classes[len(o.Classes)-1]
	if now := t.ways[i].judged; now.Failed() {
		class = now
	}
	long := " since " + t.clock(o.First)
	switch d := o.Duration(); {
	case still:
	case d < time.Second:
		long = ""
	default:
		long = " for " + lasted(d)
	}
	if class == probe.WrongPod {
		who := "somebody else answers at this address"
		if o.Wrong != nil && o.Wrong.Name != "" {
			who = "another pod answers at this address: " + o.Wrong.Name
		}
		return said{Misrouted, "misrouted", who + " (no right answer" + long + ")"}
	}
	return said{Broken, "broken" + long, t.why(i, o, class)}
}

// why is the cause that a person should hear first: what became of the pod, if that is known, or else what went wrong.
func (t *target) why(i int, o *compare.Outage, class probe.Outcome) string {
	a := t.ways[i].spec
	gone := t.goneFrom(o)
	switch {
	case gone != nil && gone.Kind == compare.Moved:
		return fmt.Sprintf("the pod has moved to %s", bare(gone.New.IP))
	case gone != nil && a.Pinned():
		return "the pod is gone"
	case gone != nil && a.Cache != 0:
		return fmt.Sprintf("it still calls %s, and that pod is gone", bare(gone.Old.IP))
	case a.Pinned() && t.sum.Lost:
		return "the pod is gone"
	}
	if !t.pinAnswers() {
		return o.Cause(class)
	}
	return o.Cause(class) + o.Likely.Words()
}

// pinAnswers reports whether a pinned approach was answered in the last round, on which what is likely rests.
func (t *target) pinAnswers() bool {
	for i := range t.ways {
		if w := &t.ways[i]; w.spec.Pinned() && w.judged == probe.OK {
			return true
		}
	}
	return false
}

// goneFrom is the recreation that took the pod away from the address that an outage's probes call; nil when none did.
func (t *target) goneFrom(o *compare.Outage) *compare.Recreation {
	for i := len(t.sum.Recreations) - 1; i >= 0; i-- {
		r := &t.sum.Recreations[i]
		if !r.Withdrawn && !r.SameIP() && r.Old.IP.IsValid() && r.Old.IP == o.Addr.Addr() {
			return r
		}
	}
	return nil
}

// reason is why a probe said nothing.
func reason(r probe.VoidReason) string {
	switch r {
	case probe.Stopped:
		return "the prober is stopping"
	case probe.NoPorts:
		return "the prober's machine has no port left"
	case probe.NoFiles:
		return "the prober may open no more files"
	case probe.NoMemory:
		return "the prober's machine is short of memory"
	}
	return "the prober itself was held up"
}

// lasted is a duration in words, without fractions that nobody reads from afar.
func lasted(d time.Duration) string {
	if d >= time.Second {
		d = d.Round(time.Second)
	}
	return report.Setting(d)
}
