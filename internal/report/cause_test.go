package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// played is a story as a prober that runs knows it.
type played struct {
	target  probe.Target
	tracker *compare.Tracker
	history *history.History
}

// play tells a story, and calls after, if not nil, at the end of each round.
func play(t testing.TB, sc comparetest.Scenario, after func(*played)) (*played, compare.TargetSummary) {
	t.Helper()
	targets := []probe.Target{sc.Target()}
	p := &played{targets[0], compare.NewTracker(targets, sc.Options()), history.New(targets, history.Options{Interval: sc.Options().Interval, Phases: true})}
	at, wall := sc.Play(func(r probe.Round) []probe.Pin {
		o, err := p.tracker.Observe(r)
		if err != nil {
			t.Fatal(err)
		}
		p.history.Observe(r, o)
		if after != nil {
			after(p)
		}
		return o.Pins
	})
	p.history.Tell(p.tracker.Stop(at, wall))
	return p, p.tracker.Summary().Targets[0]
}

func TestEachRecreationIsExplained(t *testing.T) {
	var out bytes.Buffer
	for _, sc := range comparetest.Scenarios {
		p, sum := play(t, sc, nil)
		for _, r := range sum.Recreations {
			if r.Withdrawn {
				continue
			}
			fmt.Fprintf(&out, "%s\n  %d  %s\n", sc.Name, r.N, report.Headline(r))
			steps := p.history.Target("httpd").Timeline(r)
			for _, s := range steps {
				fmt.Fprintf(&out, "     %6s  %s\n", s.After, report.StepWords(s, r))
			}
			for _, c := range report.Causes(r, steps, p.target) {
				fmt.Fprintf(&out, "     %s: %s\n", c.Approach, c.Sentence)
			}
			fmt.Fprintln(&out)
		}
	}
	golden(t, "causes", out.Bytes())
}

// What a cause says is what the verdict says, and its steps hold what the tracker counts.
func TestCausesAgreeWithVerdicts(t *testing.T) {
	leads := map[compare.Verdict]string{
		compare.Survived: "lost nothing: ", compare.Came: "out ", compare.Broken: "did not come back: ",
		compare.Misrouted: "met the wrong pod: ", compare.Unmeasured: "no probe counted",
	}
	for _, sc := range stories {
		t.Run(sc.Name, func(t *testing.T) {
			p, sum := play(t, sc, nil)
			for _, r := range sum.Recreations {
				if r.Withdrawn {
					continue
				}
				steps := p.history.Target("httpd").Timeline(r)
				causes := report.Causes(r, steps, p.target)
				for i, e := range r.Effects {
					if c := causes[i]; c.Approach != e.Approach || !strings.HasPrefix(c.Sentence, leads[e.Verdict]) {
						t.Errorf("recreation %d: %s %s: %+v", r.N, e.Approach, e.Verdict, c)
					}
					if e.Verdict == compare.Came && !strings.Contains(causes[i].Sentence, report.Duration(e.For)) {
						t.Errorf("recreation %d: %s was out for %v: %s", r.N, e.Approach, e.For, causes[i].Sentence)
					}
					is := func(kind history.StepKind) bool {
						return slices.ContainsFunc(steps, func(s history.Step) bool { return s.Kind == kind && s.Approach == e.Approach })
					}
					if is(history.Failed) != (e.Lost > 0) {
						t.Errorf("recreation %d: %s lost %d, its timeline is %+v", r.N, e.Approach, e.Lost, steps)
					}
					if e.Verdict == compare.Came && !is(history.Back) {
						t.Errorf("recreation %d: %s recovered, its timeline is %+v", r.N, e.Approach, steps)
					}
				}
			}
		})
	}
}

func TestARecreationThatHasNotSettledIsToldAsFarAsItWent(t *testing.T) {
	told := map[string]int{}
	for _, sc := range stories {
		play(t, sc, func(p *played) {
			for _, r := range p.tracker.Summary().Targets[0].Recreations {
				if r.Withdrawn || !r.Settled.IsZero() {
					continue
				}
				for _, c := range report.Causes(r, p.history.Target("httpd").Timeline(r), p.target) {
					lead, _, _ := strings.Cut(c.Sentence, ":")
					told[strings.Fields(lead)[0]]++
					if lead != "still out" && lead != "lost nothing so far" && !strings.HasPrefix(lead, "out ") {
						t.Errorf("%s: %s: %s", sc.Name, c.Approach, c.Sentence)
					}
				}
			}
		})
	}
	if told["still"] == 0 || told["lost"] == 0 || told["out"] == 0 {
		t.Errorf("told %v", told)
	}
}

// in is a point in time, so long after the old pod's last answer.
func in(d time.Duration) compare.Moment {
	return compare.Moment{Seq: 1 + uint64(d/(100*time.Millisecond)), At: d, Wall: start.Add(d)}
}

func TestTheSecondsOfACacheAreToldApartFromThoseOfTheName(t *testing.T) {
	const name = "apache-pods"
	r := compare.Recreation{N: 1, Kind: compare.Recreated, LastOld: in(0), FirstNew: in(3200 * time.Millisecond)}
	step := func(kind history.StepKind, after time.Duration, approach, host string) history.Step {
		return history.Step{Kind: kind, Moment: in(after), After: after, Approach: approach, Outcome: probe.ConnectTimeout, Host: host}
	}
	const begin, came = 1100 * time.Millisecond, 3200 * time.Millisecond
	tests := map[string]struct {
		approach probe.Approach
		classes  []probe.Outcome
		back     time.Duration // 0 for never
		named    bool
		want     string
	}{
		"cached": {probe.Approach{Host: name, Cache: 30 * time.Second}, []probe.Outcome{probe.ConnectTimeout}, 31 * time.Second, true,
			"out for 29.9s: the name had the new address after 2.1s; the client's cache held the old one for another 27.8s"},
		"cached, and nobody else looked the name up": {probe.Approach{Host: "other", Headless: true, Cache: 30 * time.Second},
			[]probe.Outcome{probe.ConnectTimeout}, 31 * time.Second, false, "out for 29.9s: its cache held an old address for that long"},
		"cached for ever": {probe.Approach{Host: name, Cache: probe.Forever}, []probe.Outcome{probe.ConnectTimeout}, 0, true,
			"did not come back: it keeps the first address for ever, which went with the old pod; only a restart of the client helps"},
		"a Service cached for ever": {probe.Approach{Host: "svc", Cache: probe.Forever}, []probe.Outcome{probe.Refused}, came, false,
			"out for 2.1s: the Service had no pod that was ready (refused), until it led to the new pod; the address that was kept is the Service's, and never changes"},
		"cached, and run out while the name had no address": {probe.Approach{Host: name, Cache: time.Second}, []probe.Outcome{probe.ConnectTimeout, probe.DNSNotFound},
			came, true, "out for 2.1s: its cache held the old address, then the name had none, and then the new one"},
		"cached, and run out before": {probe.Approach{Host: name, Cache: time.Second}, []probe.Outcome{probe.DNSNotFound}, came, true,
			"out for 2.1s: the name had no address for that long, and then the new one"},
		"an error behind a Service": {probe.Approach{Host: "svc"}, []probe.Outcome{probe.HTTPStatus}, came, false,
			"out for 2.1s: who answered behind the Service gave an error (http_status), until it led to the new pod; its address never changed"},
		"a Service": {probe.Approach{Host: "svc"}, []probe.Outcome{probe.ConnectTimeout}, came, false,
			"out for 2.1s: the Service still led to a pod that was gone (connect_timeout), until it led to the new pod; its address never changed"},
		"a pod that starts slowly": {probe.Approach{Host: name}, []probe.Outcome{probe.DNSNotFound, probe.Refused}, 5200 * time.Millisecond, true,
			"out for 4.1s: the name had the new address after 2.1s; it took another 2.0s until the new pod answered there"},
		"a kept connection": {probe.Approach{Host: name, KeepAlive: true}, []probe.Outcome{probe.ResponseTimeout}, 16100 * time.Millisecond, true,
			"out for 15.0s: its connection hung, with nobody at the other end; the name had the new address after 2.1s; a new one was made after another 12.9s"},
		"a kept connection through a Service": {probe.Approach{Host: "svc", KeepAlive: true}, []probe.Outcome{probe.Reset}, came, false,
			"out for 2.1s: its connection went with the old pod; a new one led through the Service to the new pod; its address never changed"},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			tt.approach.Name = "x"
			steps := []history.Step{step(history.OldLast, 0, "", ""), step(history.Failed, begin, "x", ""), step(history.NewFirst, came, "", "")}
			if tt.named {
				steps = append(steps, step(history.NameNew, came, "", name))
			}
			e := compare.Effect{Approach: "x", Verdict: compare.Broken, Classes: tt.classes, Lost: 9}
			if tt.back > 0 {
				steps = append(steps, step(history.Back, tt.back, "x", ""))
				e.Verdict, e.For = compare.Came, tt.back-begin
			}
			r.Effects = []compare.Effect{e}
			got := report.Causes(r, steps, probe.Target{Approaches: []probe.Approach{tt.approach}})
			if len(got) != 1 || got[0].Sentence != tt.want {
				t.Errorf("got  %+v\nwant %s", got, tt.want)
			}
		})
	}
}
