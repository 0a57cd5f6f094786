package probelog

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// stateRecord is what is known of one target, with all that a reader needs who has not seen the run's start.
type stateRecord struct {
	head
	Schema  int         `json:"schema"`
	Target  string      `json:"target"`
	Version string      `json:"version,omitempty"`
	Host    string      `json:"host,omitempty"`
	System  string      `json:"system,omitempty"`
	Options optionsWire `json:"options"`
	Config  targetWire  `json:"config"`
	State   stateWire   `json:"state"`
}

type stateWire struct {
	First            *momentWire            `json:"first,omitempty"`
	Last             *momentWire            `json:"last,omitempty"`
	Approaches       []approachStateWire    `json:"approaches"`
	Pods             []podStateWire         `json:"pods,omitempty"`
	Pin              pinWire                `json:"pin,omitzero"`
	Current          *currentWire           `json:"current,omitempty"`
	Recreations      []*recreationWire      `json:"recreations,omitempty"`
	RecreationCount  int                    `json:"recreation_count,omitempty"`
	RecreationNumber int                    `json:"recreation_number,omitempty"`
	Owned            []lossWire             `json:"owned,omitempty"`
	Back             []bool                 `json:"back,omitempty"`
	Doubt            *doubtWire             `json:"doubt,omitempty"`
	RepinAt          millis                 `json:"repin_at_ms,omitempty"`
	Lost             bool                   `json:"lost,omitempty"`
	Restarts         int                    `json:"restarts,omitempty"`
	DNSChanges       int                    `json:"dns_changes,omitempty"`
	DNS              map[string]addressWire `json:"dns,omitempty"`
	Told             []compare.Kind         `json:"told,omitempty"`
}

type approachStateWire struct {
	// Approach is its name, for who reads the log with jq.
	Approach string                  `json:"approach"`
	OK       int                     `json:"ok"`
	Lost     int                     `json:"lost,omitempty"`
	Void     int                     `json:"void,omitempty"`
	Pending  int                     `json:"pending,omitempty"`
	Classes  map[probe.Outcome]int   `json:"classes,omitempty"`
	Outcome  probe.Outcome           `json:"outcome,omitempty"`
	LastOK   *momentWire             `json:"last_ok,omitempty"`
	Answered *podWire                `json:"answered,omitempty"`
	Outage   *outageWire             `json:"outage,omitempty"`
	Outages  int                     `json:"outages,omitempty"`
	Longest  millis                  `json:"longest_ms,omitempty"`
	Out      millis                  `json:"out_ms,omitempty"`
	Since    lossWire                `json:"since,omitzero"`
	Suspect  *suspectWire            `json:"suspect,omitempty"`
	Broken   []int                   `json:"broken,omitempty"`
	Verdicts map[compare.Verdict]int `json:"verdicts,omitempty"`
	Latency  histogramWire           `json:"latency,omitempty"`
	Recovery histogramWire           `json:"recovery,omitempty"`
}

type lossWire struct {
	Probes  int             `json:"probes,omitempty"`
	Lost    int             `json:"lost,omitempty"`
	Wrong   int             `json:"wrong_pod,omitempty"`
	First   *momentWire     `json:"first,omitempty"`
	End     *momentWire     `json:"end,omitempty"`
	Classes []probe.Outcome `json:"classes,omitempty"`
}

// IsZero is for omitzero.
func (w lossWire) IsZero() bool {
	return w.Probes == 0 && w.Lost == 0 && w.Wrong == 0 && w.First == nil && w.End == nil && len(w.Classes) == 0
}

type doubtWire struct {
	Named  *momentWire `json:"named,omitempty"`
	Silent int         `json:"silent,omitempty"`
	Losses []lossWire  `json:"losses"`
}

type podStateWire struct {
	podWire
	Joined  *momentWire    `json:"joined,omitempty"`
	Addr    netip.AddrPort `json:"addr,omitzero"`
	First   *momentWire    `json:"first,omitempty"`
	Last    *momentWire    `json:"last,omitempty"`
	Earlier []string       `json:"earlier,omitempty"`
}

type pinWire struct {
	Addr    netip.AddrPort `json:"addr,omitzero"`
	Pod     *podWire       `json:"pod,omitempty"`
	Doubts  int            `json:"doubts,omitempty"`
	Proxied bool           `json:"proxied,omitempty"`
}

type currentWire struct {
	podWire
	First *momentWire `json:"first,omitempty"`
	Last  *momentWire `json:"last,omitempty"`
}

type suspectWire struct {
	Key     string        `json:"key"`
	Run     *momentWire   `json:"run,omitempty"`
	Last    *momentWire   `json:"last,omitempty"`
	Count   int           `json:"count,omitempty"`
	Latency histogramWire `json:"latency,omitempty"`
	Other   *momentWire   `json:"other,omitempty"`
	Before  *momentWire   `json:"before,omitempty"`
	Turned  []int         `json:"turned,omitempty"`
}

type addressWire struct {
	Known4 bool         `json:"known4,omitempty"`
	Known6 bool         `json:"known6,omitempty"`
	Addrs  []netip.Addr `json:"addrs,omitempty"`
}

// histogramWire are the buckets of a compare.Histogram that are not empty: their index and their count.
type histogramWire [][2]uint64

func toHistogram(h compare.Histogram) histogramWire {
	if len(h.Counts) == 0 {
		return nil
	}
	w := make(histogramWire, len(h.Counts))
	for i, c := range h.Counts {
		w[i] = [2]uint64{uint64(c.Bucket()), c.Number()}
	}
	return w
}

func (w histogramWire) histogram(d *decoder) (h compare.Histogram) {
	if len(w) == 0 {
		return h
	}
	h.Counts = make([]compare.Count, len(w))
	next := uint64(0)
	for k, bucket := range w {
		i, n := bucket[0], bucket[1]
		if i < next || i >= compare.Buckets || n == 0 || n > compare.MaxNumber {
			d.fail("a histogram with bucket %d of %d", i, n)
			return compare.Histogram{}
		}
		h.Counts[k] = compare.CountOf(int(i), n)
		next = i + 1
	}
	return h
}

func toLoss(l compare.Loss) lossWire {
	return lossWire{l.Probes, l.Lost, l.Wrong, toMoment(l.First), toMoment(l.End), l.Classes}
}

func (w lossWire) loss(d *decoder) compare.Loss {
	return compare.Loss{
		Probes: d.count("probes", w.Probes), Lost: d.count("lost", w.Lost), Wrong: d.count("wrong_pod", w.Wrong),
		First: w.First.moment(d), End: w.End.moment(d), Classes: d.classes(w.Classes),
	}
}

// toState leaves the approaches' names to the caller.
func toState(s compare.State) stateWire {
	w := stateWire{
		First: toMoment(s.First), Last: toMoment(s.Last),
		Pin:             pinWire{s.Pin.Addr, toPod(s.Pin.Pod), s.Pin.Doubts, s.Pin.Proxied},
		RecreationCount: s.RecreationCount, RecreationNumber: s.RecreationNumber, Back: s.Back, RepinAt: toMillis(s.RepinAt),
		Lost: s.Lost, Restarts: s.Restarts, DNSChanges: s.DNSChanges, Told: s.Told,
	}
	for _, a := range s.Approaches {
		w.Approaches = append(w.Approaches, toApproachState(a))
	}
	for _, p := range s.Pods {
		w.Pods = append(w.Pods, podStateWire{podWire(p.Pod), toMoment(p.Joined), p.Addr, toMoment(p.First), toMoment(p.Last), p.Earlier})
	}
	if c := s.Current; c != nil {
		w.Current = &currentWire{podWire(c.Pod), toMoment(c.First), toMoment(c.Last)}
	}
	for _, r := range s.Recreations {
		w.Recreations = append(w.Recreations, toRecreation(&r))
	}
	for _, l := range s.Owned {
		w.Owned = append(w.Owned, toLoss(l))
	}
	if u := s.Doubt; u != nil {
		w.Doubt = &doubtWire{Named: toMoment(u.Named), Silent: u.Silent}
		for _, l := range u.Losses {
			w.Doubt.Losses = append(w.Doubt.Losses, toLoss(l))
		}
	}
	for _, h := range s.DNS {
		if w.DNS == nil {
			w.DNS = map[string]addressWire{}
		}
		w.DNS[h.Name] = addressWire(h.Addresses)
	}
	return w
}

func toApproachState(a compare.ApproachState) approachStateWire {
	w := approachStateWire{
		OK: a.OK, Lost: a.Lost, Void: a.Void, Pending: a.Pending, Classes: a.Classes, Outcome: a.Outcome,
		LastOK: toMoment(a.LastOK), Answered: toPod(a.Answered), Outage: toOutage(a.Outage),
		Outages: a.Outages, Longest: toMillis(a.Longest), Out: toMillis(a.Out), Since: toLoss(a.Since),
		Broken: a.Broken, Verdicts: a.Verdicts, Latency: toHistogram(a.Latency), Recovery: toHistogram(a.Recovery),
	}
	if s := a.Suspect; s != nil {
		w.Suspect = &suspectWire{
			Key: s.Key, Run: toMoment(s.Run), Last: toMoment(s.Last), Count: s.Count, Latency: toHistogram(s.Latency),
			Other: toMoment(s.Other), Before: toMoment(s.Before), Turned: s.Turned,
		}
	}
	return w
}

// state is what the record knows of the named target. What a state must be beyond its parts, Tracker.Restore checks.
func (w *stateWire) state(d *decoder, target string) compare.State {
	s := compare.State{
		Target: target, First: w.First.moment(d), Last: w.Last.moment(d),
		Pin: compare.PinState{
			Addr: w.Pin.Addr, Pod: w.Pin.Pod.pod(d), Doubts: d.count("doubts", w.Pin.Doubts), Proxied: w.Pin.Proxied,
		},
		RecreationCount:  d.count("recreation_count", w.RecreationCount),
		RecreationNumber: d.count("recreation_number", w.RecreationNumber),
		Back:             w.Back, RepinAt: d.span("repin_at_ms", w.RepinAt), Lost: w.Lost, Restarts: d.count("restarts", w.Restarts),
		DNSChanges: d.count("dns_changes", w.DNSChanges), Told: w.Told,
	}
	if s.Last.IsZero() {
		d.fail("a state before any round")
	}
	for i := range w.Approaches {
		s.Approaches = append(s.Approaches, w.Approaches[i].approach(d))
	}
	for _, p := range w.Pods {
		pod := *p.pod(d)
		d.text("earlier", strings.Join(p.Earlier, ""))
		s.Pods.Put(compare.PodState{
			Pod: pod, Joined: p.Joined.moment(d), Addr: p.Addr, First: p.First.moment(d), Last: p.Last.moment(d), Earlier: p.Earlier,
		})
	}
	if c := w.Current; c != nil {
		s.Current = &compare.CurrentState{Pod: *c.pod(d), First: c.First.moment(d), Last: c.Last.moment(d)}
	}
	for _, r := range w.Recreations {
		if r == nil {
			d.fail("a recreation that is null")
			break
		}
		s.Recreations = append(s.Recreations, *r.recreation(d))
	}
	for _, l := range w.Owned {
		s.Owned = append(s.Owned, l.loss(d))
	}
	if u := w.Doubt; u != nil {
		s.Doubt = &compare.Doubt{Named: u.Named.moment(d), Silent: d.count("silent", u.Silent)}
		for _, l := range u.Losses {
			s.Doubt.Losses = append(s.Doubt.Losses, l.loss(d))
		}
	}
	for _, host := range slices.Sorted(maps.Keys(w.DNS)) {
		s.DNS = append(s.DNS, compare.Host{Name: d.text("host", host), Addresses: compare.Addresses(w.DNS[host])})
	}
	for _, k := range w.Told {
		if !slices.Contains(compare.Kinds, k) {
			d.fail("event kind %q is not known", k)
		}
	}
	return s
}

func (w *approachStateWire) approach(d *decoder) compare.ApproachState {
	a := compare.ApproachState{
		OK: d.count("ok", w.OK), Lost: d.count("lost", w.Lost), Void: d.count("void", w.Void),
		Pending: d.count("pending", w.Pending), Classes: w.Classes, Outcome: w.Outcome, LastOK: w.LastOK.moment(d),
		Answered: w.Answered.pod(d), Outage: w.Outage.outage(d), Outages: d.count("outages", w.Outages),
		Longest: d.span("longest_ms", w.Longest), Out: d.span("out_ms", w.Out), Since: w.Since.loss(d),
		Broken: w.Broken, Verdicts: w.Verdicts, Latency: w.Latency.histogram(d), Recovery: w.Recovery.histogram(d),
	}
	if a.Outcome != "" {
		d.outcome(a.Outcome)
	}
	for class, n := range w.Classes {
		d.outcome(class)
		d.count("classes", n)
	}
	for v, n := range w.Verdicts {
		d.verdict(v)
		d.count("verdicts", n)
	}
	if s := w.Suspect; s != nil {
		a.Suspect = &compare.Suspect{
			Key: d.text("key", s.Key), Run: s.Run.moment(d), Last: s.Last.moment(d), Count: d.count("count", s.Count),
			Latency: s.Latency.histogram(d), Other: s.Other.moment(d), Before: s.Before.moment(d), Turned: s.Turned,
		}
	}
	return a
}
