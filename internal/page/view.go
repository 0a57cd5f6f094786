package page

import (
	"encoding/json"
	"fmt"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// schema is the version of what the API gives. It goes up when an old reader would misread it; fields that are only added
// do not count.
const schema = 1

// statusView is the run and all its targets in brief.
type statusView struct {
	Schema int     `json:"schema"`
	Run    runView `json:"run"`
	// NowMS is the run's clock, Time the wall clock of the same instant.
	NowMS   float64     `json:"now_ms"`
	Time    time.Time   `json:"time"`
	Stopped *endView    `json:"stopped,omitempty"`
	Words   string      `json:"words"`
	Targets []briefView `json:"targets"`
	// Outcomes say in words what the outcomes mean.
	Outcomes map[probe.Outcome]string `json:"outcomes"`
}

type runView struct {
	ID         string    `json:"run"`
	Version    string    `json:"version,omitempty"`
	Host       string    `json:"host,omitempty"`
	System     string    `json:"system,omitempty"`
	Started    time.Time `json:"started"`
	Zone       string    `json:"zone"`
	ZoneS      int       `json:"zone_offset_s"`
	IntervalMS float64   `json:"interval_ms"`
	TimeoutMS  float64   `json:"timeout_ms"`
	SettleMS   float64   `json:"settle_ms"`
	RepinMS    float64   `json:"repin_after_ms,omitempty"`
}

type endView struct {
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	Words  string    `json:"words"`
}

type snapshotView struct {
	statusView
	Target *fullView `json:"target,omitempty"`
}

type resetView struct {
	Words string `json:"words"`
}

type beatView struct {
	NowMS float64   `json:"now_ms"`
	Time  time.Time `json:"time"`
}

// briefView is a target as the overview shows it. It changes only when there is news.
type briefView struct {
	Target      string    `json:"target"`
	URL         string    `json:"url"`
	State       State     `json:"state"`
	Words       string    `json:"words"`
	Recreations int       `json:"recreations,omitempty"`
	Approaches  []wayView `json:"approaches"`
}

type wayView struct {
	Approach string `json:"approach"`
	State    State  `json:"state"`
}

// outcomes are the words for all outcomes there are.
var outcomes = func() map[probe.Outcome]string {
	words := make(map[probe.Outcome]string, len(probe.Outcomes))
	for _, o := range probe.Outcomes {
		words[o] = o.Words()
	}
	return words
}()

func (p *Page) status() statusView {
	now := time.Now()
	v := statusView{
		Schema: schema, Run: p.run(now), NowMS: ms(now.Sub(p.opt.Started)), Time: now.UTC().Truncate(time.Microsecond),
		Stopped: p.end, Targets: make([]briefView, len(p.targets)), Outcomes: outcomes,
	}
	bad := 0
	for i := range p.targets {
		t := &p.targets[i]
		v.Targets[i] = t.overview()
		if t.state == Broken || t.state == Misrouted {
			bad++
		}
	}
	switch {
	case len(p.targets) == 1:
		v.Words = text(p.targets[0].lines(true))
	case bad == 0:
		v.Words = fmt.Sprintf("%d targets, no way to any of them is broken.", len(p.targets))
	default:
		v.Words = fmt.Sprintf("%d of %d targets cannot be reached in every way.", bad, len(p.targets))
	}
	return v
}

func (p *Page) run(now time.Time) runView {
	r := p.opt.Run
	zone, offset := now.In(p.zone).Zone()
	return runView{
		ID: r.ID, Version: r.Version, Host: r.Host, System: r.System, Started: p.opt.Started.UTC().Truncate(time.Microsecond),
		Zone: zone, ZoneS: offset, IntervalMS: ms(r.Options.Interval), TimeoutMS: ms(r.Timeout), SettleMS: ms(r.Options.Settle),
		RepinMS: ms(r.Options.RepinAfter),
	}
}

func (t *target) overview() briefView {
	v := briefView{Target: t.spec().Name, URL: t.sum.URL, Words: text(t.lines(true)), Recreations: t.sum.Recreated}
	states := make([]State, len(t.ways))
	for i := range t.ways {
		states[i] = t.say(i, true).State
		v.Approaches = append(v.Approaches, wayView{t.ways[i].spec.Name, states[i]})
	}
	v.State = worst(states)
	return v
}

// encode renders a view, which cannot fail: views hold only what JSON can hold.
func encode(view any) []byte {
	b, err := json.Marshal(view)
	if err != nil {
		panic(fmt.Sprintf("page: rendering %T: %v", view, err))
	}
	return b
}

// ms is a duration in milliseconds, exact to the microsecond.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// wall is a moment's wall clock, nil for the moment that never was.
func wall(m compare.Moment) *time.Time {
	if m.IsZero() {
		return nil
	}
	w := m.Wall.UTC()
	return &w
}

// addr is what an approach calls, as text; empty while that is not known.
func (t *target) addr(i int) string {
	a := &t.sum.Approaches[i]
	if a.Pinned {
		return a.Address
	}
	spec := t.ways[i].spec
	port := spec.Port
	if port == 0 {
		port = t.spec().Port()
	}
	return fmt.Sprintf("%s:%d", spec.Host, port)
}
