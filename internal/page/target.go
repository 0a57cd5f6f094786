package page

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// What is kept of all targets together. Few of them have as much as they want, and many share.
const (
	allStretches = 100_000 // of lanes, about 140 bytes each
	allEvents    = 40_000  // about 300 bytes each
	allSamples   = 100_000 // latencies, about 6 bytes each
	allPoints    = 60_000  // of curves of latency, 48 bytes each
	// With more lanes than fewLanes no curves are kept: of the fewest points that make one, each has 1.4 KB.
	fewLanes = 2000
	// With more lanes than phasedLanes the phases of probes are not kept, about 8 KB a lane.
	phasedLanes = 400

	leastPoints, mostPoints = 30, 240
)

// historyOptions say what each target has of that.
func historyOptions(run probelog.Run) history.Options {
	lanes := lanesOf(run)
	return history.Options{
		Interval: run.Options.Interval, Phases: lanes <= phasedLanes,
		Stretches: share(allStretches, lanes, 24, 512), Samples: share(allSamples, lanes, 20, 600), Events: share(allEvents, len(run.Targets), 20, 200),
	}
}

// pointsOf says how many points each curve has; 0 where there are none.
func pointsOf(run probelog.Run) int {
	lanes := lanesOf(run)
	if lanes > fewLanes {
		return 0
	}
	return share(allPoints, lanes, leastPoints, mostPoints)
}

// share is what each among so many has of all.
func share(all, among, least, most int) int { return min(max(all/max(among, 1), least), most) }

func lanesOf(run probelog.Run) (n int) {
	for _, t := range run.Targets {
		n += len(t.Approaches)
	}
	return n
}

// target is what the page knows of one target.
type target struct {
	page *Page
	seen *history.Target
	// sum is brought up to date with each round; its histograms are the tracker's.
	sum  compare.TargetSummary
	ways []way
	pods roster
	// told is the hash of what the overview says of the target, which is made anew when it is asked for; state is its state there.
	told  uint64
	state State
	// feed is nil while nobody watches.
	feed *feed
}

// way is what is known of one approach beyond its lane and its counts.
type way struct {
	spec *probe.Approach
	// judged is the last outcome, empty before the first probe; reason and detail are what that probe said of it.
	judged probe.Outcome
	reason probe.VoidReason
	detail string
	// answer is what DNS said last, asked and clock are when, by the run's clock and by the wall's; nil before it ever did.
	answer *resolve.Answer
	asked  time.Duration
	clock  micros
	// who gave the last success, from where, and when; nil when it did not say, and at is 0 before there was one.
	who  *identity.Report
	from netip.AddrPort
	at   micros
	// outage is the last one that ended with a success; nil when there was none.
	outage *compare.Outage
	curve  *curve // nil when none are kept
}

// micros is a wall clock in microseconds since 1970: a third of a time.Time, of which there would be thousands.
type micros int64

func (m micros) time() time.Time { return time.UnixMicro(int64(m)) }

// begin makes a target of the zero one.
func (t *target) begin(p *Page, seen *history.Target, points int) {
	t.page, t.seen = p, seen
	spec := t.spec()
	t.sum.Name = spec.Name
	if spec.URL != nil {
		t.sum.URL = spec.URL.Redacted()
	}
	t.ways = make([]way, len(spec.Approaches))
	t.sum.Approaches = make([]compare.ApproachSummary, len(spec.Approaches))
	for i := range spec.Approaches {
		a := &spec.Approaches[i]
		t.ways[i].spec = a
		if points > 0 {
			t.ways[i].curve = &curve{most: points}
		}
		t.sum.Approaches[i] = compare.ApproachSummary{Name: a.Name, Address: a.Host, Pinned: a.Pinned()}
	}
	t.retell()
}

func (t *target) spec() *probe.Target { return t.seen.Spec }

// called reports whether there was a round.
func (t *target) called() bool { return !t.seen.Last.IsZero() }

// observe takes a round that the history and the sum have got already, and reports whether an approach fares otherwise than before: within
// an outage that is no news, but said.
func (t *target) observe(r probe.Round, o compare.Observation) (turned bool) {
	now := micros(r.Wall.UnixMicro())
	for i := range r.Results {
		w, result := &t.ways[i], &r.Results[i]
		turned = turned || w.judged != o.Judged[i].Outcome || w.reason != result.Reason
		w.judged, w.reason, w.detail = o.Judged[i].Outcome, result.Reason, result.Detail
		if result.Who != nil && result.Who != w.who { // who is shared between results as long as it is the same
			t.pods.meet(result.Who)
		}
		if result.Answer != nil {
			w.answer, w.asked, w.clock = result.Answer, r.At, now
		}
		if w.judged == probe.OK {
			w.who, w.from, w.at = result.Who, result.Addr, now
			if w.curve != nil {
				w.curve.add(r.At, result.Total)
			}
		}
	}
	for _, e := range o.Events {
		if e.Kind == compare.Recovered || e.Kind == compare.Corrected {
			for i := range t.ways {
				if t.ways[i].spec.Name == e.Approach && e.Outage.Lost > 0 && !e.Outage.End.IsZero() {
					t.ways[i].outage = e.Outage
				}
			}
		}
	}
	return turned
}

// retell makes the target's place in the overview anew, and returns it if it changed.
func (t *target) retell() (brief []byte) {
	v := t.overview()
	t.state = v.State
	brief = encode(v)
	if told := maphash.Bytes(seed, brief); told != t.told {
		t.told = told
		return brief
	}
	return nil
}

var seed = maphash.MakeSeed()

// pin is what the pinned approaches call; ok is false while that is not known.
func (t *target) pin() (addr netip.AddrPort, ok bool) {
	for i, a := range t.sum.Approaches {
		if a.Pinned {
			addr, err := netip.ParseAddrPort(t.sum.Approaches[i].Address)
			return addr, err == nil
		}
	}
	return netip.AddrPort{}, false
}

// clock is a time of day as logs and sentences have it.
func (t *target) clock(m compare.Moment) string { return t.page.clock(m.Wall) }

// roster numbers the pods that answered in the order in which they were met, so that one is told from the next that has the
// same name: the last ones, oldest first. Most targets ever have one.
type roster struct {
	met  []podKey
	last int // the number of the last one
}

// podKey is the UID of a pod, or its name where it has none.
type podKey struct{ name, uid string }

func keyOf(name, uid string) podKey {
	if uid != "" {
		name = ""
	}
	return podKey{name, uid}
}

// maxMet is how many pods are told apart; the one that was met first is forgotten.
const maxMet = 64

// meet gives a pod its number, if it has none yet.
func (r *roster) meet(who *identity.Report) {
	key := keyOf(who.Name, who.UID)
	if key == (podKey{}) || slices.Contains(r.met, key) {
		return
	}
	if len(r.met) == maxMet {
		r.met = slices.Delete(r.met, 0, 1)
	}
	r.met = append(r.met, key)
	r.last++
}

// number is that of a pod; 0 when it was forgotten.
func (r *roster) number(name, uid string) int {
	i := slices.Index(r.met, keyOf(name, uid))
	if i < 0 {
		return 0
	}
	return r.last - len(r.met) + 1 + i
}

// bare is an address as people call it, in brackets where a port could follow.
func bare(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}
