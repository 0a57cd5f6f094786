package probes_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/metrics/probes"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/probe"
)

// run is a tracker with the metrics of what it observes.
type run struct {
	*testing.T
	tracker *compare.Tracker
	metrics *probes.Metrics
	scrape  prometheus.Gatherer
}

func begin(t *testing.T, sc comparetest.Scenario) *run {
	targets := []probe.Target{sc.Target()}
	r := &run{T: t, tracker: compare.NewTracker(targets, sc.Options()), metrics: probes.New(targets, comparetest.Interval, time.Second/2)}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(r.metrics)
	r.scrape = scrape.Whole(reg, r.metrics.Families)
	return r
}

func (r *run) observe(round probe.Round) []probe.Pin {
	r.Helper()
	o, err := r.tracker.Observe(round)
	if err != nil {
		r.Fatal(err)
	}
	r.metrics.Observe(round, o)
	return o.Pins
}

func (r *run) gather() []*dto.MetricFamily {
	r.Helper()
	families, err := r.scrape.Gather()
	if err != nil {
		r.Fatal(err)
	}
	return families
}

// values are all counters and gauges as a scrape tells them, and the counts of histograms, by name and labels.
func (r *run) values() (all, counters map[string]float64) {
	r.Helper()
	all, counters = map[string]float64{}, map[string]float64{}
	for _, f := range r.gather() {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			key := strings.TrimPrefix(f.GetName(), "callbyname_") + "{" + strings.Join(labels, ",") + "}"
			switch {
			case m.Counter != nil:
				all[key], counters[key] = m.Counter.GetValue(), m.Counter.GetValue()
			case m.Gauge != nil:
				all[key] = m.Gauge.GetValue()
			case m.Histogram != nil:
				all[key] = float64(m.Histogram.GetSampleCount())
			}
		}
	}
	return all, counters
}

// figures are what a Summary says, and the last outcomes that count, as they are to be found in the metrics.
func figures(s compare.TargetSummary, last []probe.Outcome) map[string]float64 {
	want := map[string]float64{
		"rounds": float64(s.Rounds), "paused": s.Paused.Seconds(), "recreated": float64(s.Recreated),
		"restarts": float64(s.Restarts), "dns changes": float64(s.DNSChanges),
	}
	for i, a := range s.Approaches {
		of := func(what string, v float64) { want[a.Name+" "+what] = v }
		of("ok", float64(a.Probes-a.Lost))
		of("lost", float64(a.Lost))
		of("void", float64(a.Void))
		of("pending", float64(a.Pending))
		of("outages", float64(a.Outages))
		of("out", a.Out.Seconds())
		for _, class := range probe.Outcomes {
			if class.Failed() {
				of(string(class), float64(a.Classes[class]))
			}
		}
		switch {
		case last[i] == probe.OK:
			of("up", 1)
		case last[i] != "":
			of("up", 0)
		}
	}
	return want
}

// found are the same figures, from the metrics: what was counted, less what was taken back.
func found(v map[string]float64, t probe.Target) map[string]float64 {
	at := fmt.Sprintf("{target=%s}", t.Name)
	got := map[string]float64{
		"rounds": v["rounds_total"+at], "paused": v["paused_seconds_total"+at], "restarts": v["restarts_total"+at],
		"recreated":   v["recreations_total"+at] - v["withdrawn_recreations_total"+at],
		"dns changes": v["dns_changes_total"+at],
	}
	for _, a := range t.Approaches {
		at := fmt.Sprintf("{approach=%s,target=%s}", a.Name, t.Name)
		by := func(metric string, o probe.Outcome) float64 {
			return v[fmt.Sprintf("%s{approach=%s,outcome=%s,target=%s}", metric, a.Name, o, t.Name)]
		}
		ok, refused := by("corrected_probes_total", probe.OK), by("corrected_probes_total", probe.HTTPStatus)
		of := func(what string, v float64) { got[a.Name+" "+what] = v }
		of("ok", by("probes_total", probe.OK)+ok)
		of("lost", v["lost_probes_total"+at]-ok)
		of("void", by("probes_total", probe.Void))
		of("pending", by("probes_total", probe.Pending))
		of("outages", v["outages_total"+at]-v["corrected_outages_total"+at])
		of("out", v["outage_seconds_total"+at]-v["corrected_outage_seconds_total"+at])
		for _, class := range probe.Outcomes {
			if class.Failed() {
				of(string(class), by("probes_total", class))
			}
		}
		got[a.Name+" "+string(probe.WrongPod)] -= ok + refused
		got[a.Name+" "+string(probe.HTTPStatus)] += refused
		if up, ok := v["up"+at]; ok {
			of("up", up)
		}
	}
	return got
}

func TestAfterEachRoundTheMetricsSayWhatTheSummarySays(t *testing.T) {
	corrected := 0
	for _, sc := range append(comparetest.Scenarios, comparetest.Random(40)...) {
		r := begin(t, sc)
		target, before := sc.Target(), map[string]float64{}
		last := make([]probe.Outcome, len(target.Approaches))
		sc.Play(func(round probe.Round) []probe.Pin {
			o, err := r.tracker.Observe(round)
			if err != nil {
				t.Fatal(err)
			}
			r.metrics.Observe(round, o)
			for i, j := range o.Judged {
				if j.Outcome == probe.OK || j.Outcome.Failed() {
					last[i] = j.Outcome
				}
			}
			all, counters := r.values()
			got, want := found(all, target), figures(r.tracker.Summary().Targets[0], last)
			for what, v := range want {
				if g, ok := got[what]; !ok || max(g-v, v-g) > 1e-9 {
					t.Errorf("%s: after round %d %s is %v (%t), and in the summary %v", sc.Name, round.Seq, what, g, ok, v)
				}
				delete(got, what)
			}
			if len(got) > 0 {
				t.Errorf("%s: after round %d the metrics tell %v, and the summary does not", sc.Name, round.Seq, got)
			}
			for name, v := range before {
				if now, ok := counters[name]; !ok || now < v {
					t.Errorf("%s: counter %s went from %v to %v (%t) in round %d", sc.Name, name, v, now, ok, round.Seq)
				}
			}
			before = counters
			return o.Pins
		})
		for name, v := range before {
			if strings.HasPrefix(name, "corrected_") && v > 0 {
				corrected++
			}
		}
	}
	if corrected < 20 {
		t.Errorf("only %d counters of corrections ever grew: the stories no longer test them", corrected)
	}
}

func TestSuccessesAreTimedByApproachAndPhaseForAllTargetsTogether(t *testing.T) {
	sc := comparetest.Named("a single pod is recreated with another IP")
	a, b := sc.Target(), sc.Target()
	b.Name = "other"
	targets := []probe.Target{a, b}
	m := probes.New(targets, time.Second, time.Second/2)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(m)
	tr := compare.NewTracker(targets, sc.Options())
	ok := map[string]int{}
	sc.Play(func(r probe.Round) []probe.Pin {
		for _, target := range targets {
			r.Target = target.Name
			for i := range r.Results {
				r.Results[i].Phases = probe.Phases{Connect: 100 * time.Microsecond, FirstByte: 2 * time.Millisecond}
			}
			o, err := tr.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			m.Observe(r, o)
			for i, j := range o.Judged {
				if j.Outcome == probe.OK {
					ok[target.Approaches[i].Name]++
				}
			}
		}
		return nil
	})
	all, _ := (&run{T: t, scrape: reg}).values()
	got, want := map[string]float64{}, map[string]float64{}
	for name, v := range all {
		if strings.Contains(name, "_duration_") {
			got[name] = v
		}
	}
	for name, n := range ok {
		want["probe_duration_seconds{approach="+name+"}"] = float64(n)
		for _, phase := range []string{"connect", "first_byte"} {
			want["phase_duration_seconds{approach="+name+",phase="+phase+"}"] = float64(n)
		}
	}
	want["probe_duration_seconds{approach=ip}"] = float64(ok["ip"])
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, f := range (&run{T: t, scrape: reg}).gather() {
		for _, m := range f.Metric {
			if h := m.Histogram; h != nil && (h.Schema == nil || len(h.Bucket) < 10 || h.GetSampleCount() > 0 && len(h.PositiveSpan) == 0) {
				t.Errorf("%s is not both native and classic: %v", f.GetName(), h)
			}
		}
	}
}

func TestVoidProbesAreCountedByReasonAndTicksByLateness(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: "- A\nvoid A\nvoid void"}
	r := begin(t, sc)
	sc.Play(r.observe)
	r.metrics.Late(3 * time.Millisecond)
	r.metrics.Late(-time.Nanosecond) // a clock may be as coarse as that
	all, _ := r.values()
	for name, want := range map[string]float64{
		"void_probes_total{reason=starved}": 3, "void_probes_total{reason=paused}": 0, "void_probes_total{reason=no_files}": 0,
		"tick_lateness_seconds{}": 2, "interval_seconds{}": 1, "timeout_seconds{}": 0.5,
	} {
		if got, ok := all[name]; !ok || got != want {
			t.Errorf("%s is %v (%t), want %v", name, got, ok, want)
		}
	}
}

// What an alert asks for the growth of must be there before it first grows; what is not known yet must not look like news.
func TestBeforeTheFirstRoundCountersAreThereAndUpIsNot(t *testing.T) {
	all, _ := begin(t, comparetest.Scenario{Approaches: "ip dns cached"}).values()
	var got []string
	for name, v := range all {
		if strings.Contains(name, "target=") {
			got = append(got, fmt.Sprint(name, " ", v))
		}
	}
	slices.Sort(got)
	want := strings.Fields(`
		corrected_outage_seconds_total{approach=cached,target=httpd} corrected_outage_seconds_total{approach=ip,target=httpd}
		corrected_outages_total{approach=cached,target=httpd} corrected_outages_total{approach=ip,target=httpd}
		corrected_probes_total{approach=cached,outcome=ok,target=httpd} corrected_probes_total{approach=ip,outcome=ok,target=httpd}
		dns_changes_total{target=httpd}
		lost_probes_total{approach=cached,target=httpd} lost_probes_total{approach=dns,target=httpd} lost_probes_total{approach=ip,target=httpd}
		outage_seconds_total{approach=cached,target=httpd} outage_seconds_total{approach=dns,target=httpd} outage_seconds_total{approach=ip,target=httpd}
		outages_total{approach=cached,target=httpd} outages_total{approach=dns,target=httpd} outages_total{approach=ip,target=httpd}
		paused_seconds_total{target=httpd} pauses_total{target=httpd}
		probes_total{approach=cached,outcome=ok,target=httpd} probes_total{approach=cached,outcome=wrong_pod,target=httpd}
		probes_total{approach=dns,outcome=ok,target=httpd}
		probes_total{approach=ip,outcome=ok,target=httpd} probes_total{approach=ip,outcome=wrong_pod,target=httpd}
		recreations_total{target=httpd} restarts_total{target=httpd} rounds_total{target=httpd} withdrawn_recreations_total{target=httpd}`)
	for i := range want {
		want[i] += " 0"
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheTTLIsThatOfTheLastAnswerFromDNS(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: "- A\nA A\nA dns_timeout"}
	r := begin(t, sc)
	ttls := []time.Duration{30 * time.Second, 5 * time.Second, 0}
	sc.Play(func(round probe.Round) []probe.Pin {
		round.Results[1].Answer.TTL, ttls = ttls[0], ttls[1:]
		return r.observe(round)
	})
	all, _ := r.values()
	for name, v := range all {
		if strings.HasPrefix(name, "dns_ttl_seconds") && (name != "dns_ttl_seconds{approach=dns,target=httpd}" || v != 5) {
			t.Errorf("%s is %v", name, v)
		}
	}
	if _, ok := all["dns_ttl_seconds{approach=dns,target=httpd}"]; !ok {
		t.Error("no TTL")
	}
}

// Only the configuration and closed sets make labels: nothing that a pod, a DNS server or a client says.
func TestWhatATargetSaysOfItselfMakesNoSeries(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns keepalive", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: "- A *A\nA A A x300"}
	r := begin(t, sc)
	n := 0
	sc.Play(func(round probe.Round) []probe.Pin {
		for i := range round.Results {
			if who := round.Results[i].Who; who != nil {
				n++
				hostile := *who
				hostile.UID, hostile.Instance = fmt.Sprint("uid", n), fmt.Sprint("i", n)
				hostile.Name = fmt.Sprintf("pod\xff\n\"} %d", n)
				round.Results[i].Who = &hostile
			}
		}
		return r.observe(round)
	})
	all, _ := r.values()
	for name := range all {
		if !utf8.ValidString(name) || strings.ContainsAny(name, "\n\"") || strings.Contains(name, "uid") {
			t.Errorf("series %q", name)
		}
	}
	if len(all) > 70 {
		t.Errorf("%d series of one target with three approaches", len(all))
	}
}

func TestScrapesAndRoundsDoNotDisturbEachOther(t *testing.T) {
	sc := comparetest.Named("the successor has the old IP and is not Ready yet")
	r := begin(t, sc)
	var scrapes sync.WaitGroup
	for range 3 {
		scrapes.Go(func() {
			for range 20 {
				if _, err := r.scrape.Gather(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sc.Play(r.observe)
	scrapes.Wait()
}

func TestARoundThatIsNoneOfTheTargetsChangesNothing(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: "- A"}
	r := begin(t, sc)
	before, _ := r.values()
	sc.Play(func(round probe.Round) []probe.Pin {
		o, err := r.tracker.Observe(round)
		if err != nil {
			t.Fatal(err)
		}
		other, short := round, round
		other.Target, short.Results = "another", round.Results[:1]
		r.metrics.Observe(other, o)
		r.metrics.Observe(short, o)
		r.metrics.Observe(round, compare.Observation{})
		return nil
	})
	if after, _ := r.values(); !maps.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
}
