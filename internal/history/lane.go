package history

import (
	"net/netip"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// Lane is one approach over time.
type Lane struct {
	// Stretches are the probes, oldest first, as runs of the same outcome by the same pod.
	Stretches []Stretch
	// Phases are what the successful probes took; nil unless asked for.
	Phases *Phases
	// Samples are the last latencies of successful probes.
	Samples Samples

	counts Counts // over all stretches, and those before the first of them
}

// Stretch is a run of probes with the same outcome, answered by the same pod. Between the end of one and the begin of the
// next, less an interval, nobody looked.
type Stretch struct {
	// From and To are the first and the last probe, since the run's start; Wall is the wall clock at From.
	From, To time.Duration
	Wall     time.Time
	// Outcome is the judged one. Of a merged stretch it is the wrong pod's, if that answered, or what most of its lost probes
	// came to, or else OK.
	Outcome probe.Outcome
	// Addr is where the first of them went; zero where it is not known.
	Addr netip.AddrPort
	// Who answered; never nil, never changed, and shared between stretches.
	*Who
	// Counts are its probes. Only one of them is not 0, unless the stretch was merged or stands for probes that are not in
	// the log.
	Counts
	// Missing is true where the log does not tell when in the stretch what happened.
	Missing bool
	// raw is the probe's own outcome, before the target's history made a wrong_pod of it: its place in probe.Outcomes.
	raw uint8
}

// Who is who answered, as it says. Empty where it is not known.
type Who struct {
	Pod, UID string
	IP       netip.Addr
}

var nobody = &Who{}

// Counts are probes by what they say: successes, lost ones, those that said nothing, and those that had no pin yet.
type Counts struct{ OK, Lost, Void, Pending int }

// All is the sum.
func (c Counts) All() int { return c.OK + c.Lost + c.Void + c.Pending }

func (c Counts) plus(d Counts) Counts {
	return Counts{c.OK + d.OK, c.Lost + d.Lost, c.Void + d.Void, c.Pending + d.Pending}
}

func (c Counts) minus(d Counts) Counts {
	return Counts{c.OK - d.OK, c.Lost - d.Lost, c.Void - d.Void, c.Pending - d.Pending}
}

func (c Counts) negative() bool { return min(c.OK, c.Lost, c.Void, c.Pending) < 0 }

// one is a single probe of that outcome.
func one(o probe.Outcome) Counts {
	switch o {
	case probe.OK:
		return Counts{OK: 1}
	case probe.Void:
		return Counts{Void: 1}
	case probe.Pending:
		return Counts{Pending: 1}
	}
	return Counts{Lost: 1}
}

// Phases are histograms of what the successful probes of an approach took.
type Phases struct {
	Resolve, Connect, TLS, Write, FirstByte, Read, Total compare.Histogram
}

// add takes a result of the last round.
func (t *Target) add(lane int, r *probe.Result, judged probe.Outcome) {
	l, now, counts := &t.Lanes[lane], &t.Last, one(judged)
	var who Who
	if r.Who != nil {
		who = Who{r.Who.Name, r.Who.UID, r.Who.IP()}
	}
	l.counts = l.counts.plus(counts)
	if last := l.last(); last != nil && last.continues(r.Outcome, judged, who) && now.At-last.To <= t.opt.Interval*5/2 {
		last.To = now.At
		last.Counts = last.Counts.plus(counts)
	} else {
		l.push(Stretch{
			From: now.At, To: now.At, Wall: now.Wall, Outcome: judged, Addr: r.Addr, Who: t.known(who), Counts: counts,
			raw: place(r.Outcome),
		}, t.opt)
	}
	if judged == probe.OK {
		l.measure(now.At, r, t.opt)
	}
}

// place is where an outcome stands in probe.Outcomes; one that does not, where Other does.
func place(o probe.Outcome) uint8 {
	i := slices.Index(probe.Outcomes, o)
	if i < 0 {
		i = slices.Index(probe.Outcomes, probe.Other)
	}
	return uint8(i)
}

// known is who, as one of the last stretches of any lane has it, if one does.
func (t *Target) known(who Who) *Who {
	if who == *nobody {
		return nobody
	}
	for i := range t.Lanes {
		list := t.Lanes[i].Stretches
		for _, s := range slices.Backward(list[max(len(list)-maxReplicas, 0):]) {
			if *s.Who == who {
				return s.Who
			}
		}
	}
	kept := who // not who itself, which every round has
	return &kept
}

func (l *Lane) last() *Stretch {
	if len(l.Stretches) == 0 {
		return nil
	}
	return &l.Stretches[len(l.Stretches)-1]
}

// continues reports whether the next probe belongs to the same stretch, if it came in time.
func (s *Stretch) continues(raw, judged probe.Outcome, who Who) bool {
	return !s.Missing && s.Outcome == judged && probe.Outcomes[s.raw] == raw && *s.Who == who
}

func (l *Lane) push(s Stretch, opt *Options) {
	if len(l.Stretches) == opt.Stretches {
		l.merge()
	}
	l.Stretches = append(l.Stretches, s)
}

// merge makes one stretch of the two neighbours among the older half that take the least time together.
func (l *Lane) merge() {
	best := 0
	span := func(i int) time.Duration { return l.Stretches[i+1].To - l.Stretches[i].From }
	for i := range len(l.Stretches) / 2 {
		if span(i) < span(best) {
			best = i
		}
	}
	a, b := l.Stretches[best], l.Stretches[best+1]
	a.To = b.To
	if b.Lost > a.Lost && a.Outcome != probe.WrongPod || b.Lost > 0 && b.Outcome == probe.WrongPod {
		a.Outcome, a.Addr = b.Outcome, b.Addr
	}
	if *a.Who != *b.Who {
		a.Who = nobody
	}
	a.Counts = a.Counts.plus(b.Counts)
	a.Missing = true
	l.Stretches[best] = a
	l.Stretches = slices.Delete(l.Stretches, best+1, best+2)
}

// resume puts in what the state knows of and no round told: more of the same, or else what cannot be told apart.
func (l *Lane) resume(s *compare.State, a *compare.ApproachState, opt *Options) {
	now := Counts{a.OK, a.Lost, a.Void, a.Pending}
	more := now.minus(l.counts)
	l.counts = now
	last := l.last()
	switch {
	case more == Counts{}:
	case more.negative():
		l.mend(more)
	case last != nil && !last.Missing && more == multiply(one(last.Outcome), more.All()):
		last.To = s.Last.At
		last.Counts = last.Counts.plus(more)
	default:
		missing := Stretch{From: s.First.At, To: s.Last.At, Wall: s.First.Wall, Outcome: mostly(more, a), Who: nobody, Counts: more, Missing: true}
		if last != nil {
			missing.From = max(min(last.To+opt.Interval, s.Last.At), last.To+time.Microsecond) // about when the next round was
			missing.Wall = s.Last.Wall.Add(missing.From - s.Last.At)
		}
		l.push(missing, opt)
	}
}

// mend follows a correction of probes that the log left out: which of them were answers is not known, but how many.
func (l *Lane) mend(more Counts) {
	for i := len(l.Stretches) - 1; i >= 0; i-- {
		s := &l.Stretches[i]
		if c := s.Counts.plus(more); !c.negative() {
			s.Counts, s.Missing = c, true
			return
		}
	}
}

// mostly is the outcome that stands for a mixture: failure before success, success before silence.
func mostly(c Counts, a *compare.ApproachState) probe.Outcome {
	switch {
	case c.Lost > 0 && a.Outcome.Failed():
		return a.Outcome
	case c.Lost > 0:
		class := probe.Other
		for _, o := range probe.Outcomes {
			if a.Classes[o] > a.Classes[class] {
				class = o
			}
		}
		return class
	case c.OK > 0:
		return probe.OK
	case c.Void > 0:
		return probe.Void
	}
	return probe.Pending
}

func multiply(c Counts, n int) Counts { return Counts{c.OK * n, c.Lost * n, c.Void * n, c.Pending * n} }

// correct makes of the last n answers by a wrong pod what they were: answers.
func (l *Lane) correct(n int) {
	for i := len(l.Stretches) - 1; i >= 0 && n > 0; i-- {
		s := &l.Stretches[i]
		if s.Outcome != probe.WrongPod || s.Missing {
			continue
		}
		n -= s.Lost
		l.counts = l.counts.minus(s.Counts)
		s.Outcome = probe.Outcomes[s.raw]
		s.Counts = multiply(one(s.Outcome), s.Counts.All())
		l.counts = l.counts.plus(s.Counts)
	}
}

func (l *Lane) measure(at time.Duration, r *probe.Result, opt *Options) {
	if opt.Samples > 0 {
		l.Samples.add(at, r.Total, opt.Samples)
	}
	if !opt.Phases {
		return
	}
	if l.Phases == nil {
		l.Phases = &Phases{}
	}
	p := l.Phases
	p.Total.Add(r.Total)
	for _, m := range []struct {
		h *compare.Histogram
		d time.Duration
	}{
		{&p.Resolve, r.Phases.Resolve}, {&p.Connect, r.Phases.Connect}, {&p.TLS, r.Phases.TLS},
		{&p.Write, r.Phases.Write}, {&p.FirstByte, r.Phases.FirstByte}, {&p.Read, r.Phases.Read},
	} {
		if m.d > 0 { // not needed, or too short to be seen
			m.h.Add(m.d)
		}
	}
}
