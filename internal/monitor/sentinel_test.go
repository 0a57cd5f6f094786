package monitor

import (
	"testing"
	"testing/synctest"
	"time"

	"callbyname/internal/probe"
)

func TestWhatAProbeLostToThePausesOfTheProber(t *testing.T) {
	type beat struct{ now, asleep time.Duration }
	regular := []beat{{20 * ms, 0}, {40 * ms, 0}, {60 * ms, 0}}
	for _, c := range []struct {
		name            string
		beats           []beat
		began           time.Duration
		now, asleep     time.Duration
		paused, starved time.Duration
	}{
		{name: "regular beats", beats: regular, now: 70 * ms},
		{name: "beats each late by the jitter", beats: []beat{{40 * ms, 0}, {80 * ms, 0}}, now: 120 * ms},
		{name: "beats each late by less than the limit", beats: []beat{{100 * ms, 0}, {200 * ms, 0}}, now: 300 * ms, starved: 240 * ms},
		{name: "a late beat", beats: []beat{{20 * ms, 0}, {141 * ms, 0}}, now: 150 * ms, starved: 101 * ms},
		{name: "a beat that is due and has not fired", beats: regular, now: 200 * ms, starved: 120 * ms},
		{name: "the first beat has not fired", now: 500 * ms, starved: 480 * ms},
		{name: "late before the probe", beats: []beat{{500 * ms, 0}}, began: 500 * ms, now: 510 * ms},
		{name: "late only partly during the probe", beats: []beat{{500 * ms, 0}}, began: 450 * ms, now: 510 * ms, starved: 50 * ms},
		{name: "late again, less than the limit", beats: []beat{{500 * ms, 0}, {600 * ms, 0}}, now: 610 * ms, starved: 560 * ms},
		{name: "stopped", beats: []beat{{20 * ms, 0}, {2 * time.Second, 0}}, now: 2010 * ms,
			paused: 1960 * ms, starved: 1960 * ms},
		{name: "stopped, then starved", beats: []beat{{2 * time.Second, 0}, {2200 * ms, 0}}, now: 2210 * ms,
			paused: 1980 * ms, starved: 2160 * ms},
		{name: "stopped until now", beats: regular, now: 3 * time.Second, paused: 2920 * ms, starved: 2920 * ms},
		{name: "stopped before the probe", beats: []beat{{2 * time.Second, 0}}, began: 2 * time.Second, now: 2900 * ms,
			starved: 880 * ms},
		{name: "suspended without a late beat", beats: []beat{{20 * ms, 0}, {40 * ms, time.Hour}}, now: 50 * ms, asleep: time.Hour,
			paused: time.Hour, starved: time.Hour},
		{name: "suspended until now", beats: regular, now: 65 * ms, asleep: time.Minute, paused: time.Minute, starved: time.Minute},
		{name: "suspended before the probe", beats: []beat{{20 * ms, time.Hour}}, began: 20 * ms, now: 30 * ms, asleep: time.Hour},
		{name: "a reading of the clocks that was off", beats: []beat{{20 * ms, ms}}, now: 30 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBeats(900 * ms)
			var before time.Duration // what was lost when the probe began
			for _, x := range c.beats {
				if b.last <= c.began && c.began < x.now {
					b.look(c.began, b.asleep)
					before = b.lost()
				}
				b.look(x.now, x.asleep)
				b.restart(x.now, x.asleep)
			}
			if b.last <= c.began {
				b.look(c.began, b.asleep)
				before = b.lost()
			}
			b.look(c.now, c.asleep)
			if paused, starved := b.paused.lost(c.began), b.lost()-before; paused != c.paused || starved != c.starved {
				t.Errorf("lost %v to a pause and %v to starvation; want %v and %v", paused, starved, c.paused, c.starved)
			}
		})
	}
}

func TestTheSentinelRestsBetweenRoundsAndTakesThatForNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSentinel(time.Minute)
		ended := make(chan struct{})
		go s.watch(ended)
		for _, c := range []struct {
			at      time.Duration
			do      func()
			last    time.Duration
			beating bool
		}{
			{0, func() {}, 0, false},
			{5 * time.Second, s.enter, 5 * time.Second, true},
			{5050 * ms, s.enter, 5040 * ms, true}, // another round, while the first is under way
			{5070 * ms, s.leave, 5060 * ms, true},
			{5110 * ms, s.leave, 5100 * ms, true},
			{9 * time.Second, func() {}, 5120 * ms, false},
			{10 * time.Second, s.enter, 10 * time.Second, true},
			{10050 * ms, s.leave, 10040 * ms, true},
		} {
			time.Sleep(c.at - time.Since(s.start))
			c.do()
			synctest.Wait()
			s.mu.Lock()
			if s.beats.last != c.last || s.awake != c.beating {
				t.Errorf("at %v: last beat at %v, beating %t; want %v, %t", c.at, s.beats.last, s.awake, c.last, c.beating)
			}
			s.mu.Unlock()
		}
		close(ended)
		synctest.Wait()
		if s.beats.lost() != 0 || s.beats.paused != (gap{}) {
			t.Errorf("lost %v, gap %v; want none", s.beats.lost(), s.beats.paused)
		}
	})
}

func TestOnlyWhatThePauseCanHaveCausedIsVoid(t *testing.T) {
	timeouts := []probe.Outcome{probe.ConnectTimeout, probe.ResponseTimeout, probe.DNSTimeout}
	slow := []probe.Outcome{probe.ConnectTimeout, probe.ResponseTimeout, probe.DNSTimeout, probe.Closed, probe.Reset, probe.Truncated}
	var failures []probe.Outcome
	for _, o := range probe.Outcomes {
		if o.Failed() {
			failures = append(failures, o)
		}
	}
	for _, c := range []struct {
		name        string
		late, since time.Duration // the beat, and how long before the failure
		void        []probe.Outcome
		why         probe.VoidReason
	}{
		{"on time", 0, 0, nil, ""},
		{"late by 100ms", 100 * ms, 5 * ms, nil, ""},
		{"late by 100ms, just when the time ran out", 100 * ms, 4 * ms, timeouts, probe.Starved},
		{"late by the jitter, just when the time ran out", 20 * ms, 0, nil, ""},
		{"late by a little more, just when the time ran out", 21 * ms, 0, timeouts, probe.Starved},
		{"starved", 101 * ms, 20 * ms, slow, probe.Starved},
		{"starved for a second", time.Second, 20 * ms, slow, probe.Starved},
		{"paused", time.Second + ms, 20 * ms, failures, probe.Paused},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBeats(900 * ms)
			b.look(beatPeriod+c.late, 0)
			b.restart(beatPeriod+c.late, 0)
			b.look(beatPeriod+c.late+c.since, 0)
			want := map[probe.Outcome]bool{}
			for _, o := range c.void {
				want[o] = true
			}
			for _, o := range failures {
				r := probe.Result{Outcome: o, Detail: "why"}
				b.excuse(&r, 0, 0)
				if !want[o] {
					if r.Outcome != o || r.Reason != "" || r.Detail != "why" {
						t.Errorf("%s became %s %s %q", o, r.Outcome, r.Reason, r.Detail)
					}
				} else if r.Outcome != probe.Void || r.Reason != c.why {
					t.Errorf("%s became %s %s, want void %s", o, r.Outcome, r.Reason, c.why)
				}
			}
		})
	}
}

func TestHowMuchAProbeMayLoseAndBeBelieved(t *testing.T) {
	for timeout, want := range map[time.Duration][2]time.Duration{
		900 * ms: {100 * ms, 300 * ms}, 400 * ms: {100 * ms, 400 * ms / 3}, 240 * ms: {60 * ms, 80 * ms}, 48 * ms: {12 * ms, 16 * ms},
	} {
		if b := newBeats(timeout); b.once != want[0] || b.all != want[1] {
			t.Errorf("with a timeout of %v: %v once and %v in all, want %v", timeout, b.once, b.all, want)
		}
	}
}

// A CPU limit stops a process for up to 95 ms of each 100, none of which is long.
func TestManyShortStopsAddUp(t *testing.T) {
	for _, c := range []struct {
		every, late time.Duration
		want        probe.Outcome
	}{
		{100 * ms, 80 * ms, probe.Void},
		{100 * ms, 40 * ms, probe.Void},
		{100 * ms, 30 * ms, probe.ConnectTimeout}, // it was there two thirds of the time
		{40 * ms, 20 * ms, probe.ConnectTimeout},  // as any process on a busy CPU
	} {
		b := newBeats(900 * ms)
		for at := time.Duration(0); at < 900*ms; at += c.every {
			for now := at; now < at+c.every-c.late; now += beatPeriod {
				b.look(now, 0)
				b.restart(now, 0)
			}
			b.look(at+c.every, 0)
			b.restart(at+c.every, 0)
		}
		b.look(910*ms, 0)
		r := probe.Result{Outcome: probe.ConnectTimeout}
		if b.excuse(&r, 0, 0); r.Outcome != c.want {
			t.Errorf("late by %v each %v, %v in all: %s, want %s", c.late, c.every, b.lost(), r.Outcome, c.want)
		}
	}
}

func TestABeatThatIsDueAndHasNotFiredCounts(t *testing.T) {
	s := newSentinel(time.Minute)
	s.start = s.start.Add(-2 * time.Second) // it was asked to beat then, and has not run since
	s.beats.restart(0, asleep())
	r := probe.Result{Outcome: probe.Closed}
	s.excuse(&r, s.start, 0)
	if r.Outcome != probe.Void || r.Reason != probe.Paused {
		t.Errorf("the probe came to %s %s, want void paused", r.Outcome, r.Reason)
	}
}

// How long an answer took, nobody knows who was stopped meanwhile.
func TestAnAnswerAcrossAPauseIsNoLatency(t *testing.T) {
	for _, c := range []struct {
		took, stopped time.Duration
		want          probe.Outcome
	}{
		{took: 3 * time.Second, stopped: 2 * time.Second, want: probe.Void},
		{took: 3 * time.Second, stopped: 500 * ms, want: probe.OK},
		{took: 900 * ms, stopped: 2 * time.Second, want: probe.OK}, // it was there before
	} {
		b := newBeats(900 * ms)
		b.look(beatPeriod+c.stopped, 0)
		r := probe.Result{Outcome: probe.OK, Total: c.took}
		if doubtful(&r, 900*ms) {
			b.excuse(&r, 0, 0)
		}
		if r.Outcome != c.want {
			t.Errorf("an answer after %v, of which the prober was stopped for %v, is %s %s", c.took, c.stopped, r.Outcome, r.Detail)
		}
	}
}

func TestAVoidResultStillTellsWhatTheProbeCameTo(t *testing.T) {
	r := probe.Result{Outcome: probe.ResponseTimeout, Detail: "no answer within 900ms", Status: 200}
	void(&r, probe.Starved, "the prober got no CPU for 412ms")
	want := "the prober got no CPU for 412ms; response_timeout: no answer within 900ms"
	if r.Detail != want || r.Status != 200 {
		t.Errorf("detail %q, status %d; want %q, 200", r.Detail, r.Status, want)
	}
}

// A real clock stands behind it on Linux; elsewhere it is 0.
func TestTheTimeAsleepIsConstantWhileTheMachineRuns(t *testing.T) {
	before := asleep()
	for range 1000 {
		if d := asleep() - before; d.Abs() > 500*ms {
			t.Fatalf("asleep for %v longer, between two looks in a row", d)
		}
	}
	if before < 0 {
		t.Errorf("asleep for %v since boot", before)
	}
}
