// Package probes turns a prober's rounds into metrics. It is fed with each round and what the compare.Tracker observed in
// it, and says to the probe what the tracker's Summary says. docs/metrics.md tells what becomes of counters, which can only
// grow, when the tracker corrects itself.
package probes

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"callbyname/internal/compare"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/probe"
)

// Metrics has all metrics about probes. It is safe for concurrent use.
type Metrics struct {
	targets           []*target
	byName            map[string]*target
	interval, timeout time.Duration

	voids    map[probe.VoidReason]*void
	lateness prometheus.Histogram
	whole    *prometheus.HistogramVec
	phases   *prometheus.HistogramVec
}

// void counts the probes that the prober itself could not make, for one reason.
type void struct {
	n      atomic.Uint64
	labels []*dto.LabelPair
}

// reasons are all there are.
var reasons = []probe.VoidReason{probe.Stopped, probe.Paused, probe.Starved, probe.NoPorts, probe.NoFiles, probe.NoMemory}

// New makes the metrics of a run with these targets, of which nothing has been seen yet. They are still to be registered.
func New(targets []probe.Target, every, deadline time.Duration) *Metrics {
	m := &Metrics{
		byName:   make(map[string]*target, len(targets)),
		interval: every,
		timeout:  deadline,
		voids:    make(map[probe.VoidReason]*void, len(reasons)),
		lateness: prometheus.NewHistogram(scrape.Seconds("tick_lateness_seconds", "How late rounds began, of each group of targets that is probed together.")),
		whole: prometheus.NewHistogramVec(scrape.Seconds("probe_duration_seconds",
			"How long successful probes took, of all targets."), []string{"approach"}),
		phases: prometheus.NewHistogramVec(scrape.Seconds("phase_duration_seconds",
			"How long the phases of successful probes took, of all targets. A phase that was not needed is left out."), []string{"approach", "phase"}),
	}
	for _, reason := range reasons {
		m.voids[reason] = &void{labels: []*dto.LabelPair{scrape.Label("reason", string(reason))}}
	}
	approaches := map[string]*timing{}
	for _, t := range targets {
		followed := newTarget(t, func(approach string) *timing {
			if approaches[approach] == nil {
				approaches[approach] = newTiming(m, approach)
			}
			return approaches[approach]
		})
		m.targets = append(m.targets, followed)
		m.byName[t.Name] = followed
	}
	return m
}

// Observe takes a round, and what it means. Rounds of targets that New was not given are none of its business.
func (m *Metrics) Observe(r probe.Round, o compare.Observation) {
	t := m.byName[r.Target]
	if t == nil || len(r.Results) != len(t.approaches) || len(o.Judged) != len(t.approaches) || len(o.Totals.Approaches) != len(t.approaches) {
		return
	}
	t.observe(&r, &o)
	for i := range r.Results {
		result := &r.Results[i]
		switch o.Judged[i].Outcome {
		case probe.OK:
			t.approaches[i].timing.observe(result)
		case probe.Void:
			if v := m.voids[result.Reason]; v != nil {
				v.n.Add(1)
			}
		}
	}
}

// Late takes how late a tick was.
func (m *Metrics) Late(d time.Duration) { m.lateness.Observe(max(d, 0).Seconds()) }

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range []scrape.Family{interval, timeout, voids} {
		f.Describe(ch)
	}
	for _, c := range []prometheus.Collector{m.lateness, m.whole, m.phases} {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector, with what is not told of each target. Families has that.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	ch <- interval.Sample(nil, m.interval.Seconds())
	ch <- timeout.Sample(nil, m.timeout.Seconds())
	for _, reason := range reasons {
		v := m.voids[reason]
		ch <- voids.Sample(v.labels, float64(v.n.Load()))
	}
	for _, c := range []prometheus.Collector{m.lateness, m.whole, m.phases} {
		c.Collect(ch)
	}
}

// Families are what is told of each target, for scrape.Stream: the values of one target are of the same moment. No round waits
// for whoever takes them.
func (m *Metrics) Families(yield func(*dto.MetricFamily) error) error {
	all := make([]seen, len(m.targets))
	for i, t := range m.targets {
		all[i] = t.now()
	}
	var s samples
	for _, s.Family = range families {
		s.values = s.values[:0]
		for i := range all {
			all[i].collect(&s)
		}
		if err := scrape.Group([]scrape.Family{s.Family}, s.values, yield); err != nil {
			return err
		}
	}
	return nil
}

// timing is where the durations of one approach go: to those of all targets, since for each target they would take forty
// times the memory and the scrape of all its other metrics.
type timing struct {
	approach string
	label    *dto.LabelPair
	whole    prometheus.Observer
	phases   [len(phaseNames)]func() prometheus.Observer // exposed from their first use on: TLS may never have one
}

// phaseNames are in the order of a probe.
var phaseNames = [...]string{"resolve", "connect", "tls", "write", "first_byte", "read"}

func newTiming(m *Metrics, approach string) *timing {
	t := &timing{approach: approach, label: scrape.Label("approach", approach), whole: m.whole.WithLabelValues(approach)}
	for i, phase := range phaseNames {
		t.phases[i] = sync.OnceValue(func() prometheus.Observer { return m.phases.WithLabelValues(approach, phase) })
	}
	return t
}

func (t *timing) observe(r *probe.Result) {
	t.whole.Observe(r.Total.Seconds())
	p := &r.Phases
	for i, d := range [...]time.Duration{p.Resolve, p.Connect, p.TLS, p.Write, p.FirstByte, p.Read} {
		if d > 0 {
			t.phases[i]().Observe(d.Seconds())
		}
	}
}
