package history_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// live plays a story as a prober does, and keeps its log.
func live(t *testing.T, sc comparetest.Scenario, mode probelog.Mode) (*history.History, compare.Summary, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	run := probelog.Run{ID: "run", Targets: []probe.Target{sc.Target()}, Options: sc.Options(), Timeout: time.Second / 2, Rounds: mode}
	r := probelog.NewRecorder(run, probelog.NewJSON(log, run))
	h := history.New(run.Targets, options(sc))
	r.Start(comparetest.Start)
	at, wall := sc.Play(func(round probe.Round) []probe.Pin {
		o, err := r.Observe(round)
		if err != nil {
			t.Fatal(err)
		}
		h.Observe(round, o)
		return o.Pins
	})
	return h, r.Stop(at, wall, "the end"), log
}

func options(sc comparetest.Scenario) history.Options {
	return history.Options{Interval: sc.Options().Interval, Phases: true, Samples: 8}
}

// replay makes the history again that a log tells.
func replay(t *testing.T, sc comparetest.Scenario, log *bytes.Buffer) *history.History {
	t.Helper()
	h := history.New(nil, options(sc))
	fill(t, h, log)
	return h
}

func fill(t *testing.T, h *history.History, log *bytes.Buffer) {
	t.Helper()
	var p probelog.Replay
	in := probelog.NewReader(log)
	for {
		rec, err := in.Next()
		if err != nil {
			return
		}
		o, err := p.Feed(rec)
		if err != nil {
			t.Fatal(err)
		}
		switch rec.Kind {
		case probelog.StartRecord:
			for _, target := range rec.Run.Targets {
				h.Follow(target)
			}
		case probelog.RoundRecord:
			h.Observe(*rec.Round, o)
		case probelog.StateRecord:
			h.Resume(*rec.State)
		}
	}
}

func TestLanesCountWhatTheTrackerCounts(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			h, sum, _ := live(t, sc, probelog.All)
			lanesCount(t, h, sum)
		})
	}
}

func lanesCount(t *testing.T, h *history.History, sum compare.Summary) {
	t.Helper()
	for _, target := range sum.Targets {
		for i, a := range target.Approaches {
			var got history.Counts
			end := time.Duration(-1)
			for _, s := range h.Target(target.Name).Lanes[i].Stretches {
				got.OK, got.Lost, got.Void, got.Pending = got.OK+s.OK, got.Lost+s.Lost, got.Void+s.Void, got.Pending+s.Pending
				if s.From <= end || s.To < s.From || s.All() == 0 {
					t.Errorf("%s: a stretch of %d probes from %v to %v after one that ended at %v", a.Name, s.All(), s.From, s.To, end)
				}
				end = s.To
			}
			want := history.Counts{OK: a.Probes - a.Lost, Lost: a.Lost, Void: a.Void, Pending: a.Pending}
			if got != want {
				t.Errorf("%s: lanes count %+v, the tracker %+v", a.Name, got, want)
			}
		}
	}
}

func TestALogTellsTheHistoryThatWasLive(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			h, sum, log := live(t, sc, probelog.All)
			read := replay(t, sc, log).Target("httpd")
			want := h.Target("httpd")
			for i := range want.Lanes {
				if !reflect.DeepEqual(read.Lanes[i], want.Lanes[i]) {
					t.Errorf("lane %d was\n%+v\nand is read back as\n%+v", i, want.Lanes[i], read.Lanes[i])
				}
			}
			if !reflect.DeepEqual(read.Events, want.Events) {
				t.Errorf("events were\n%+v\nand are read back as\n%+v", want.Events, read.Events)
			}
			for _, r := range sum.Targets[0].Recreations {
				if got, want := read.Timeline(r), want.Timeline(r); !reflect.DeepEqual(got, want) {
					t.Errorf("recreation %d was\n%+v\nand is read back as\n%+v", r.N, want, got)
				}
			}
		})
	}
}

func TestALogOfChangesCountsTheRoundsThatItLeftOut(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			_, sum, log := live(t, sc, probelog.Changes)
			lanesCount(t, replay(t, sc, log), sum)
		})
	}
}

// timeline is a story's recreation, a step a line.
func timeline(t *testing.T, sc comparetest.Scenario, n int) string {
	t.Helper()
	h, sum, _ := live(t, sc, probelog.All)
	var got []string
	for _, s := range h.Target("httpd").Timeline(sum.Targets[0].Recreations[n-1]) {
		got = append(got, strings.Join(strings.Fields(strings.Join([]string{
			s.After.String(), string(s.Kind), s.Approach, string(s.Outcome), s.Host}, " ")), " "))
	}
	return strings.Join(got, "\n")
}

func TestATimelineSaysWhereTheSecondsWent(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
		want string
	}{
		{"a single pod is recreated with another IP", 1, `0s old_last
1s name_gone apache-pods.localcluster
1s failed ip connect_timeout
1s failed dns refused
1s failed headless dns_not_found
1s failed cached connect_timeout
1s failed keepalive closed
3s name_new apache-pods.localcluster
3s new_first
3s back dns
3s back headless
3s back keepalive
4s back cached`},
		// Names fail while the old pod drains: that is lost to its end.
		{"a pod that drains goes on answering by IP while its name already fails", 1, `-3s name_gone apache-pods.localcluster
-3s failed dns refused
-3s failed headless dns_not_found
-1s name_new apache-pods.localcluster
-1s new_first
-1s back dns
-1s back headless
0s old_last
1s failed ip refused`},
		// What the old pin lost is over when it moves on.
		{"the pin moves on and the next recreation is measured too", 2, `0s old_last
1s failed ip refused
1s failed dns refused
2s new_first
2s back dns`},
		// What begins after the next pod's last answer is the next recreation's.
		{"two recreations in one settling time", 1, `0s old_last
1s failed ip refused
1s failed dns refused
2s new_first
2s back dns`},
		// What was broken when it settled is back later.
		{"a flapping name is broken when it settles and comes back", 1, `0s old_last
1s name_gone apache-pods.localcluster
1s failed ip refused
1s failed dns refused
1s failed headless dns_not_found
2s name_new apache-pods.localcluster
2s new_first
2s back dns
2s back headless
3s failed headless dns_not_found
12s back headless`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := timeline(t, comparetest.Named(tt.name), tt.n); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestOutagesThatEndedAreThoseThatTheTrackerCounts(t *testing.T) {
	for _, sc := range slices.Concat(comparetest.Scenarios, comparetest.Random(30)) {
		t.Run(sc.Name, func(t *testing.T) {
			h, sum, _ := live(t, sc, probelog.All)
			for _, a := range sum.Targets[0].Approaches {
				n, lost, out := 0, 0, time.Duration(0)
				for _, o := range h.Target("httpd").Outages {
					if o.Approach == a.Name {
						n, lost, out = n+1, lost+o.Lost, out+o.Duration()
					}
				}
				if a.Open != nil {
					n, lost, out = n+1, lost+a.Open.Lost, out+a.Open.Duration()
				}
				if n != a.Outages || lost != a.Lost || out != a.Out {
					t.Errorf("%s: %d outages, %d lost, out for %v; the tracker has %d, %d, %v", a.Name, n, lost, out, a.Outages, a.Lost, a.Out)
				}
			}
		})
	}
}

func TestAnOutageThatWasNoneHidesNotTheNext(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: `
		-       A
		A       A x3
		B^      refused x2
		refused B  // the successor is known now, and out
		B       B x8`}
	const want = `0s old_last
1s failed dns refused
3s failed ip refused
3s new_first
3s back dns
4s back ip`
	if got := timeline(t, sc, 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestALaneStaysBoundedAndExactInCount(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: "- A\n" + strings.Repeat("A A\nrefused A\nno_route dns_timeout x2\n", 2000)}
	h, sum, log := live(t, sc, probelog.All)
	lanesCount(t, h, sum)
	few := history.New([]probe.Target{sc.Target()}, history.Options{Interval: sc.Options().Interval, Stretches: 16})
	fill(t, few, log)
	lanesCount(t, few, sum)
	if n := len(few.Target("httpd").Lanes[0].Stretches); n > 16 {
		t.Errorf("%d stretches of 16", n)
	}
	for _, l := range h.Target("httpd").Lanes {
		if n := len(l.Stretches); n > 512 || n < 100 {
			t.Errorf("%d stretches", n)
		}
		if last := l.Stretches[len(l.Stretches)-1]; last.Missing || last.Lost != 2 {
			t.Errorf("the last stretch is %+v: the newest ones are to be kept as they were", last)
		}
		if l.Samples.Len() > 8 {
			t.Errorf("%d samples", l.Samples.Len())
		}
	}
	if n := len(h.Target("httpd").Events); n > 200 {
		t.Errorf("%d events", n)
	}
}

func TestAWrongPodIsNotForgottenWhenStretchesAreMerged(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 S=stranger/10.0.0.5", Service: "10.96.0.1",
		Rounds: "- A\nA A x3\nrefused B x9\nS B\n" + strings.Repeat("refused B x3\nno_route B x2\n", 2000)}
	h, sum, _ := live(t, sc, probelog.All)
	lanesCount(t, h, sum)
	var outcomes []probe.Outcome
	for _, s := range h.Target("httpd").Lanes[0].Stretches {
		outcomes = append(outcomes, s.Outcome)
	}
	if !slices.Contains(outcomes, probe.WrongPod) {
		t.Errorf("of %d stretches none is the wrong pod's", len(outcomes))
	}
}

func TestAPauseIsTimeInWhichNobodyLooked(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: "- A\nA A x3\npause 60s\nA A x3"}
	h, _, _ := live(t, sc, probelog.All)
	s := h.Target("httpd").Lanes[1].Stretches
	if len(s) != 2 || s[0].To != 3*time.Second || s[1].From != 64*time.Second {
		t.Errorf("stretches %+v", s)
	}
}

func TestPhasesAndSamplesAreThoseOfSuccesses(t *testing.T) {
	sc := comparetest.Named("a single pod is recreated with another IP")
	h, sum, _ := live(t, sc, probelog.All)
	for i, l := range h.Target("httpd").Lanes {
		a := sum.Targets[0].Approaches[i]
		if got, want := l.Phases.Total, a.Latency; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: totals %+v, the tracker has %+v", a.Name, got, want)
		}
		all := slices.Collect(l.Samples.All())
		if last := all[len(all)-1]; last.Took != time.Duration(i+1)*500*time.Microsecond {
			t.Errorf("%s: last sample %+v", a.Name, last)
		}
	}
}
