package report

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
)

// Observed is what is known of one run: its head, and what the tracker and the history made of its rounds.
type Observed struct {
	// Run is filled in but for its Targets.
	Run     Run
	Summary compare.Summary
	// History may be nil: then there are no lanes and no timelines. Its options want Phases.
	History *history.History
}

// New makes the document of one or more runs. It keeps nothing of what it is given.
func New(version string, runs ...Observed) Document {
	d := Document{Schema: Schema, Version: version, Runs: make([]Run, len(runs))}
	for i, o := range runs {
		d.Runs[i] = o.Run
		d.Runs[i].Targets = make([]Target, len(o.Summary.Targets))
		for k, sum := range o.Summary.Targets {
			var h *history.Target
			if o.History != nil {
				h = o.History.Target(sum.Name)
			}
			d.Runs[i].Targets[k] = newTarget(sum, o.Summary.Interval, h)
		}
	}
	d.Together = together(runs)
	return d
}

func newTarget(sum compare.TargetSummary, interval time.Duration, h *history.Target) Target {
	t := Target{
		Name: sum.Name, URL: sum.URL, Interval: Millis(interval), First: utc(sum.First.Wall), Last: utc(sum.Last.Wall),
		Begin: Millis(sum.First.At), Span: Millis(sum.Last.At - sum.First.At), Paused: Millis(sum.Paused), Rounds: sum.Rounds,
		Recreated: sum.Recreated, Restarts: sum.Restarts, DNSChanges: sum.DNSChanges, Gone: sum.Lost,
		Approaches: make([]Approach, len(sum.Approaches)),
	}
	for i := range sum.Approaches {
		t.Approaches[i] = newApproach(&sum.Approaches[i])
	}
	if h != nil && len(h.Lanes) == len(t.Approaches) {
		for i := range h.Lanes {
			t.Approaches[i].watch(&h.Lanes[i])
		}
	}
	for _, r := range sum.Recreations {
		if !r.Withdrawn {
			t.Recreations = append(t.Recreations, newRecreation(r, h))
		}
	}
	t.Outages = otherOutages(&t, sum, h)
	for i := range t.Approaches {
		t.Approaches[i].exact(sum.Recreations)
	}
	return t
}

// exact puts the very times to recover in the place of a histogram's, where all of the recreations are still known.
func (a *Approach) exact(all []compare.Recreation) {
	var took []time.Duration
	for _, r := range all {
		for _, e := range r.Effects {
			if e.Approach == a.Name && e.Verdict == compare.Came && !r.Withdrawn {
				took = append(took, e.For)
			}
		}
	}
	if a.Recovery == nil || uint64(len(took)) != a.Recovery.Count {
		return
	}
	slices.Sort(took)
	rank := func(share float64) Millis { return Millis(took[int(share*float64(len(took)-1)+0.5)]) } // as a Histogram has it
	*a.Recovery = Recovery{a.Recovery.Count, rank(0.5), rank(0.95), rank(1)}
}

func newApproach(sum *compare.ApproachSummary) Approach {
	a := Approach{
		Name: sum.Name, Address: sum.Address, Pinned: sum.Pinned, Probes: sum.Probes, Lost: sum.Lost, Void: sum.Void,
		Pending: sum.Pending, Classes: sum.Classes, Outages: sum.Outages, Longest: Millis(sum.Longest), Out: Millis(sum.Out),
		Verdicts: sum.Verdicts,
	}
	if share, ok := sum.Availability(); ok {
		a.Available = &share
	}
	if o := sum.Open; o != nil {
		a.Open = &Open{utc(o.First.Wall), Millis(o.First.At), o.Lost, o.Classes, why(o)}
	}
	if n := sum.Recovery.Count(); n > 0 {
		q := func(share float64) Millis { return Millis(sum.Recovery.Quantile(share)) }
		a.Recovery = &Recovery{n, q(0.5), q(0.95), q(1)}
	}
	a.measure(Total, &sum.Latency)
	return a
}

// measure sums up one phase.
func (a *Approach) measure(p Phase, h *compare.Histogram) {
	n := h.Count()
	if n == 0 {
		return
	}
	if a.Latency == nil {
		a.Latency = map[Phase]Quantiles{}
	}
	a.Latency[p] = Quantiles{n, Millis(h.Quantile(0.5)), Millis(h.Quantile(0.9)), Millis(h.Quantile(0.99))}
}

// phases sums up the phases.
func (a *Approach) phases(p *history.Phases) {
	for phase, h := range map[Phase]*compare.Histogram{Resolve: &p.Resolve, Connect: &p.Connect, TLS: &p.TLS,
		Write: &p.Write, FirstByte: &p.FirstByte, Read: &p.Read} {
		a.measure(phase, h)
	}
}

// watch adds what the lane tells.
func (a *Approach) watch(l *history.Lane) {
	if l.Phases != nil {
		a.phases(l.Phases)
	}
	a.Lane = make([]Stretch, len(l.Stretches))
	for i, s := range l.Stretches {
		a.Lane[i] = Stretch{
			From: Millis(s.From), To: Millis(s.To), Time: utc(s.Wall), Outcome: s.Outcome, OK: s.OK, Lost: s.Lost, Void: s.Void,
			Pending: s.Pending, Missing: s.Missing, Addr: addrText(s.Addr), Pod: s.Pod, UID: s.UID, IP: ipText(s.IP),
		}
	}
}

func newRecreation(r compare.Recreation, h *history.Target) Recreation {
	n := Recreation{
		N: r.N, Kind: r.Kind, Old: newPod(r.Old), New: newPod(r.New), Sentence: Headline(r),
		LastOld: newPoint(r.LastOld), FirstNew: newPoint(r.FirstNew), Reason: r.Reason, Effects: []Effect{},
	}
	if !r.Settled.IsZero() {
		p := newPoint(r.Settled)
		n.Settled = &p
	}
	for _, e := range r.Effects {
		n.Effects = append(n.Effects, Effect{Approach: e.Approach, Verdict: e.Verdict, Lost: e.Lost, For: Millis(e.For), Classes: e.Classes})
	}
	if h == nil {
		return n
	}
	steps := h.Timeline(r)
	n.Steps = Steps(r, steps)
	if steps == nil { // seen by others before: why, nobody knows any more
		return n
	}
	for i, c := range Causes(r, steps, *h.Spec) {
		if len(r.Effects) == 0 {
			n.Effects = append(n.Effects, Effect{Approach: c.Approach})
		}
		if i < len(n.Effects) && n.Effects[i].Approach == c.Approach {
			n.Effects[i].Cause = c.Sentence
		}
	}
	return n
}

// otherOutages are those that no recreation explains, the one that lasts included. Of times whose recreations are no longer
// kept, nothing is said.
func otherOutages(t *Target, sum compare.TargetSummary, h *history.Target) []OtherOutage {
	if h == nil {
		return nil
	}
	known := time.Duration(math.MinInt64)
	if len(t.Recreations) > 0 && len(t.Recreations) < t.Recreated {
		known = time.Duration(t.Recreations[0].LastOld.At)
	}
	owned := func(approach string, o *compare.Outage) bool {
		return o.First.At < known && !o.End.IsZero() ||
			slices.ContainsFunc(t.Recreations, func(r Recreation) bool { return r.owns(approach, o) })
	}
	var all []OtherOutage
	add := func(approach string, o *compare.Outage) {
		if owned(approach, o) {
			return
		}
		other := OtherOutage{Approach: approach, Begin: newPoint(o.First), For: Millis(o.Duration()), Lost: o.Lost,
			Classes: o.Classes, Likely: o.Likely, Why: why(o) + meanwhile(h, o)}
		if !o.End.IsZero() {
			end := newPoint(o.End)
			other.End = &end
		}
		all = append(all, other)
	}
	for _, o := range h.Outages {
		add(o.Approach, &o.Outage)
	}
	for i := range sum.Approaches {
		if o := sum.Approaches[i].Open; o != nil {
			add(sum.Approaches[i].Name, o)
		}
	}
	slices.SortStableFunc(all, func(a, b OtherOutage) int { return int(min(max(a.Begin.At-b.Begin.At, -1), 1)) })
	return all
}

// owns reports whether an outage is one of the recreation's: a step of its timeline; or where that was not seen, one that cost
// what the recreation is said to have cost.
func (r *Recreation) owns(approach string, o *compare.Outage) bool {
	if len(r.Steps) > 0 {
		return slices.ContainsFunc(r.Steps, func(s Step) bool {
			return s.Kind == history.Failed && s.Approach == approach && s.At == Millis(o.First.At)
		})
	}
	overlaps := (r.Settled == nil || Millis(o.First.At) <= r.Settled.At) && (o.End.IsZero() || Millis(o.End.At) > r.LastOld.At)
	return overlaps && slices.ContainsFunc(r.Effects, func(e Effect) bool { return e.Approach == approach && e.Lost > 0 })
}

// why is what an outage's classes mean, in words.
func why(o *compare.Outage) string {
	parts := make([]string, len(o.Classes))
	for i, c := range o.Classes {
		parts[i] = o.Cause(c)
	}
	s := strings.Join(parts, ", then ") + o.Likely.Words()
	if o.Repinned {
		s += "; it ended when another IP was pinned"
	}
	return s
}

func newPod(p compare.Pod) Pod {
	return Pod{Name: p.Name, UID: p.UID, Node: p.Node, IP: ipText(p.IP)}
}

func newPoint(m compare.Moment) Point { return Point{Millis(m.At), utc(m.Wall)} }

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

func ipText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func addrText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// meanwhile tells what happened to the pod in an outage.
func meanwhile(h *history.Target, o *compare.Outage) string {
	words := map[compare.Kind]string{
		compare.Restarted:            "the pod restarted in place",
		compare.RestartedOrRecreated: "the pod was restarted or recreated, which cannot be told",
		compare.Lost:                 "the pod is lost: pods that were known before answer, and no new one",
	}
	var s string
	for _, e := range h.Events {
		if what := words[e.Kind]; what != "" && e.Seq >= o.First.Seq && (o.End.IsZero() || e.Seq <= o.End.Seq) && !strings.Contains(s, what) {
			s += "; " + what
		}
	}
	return s
}
