package page

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// nowView is a target as it is now: all of it that is small.
type nowView struct {
	Target     string         `json:"target"`
	URL        string         `json:"url"`
	State      State          `json:"state"`
	Seq        uint64         `json:"seq"`
	AtMS       float64        `json:"at_ms"`
	Time       *time.Time     `json:"time,omitempty"` // of the last round
	Rounds     uint64         `json:"rounds"`
	PausedMS   float64        `json:"paused_ms,omitempty"`
	Recreated  int            `json:"recreated"`
	Restarts   int            `json:"restarts"`
	DNSChanges int            `json:"dns_changes"`
	Lines      []line         `json:"lines"`
	Lesson     string         `json:"lesson"` // what is to be learned from that; empty for nothing
	Text       string         `json:"text"`
	Approaches []approachView `json:"approaches"`
}

// approachView is one approach now.
type approachView struct {
	Approach string `json:"approach"`
	How      string `json:"how"`
	Calls    string `json:"calls,omitempty"` // what it dials; empty while there is no pin
	State    State  `json:"state"`
	Words    string `json:"words"`
	Was      string `json:"was"` // the words for later, when nothing newer is known
	Why      string `json:"why,omitempty"`
	// Outcome and Detail are the last probe's, as the log has them.
	Outcome   probe.Outcome `json:"outcome,omitempty"`
	Detail    string        `json:"detail,omitempty"`
	Lane      string        `json:"lane"` // the lane in words
	Who       *whoView      `json:"who,omitempty"`
	DNS       *dnsView      `json:"dns,omitempty"`
	Probes    int           `json:"probes"`
	Lost      int           `json:"lost"`
	Void      int           `json:"void"`
	Pending   int           `json:"pending"`
	Available string        `json:"available"`
	Outages   int           `json:"outages"`
	Longest   string        `json:"longest"`
	P50MS     float64       `json:"p50_ms"`
	P99MS     float64       `json:"p99_ms"`
	Latency   string        `json:"latency"`
}

// fullView is everything about a target.
type fullView struct {
	nowView
	Lanes       []laneView       `json:"lanes"`
	Recreations []recreationView `json:"recreations"`
	Events      []eventView      `json:"events"`
}

// roundView is what a round adds.
type roundView struct {
	nowView
	// Tails are the last stretch of each lane: it stands in for the one that began at the same time, or else is the next.
	Tails []stretchView `json:"tails"`
	// Took are the latencies of the round, null where it was no success.
	Took        []*float64        `json:"took_ms"`
	Events      []eventView       `json:"events,omitempty"`
	Recreations []json.RawMessage `json:"recreations,omitempty"` // of recreationView
}

type laneView struct {
	Stretches []stretchView `json:"stretches"`
	// Latency are the last answers one by one: when, and how long it took, in milliseconds. Curve are all since the run's
	// start, in groups: first, last, least, mean, most.
	Latency [][2]float64 `json:"latency"`
	Curve   [][5]float64 `json:"curve"`
}

type stretchView struct {
	FromMS  float64       `json:"from_ms"`
	ToMS    float64       `json:"to_ms"`
	State   State         `json:"state"`
	Outcome probe.Outcome `json:"outcome"`
	Addr    string        `json:"addr,omitempty"`
	Pod     string        `json:"pod,omitempty"`
	PodIP   string        `json:"pod_ip,omitempty"`
	PodN    int           `json:"pod_n,omitempty"` // tells pods of the same name apart
	OK      int           `json:"ok,omitempty"`
	Lost    int           `json:"lost,omitempty"`
	Void    int           `json:"void,omitempty"`
	Pending int           `json:"pending,omitempty"`
	Mixed   bool          `json:"mixed,omitempty"`
}

type eventView struct {
	Seq        uint64       `json:"seq"`
	AtMS       float64      `json:"at_ms"`
	Time       time.Time    `json:"time"`
	Clock      string       `json:"clock"`
	Event      compare.Kind `json:"event"`
	Approach   string       `json:"approach,omitempty"`
	Recreation int          `json:"recreation,omitempty"`
	Sentence   string       `json:"sentence"`
}

func (t *target) now() nowView {
	v := nowView{
		Target: t.spec().Name, URL: t.sum.URL, State: t.state, Seq: t.seen.Last.Seq, AtMS: ms(t.seen.Last.At), Time: wall(t.seen.Last),
		Rounds: t.sum.Rounds, PausedMS: ms(t.sum.Paused), Recreated: t.sum.Recreated, Restarts: t.sum.Restarts,
		DNSChanges: t.sum.DNSChanges, Lines: t.lines(false), Lesson: t.lesson(),
	}
	v.Text = text(v.Lines)
	latency, _ := t.page.opt.Tracker.Histograms(t.spec().Name)
	for i := range t.ways {
		v.Approaches = append(v.Approaches, t.approach(i, &latency[i]))
	}
	return v
}

func (t *target) approach(i int, latency *compare.Histogram) approachView {
	a, said := &t.sum.Approaches[i], t.say(i, false)
	v := approachView{
		Approach: a.Name, How: t.how(i), Calls: t.addr(i), State: said.State, Words: said.Words, Was: t.was(i), Why: said.Why,
		Outcome: t.ways[i].judged, Detail: t.ways[i].detail,
		Lane: t.laneWords(i), Who: t.who(i), DNS: t.dns(i), Probes: a.Probes, Lost: a.Lost, Void: a.Void, Pending: a.Pending,
		Available: report.Availability(a.Probes, a.Lost), Outages: a.Outages, Longest: "-", Latency: "no answer yet",
	}
	switch {
	case a.Longest > 0:
		v.Longest = report.Duration(a.Longest)
	case a.Outages > 0: // one call so far
		v.Longest = "under " + report.Setting(t.page.opt.Run.Options.Interval)
	}
	if latency.Count() > 0 {
		p50, p99 := latency.Quantile(0.5), latency.Quantile(0.99)
		v.P50MS, v.P99MS = ms(p50), ms(p99)
		v.Latency = "half within " + report.Duration(p50) + ", 99 of 100 within " + report.Duration(p99)
	}
	return v
}

// full is everything. It shares nothing that changes.
func (t *target) full() fullView {
	v := fullView{nowView: t.now(), Events: t.events(t.seen.Events), Recreations: []recreationView{}}
	for i := range t.seen.Lanes {
		l := &t.seen.Lanes[i]
		lane := laneView{Stretches: make([]stretchView, len(l.Stretches)), Latency: make([][2]float64, 0, l.Samples.Len()), Curve: t.ways[i].curve.view()}
		for k := range l.Stretches {
			lane.Stretches[k] = t.stretch(&l.Stretches[k])
		}
		for s := range l.Samples.All() {
			lane.Latency = append(lane.Latency, [2]float64{ms(s.At), ms(s.Took)})
		}
		v.Lanes = append(v.Lanes, lane)
	}
	for _, r := range t.sum.Recreations {
		v.Recreations = append(v.Recreations, t.recreation(r))
	}
	return v
}

// round is what r, the last round, added.
func (t *target) round(r probe.Round, o compare.Observation) roundView {
	v := roundView{nowView: t.now(), Took: make([]*float64, len(t.ways))}
	for i := range t.seen.Lanes {
		l := &t.seen.Lanes[i]
		v.Tails = append(v.Tails, t.stretch(&l.Stretches[len(l.Stretches)-1]))
		if o.Judged[i].Outcome == probe.OK {
			took := ms(r.Results[i].Total)
			v.Took[i] = &took
		}
	}
	if n := len(o.Events); n > 0 {
		v.Events = t.events(t.seen.Events[max(len(t.seen.Events)-n, 0):])
		v.Recreations = t.changed()
	}
	return v
}

// changed are the recreations that are not as those who watch were told.
func (t *target) changed() (list []json.RawMessage) {
	told := t.feed.recreations
	t.feed.recreations = make(map[int][]byte, len(t.sum.Recreations))
	for _, r := range t.sum.Recreations {
		data := encode(t.recreation(r))
		t.feed.recreations[r.N] = data
		if !bytes.Equal(told[r.N], data) {
			list = append(list, data)
		}
	}
	return list
}

func (t *target) stretch(s *history.Stretch) stretchView {
	v := stretchView{
		FromMS: ms(s.From), ToMS: ms(s.To), State: stateOf(s.Outcome), Outcome: s.Outcome, Pod: s.Pod,
		OK: s.OK, Lost: s.Lost, Void: s.Void, Pending: s.Pending, Mixed: s.Missing,
	}
	if s.Addr.IsValid() {
		v.Addr = s.Addr.String()
	}
	if s.IP.IsValid() {
		v.PodIP = s.IP.String()
	}
	if s.Pod != "" || s.UID != "" {
		v.PodN = t.pods.number(s.Pod, s.UID)
	}
	return v
}

func (t *target) events(all []history.Told) []eventView {
	list := make([]eventView, len(all))
	for i, e := range all {
		list[i] = eventView{
			Seq: e.Seq, AtMS: ms(e.At), Time: e.Wall.UTC(), Clock: t.clock(e.Moment), Event: e.Kind, Approach: e.Approach,
			Recreation: e.Recreation, Sentence: e.Sentence,
		}
	}
	return list
}

// told is how many of the last stretches of a lane are put in words.
const told = 4

// laneWords is a lane for who cannot see it.
func (t *target) laneWords(i int) string {
	list := t.seen.Lanes[i].Stretches
	if len(list) == 0 {
		return "no probe yet"
	}
	var parts []string
	if len(list) > told {
		list = list[len(list)-told:]
		parts = append(parts, "earlier ones are not told here")
	}
	for k := range list {
		s := &list[k]
		words := s.Outcome.Words()
		if s.Pod != "" {
			words += " by " + s.Pod
		}
		if s.Missing {
			words = "several things"
		}
		parts = append(parts, "from "+t.page.clock(s.Wall)+" "+words)
	}
	return strings.Join(parts, "; ")
}
