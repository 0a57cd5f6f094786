package probelog

import (
	"net/netip"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// eventRecord is a compare.Event, with what it says to a person.
type eventRecord struct {
	head
	Event      compare.Kind    `json:"event"`
	Target     string          `json:"target"`
	Seq        uint64          `json:"seq"`
	Paused     millis          `json:"paused_ms,omitempty"`
	Approach   string          `json:"approach,omitempty"`
	Sentence   string          `json:"sentence"`
	Outage     *outageWire     `json:"outage,omitempty"`
	Pod        *podWire        `json:"pod,omitempty"`
	Was        *podWire        `json:"was_pod,omitempty"`
	Addr       netip.AddrPort  `json:"addr,omitzero"`
	WasAddr    netip.AddrPort  `json:"was_addr,omitzero"`
	Recreation *recreationWire `json:"recreation,omitempty"`
	Verdict    compare.Verdict `json:"verdict,omitempty"`
	WasVerdict compare.Verdict `json:"was_verdict,omitempty"`
	Numbers    []int           `json:"recreations,omitempty"`
	Host       string          `json:"host,omitempty"`
	Addrs      []netip.Addr    `json:"addrs,omitempty"`
	WasAddrs   []netip.Addr    `json:"was_addrs,omitempty"`
	Gap        millis          `json:"gap_ms,omitempty"`
	Count      int             `json:"count,omitempty"`
}

func toEvent(e compare.Event) eventRecord {
	return eventRecord{
		Event: e.Kind, Target: e.Target, Seq: e.Seq, Paused: toMillis(e.Paused), Approach: e.Approach, Sentence: e.Sentence(),
		Outage: toOutage(e.Outage), Pod: toPod(e.Pod), Was: toPod(e.Was), Addr: e.Addr, WasAddr: e.WasAddr,
		Recreation: toRecreation(e.Recreation), Verdict: e.Verdict, WasVerdict: e.WasVerdict, Numbers: e.Numbers,
		Host: e.Host, Addrs: e.Addrs, WasAddrs: e.WasAddrs, Gap: toMillis(e.Gap), Count: e.Count,
	}
}

func (w *eventRecord) event(d *decoder) compare.Event {
	e := compare.Event{
		Kind: w.Event, Target: w.Target, Moment: w.head.moment(d, w.Seq, w.Paused), Approach: d.text("approach", w.Approach),
		Outage: w.Outage.outage(d), Pod: w.Pod.pod(d), Was: w.Was.pod(d), Addr: w.Addr, WasAddr: w.WasAddr,
		Recreation: w.Recreation.recreation(d), Verdict: d.verdict(w.Verdict), WasVerdict: d.verdict(w.WasVerdict),
		Numbers: w.Numbers, Host: d.text("host", w.Host), Addrs: w.Addrs, WasAddrs: w.WasAddrs,
		Gap: d.duration("gap_ms", w.Gap), Count: d.count("count", w.Count),
	}
	if missing := lacks(&e); missing != "" {
		d.fail("event %q without %s", e.Kind, missing)
	}
	return e
}

// lacks names what an event of its kind must have and this one does not, so that nobody who tells it (Sentence) has to
// look; "" when all is there.
func lacks(e *compare.Event) string {
	needs := func(what string, has bool) string {
		if has {
			return ""
		}
		return what
	}
	outage := e.Outage != nil && len(e.Outage.Classes) > 0
	switch e.Kind {
	case compare.Broke, compare.Changed, compare.Explained:
		return needs("outage", outage)
	case compare.Recovered, compare.Corrected:
		return needs("outage", e.Outage != nil)
	case compare.ProxiedPin, compare.Restarted, compare.RestartedOrRecreated, compare.Withdrawn:
		return needs("pod", e.Pod != nil)
	case compare.Lost:
		return needs("was_pod", e.Was != nil)
	case compare.Moved, compare.Recreated, compare.PresumedRecreated, compare.Disowned:
		return needs("pod, was_pod and recreation", e.Pod != nil && e.Was != nil && e.Recreation != nil)
	case compare.Settled:
		return needs("recreation", e.Recreation != nil)
	case compare.VerdictChanged:
		return needs("recreations", len(e.Numbers) > 0)
	}
	return needs("a kind that is known", slices.Contains(compare.Kinds, e.Kind))
}

// momentWire is a round as a point in time.
type momentWire struct {
	Seq    uint64    `json:"seq"`
	At     millis    `json:"t_ms"`
	Time   time.Time `json:"time"`
	Paused millis    `json:"paused_ms,omitempty"`
	Took   millis    `json:"took_ms,omitempty"`
}

// toMoment is nil for the moment that never was.
func toMoment(m compare.Moment) *momentWire {
	if m.IsZero() {
		return nil
	}
	return &momentWire{m.Seq, toMillis(m.At), m.Wall, toMillis(m.Paused), toMillis(m.Took)}
}

func (w *momentWire) moment(d *decoder) compare.Moment {
	if w == nil {
		return compare.Moment{}
	}
	if w.Seq == 0 || w.Seq > maxCount {
		d.fail("seq %d is out of range", w.Seq)
	}
	return compare.Moment{
		Seq: w.Seq, At: d.span(keyAt, w.At), Wall: micros(w.Time), Paused: d.span("paused_ms", w.Paused), Took: d.span("took_ms", w.Took),
	}
}

// moment is when the record was, in a round.
func (h *head) moment(d *decoder, seq uint64, paused millis) compare.Moment {
	return (&momentWire{Seq: seq, At: h.At, Time: h.Time, Paused: paused}).moment(d)
}

// podWire has the fields of a compare.Pod, so that one converts to the other.
type podWire struct {
	Key      string     `json:"key"`
	UID      string     `json:"uid,omitempty"`
	Name     string     `json:"name,omitempty"`
	Node     string     `json:"node,omitempty"`
	Instance string     `json:"instance,omitempty"`
	IP       netip.Addr `json:"ip,omitzero"`
}

func toPod(p *compare.Pod) *podWire { return (*podWire)(p) }

func (w *podWire) pod(d *decoder) *compare.Pod {
	if w != nil {
		d.text("pod", w.Key+w.UID+w.Name+w.Node+w.Instance)
	}
	return (*compare.Pod)(w)
}

type outageWire struct {
	Before   *momentWire     `json:"before,omitempty"`
	First    *momentWire     `json:"first,omitempty"`
	Last     *momentWire     `json:"last,omitempty"`
	End      *momentWire     `json:"end,omitempty"`
	Lost     int             `json:"lost"`
	WrongPod int             `json:"wrong_pod,omitempty"`
	Void     int             `json:"void,omitempty"`
	Classes  []probe.Outcome `json:"classes"`
	Likely   compare.Likely  `json:"likely,omitempty"`
	Repinned bool            `json:"repinned,omitempty"`
	Addr     netip.AddrPort  `json:"addr,omitzero"`
	Detail   string          `json:"detail,omitempty"`
	Pod      *podWire        `json:"pod,omitempty"`
	Wrong    *podWire        `json:"wrong,omitempty"`
	// What follows is for who reads the log with jq; the program computes it.
	Duration millis `json:"duration_ms"`
	Shortest millis `json:"shortest_ms"`
	Longest  millis `json:"longest_ms"`
	Paused   millis `json:"paused_ms,omitempty"`
}

func toOutage(o *compare.Outage) *outageWire {
	if o == nil {
		return nil
	}
	shortest, longest := o.Bounds()
	return &outageWire{
		Before: toMoment(o.Before), First: toMoment(o.First), Last: toMoment(o.Last), End: toMoment(o.End),
		Lost: o.Lost, WrongPod: o.WrongPod, Void: o.Void, Classes: o.Classes, Likely: o.Likely, Repinned: o.Repinned,
		Addr: o.Addr, Detail: o.Detail, Pod: toPod(o.Pod), Wrong: toPod(o.Wrong),
		Duration: toMillis(o.Duration()), Shortest: toMillis(shortest), Longest: toMillis(longest), Paused: toMillis(o.Paused()),
	}
}

func (w *outageWire) outage(d *decoder) *compare.Outage {
	if w == nil {
		return nil
	}
	return &compare.Outage{
		Before: w.Before.moment(d), First: w.First.moment(d), Last: w.Last.moment(d), End: w.End.moment(d),
		Lost: d.count("lost", w.Lost), WrongPod: d.count("wrong_pod", w.WrongPod), Void: d.count("void", w.Void),
		Classes: d.classes(w.Classes), Likely: w.Likely, Repinned: w.Repinned,
		Addr: w.Addr, Detail: d.text("detail", w.Detail), Pod: w.Pod.pod(d), Wrong: w.Wrong.pod(d),
	}
}

type recreationWire struct {
	N         int            `json:"n"`
	Kind      compare.Kind   `json:"kind"`
	Old       podWire        `json:"old"`
	New       podWire        `json:"new"`
	LastOld   *momentWire    `json:"last_old,omitempty"`
	FirstNew  *momentWire    `json:"first_new,omitempty"`
	Noticed   *momentWire    `json:"noticed,omitempty"`
	Settled   *momentWire    `json:"settled,omitempty"`
	Reason    compare.Reason `json:"reason,omitempty"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
	Effects   []effectWire   `json:"effects,omitempty"`
}

type effectWire struct {
	Approach string          `json:"approach"`
	Verdict  compare.Verdict `json:"verdict"`
	Lost     int             `json:"lost"`
	For      millis          `json:"out_ms,omitempty"`
	Classes  []probe.Outcome `json:"classes,omitempty"`
}

func toRecreation(r *compare.Recreation) *recreationWire {
	if r == nil {
		return nil
	}
	w := &recreationWire{
		N: r.N, Kind: r.Kind, Old: podWire(r.Old), New: podWire(r.New),
		LastOld: toMoment(r.LastOld), FirstNew: toMoment(r.FirstNew), Noticed: toMoment(r.Noticed), Settled: toMoment(r.Settled),
		Reason: r.Reason, Withdrawn: r.Withdrawn,
	}
	for _, e := range r.Effects {
		w.Effects = append(w.Effects, effectWire{e.Approach, e.Verdict, e.Lost, toMillis(e.For), e.Classes})
	}
	return w
}

func (w *recreationWire) recreation(d *decoder) *compare.Recreation {
	if w == nil {
		return nil
	}
	r := &compare.Recreation{
		N: d.count("n", w.N), Kind: w.Kind, Old: *w.Old.pod(d), New: *w.New.pod(d),
		LastOld: w.LastOld.moment(d), FirstNew: w.FirstNew.moment(d), Noticed: w.Noticed.moment(d), Settled: w.Settled.moment(d),
		Reason: w.Reason, Withdrawn: w.Withdrawn,
	}
	if len(w.Effects) > maxApproaches {
		d.fail("%d effects", len(w.Effects))
	}
	for _, e := range w.Effects {
		r.Effects = append(r.Effects, compare.Effect{
			Approach: d.text("approach", e.Approach), Verdict: d.verdict(e.Verdict), Lost: d.count("lost", e.Lost),
			For: d.span("out_ms", e.For), Classes: d.classes(e.Classes),
		})
	}
	return r
}

// verdict may be empty.
func (d *decoder) verdict(v compare.Verdict) compare.Verdict {
	if v != "" && !slices.Contains(compare.Verdicts, v) {
		d.fail("verdict %q is not known", v)
	}
	return v
}
