package monitor

import (
	"testing"
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
		{name: "beats each late by the limit", beats: []beat{{120 * ms, 0}, {240 * ms, 0}}, now: 360 * ms},
		{name: "a late beat", beats: []beat{{20 * ms, 0}, {141 * ms, 0}}, now: 150 * ms, starved: 101 * ms},
		{name: "a beat that is due and has not fired", beats: regular, now: 200 * ms, starved: 120 * ms},
		{name: "the first beat has not fired", now: 500 * ms, starved: 480 * ms},
		{name: "late before the probe", beats: []beat{{500 * ms, 0}}, began: 500 * ms, now: 510 * ms},
		{name: "late only partly during the probe", beats: []beat{{500 * ms, 0}}, began: 450 * ms, now: 510 * ms, starved: 50 * ms},
		{name: "late again, less than the limit", beats: []beat{{500 * ms, 0}, {600 * ms, 0}}, now: 610 * ms, starved: 480 * ms},
		{name: "stopped", beats: []beat{{20 * ms, 0}, {2 * time.Second, 0}}, now: 2010 * ms,
			paused: 1960 * ms, starved: 1960 * ms},
		{name: "stopped, then starved", beats: []beat{{2 * time.Second, 0}, {2200 * ms, 0}}, now: 2210 * ms,
			paused: 1980 * ms, starved: 180 * ms},
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
			var b beats
			for _, x := range c.beats {
				b.beat(x.now, x.asleep)
			}
			b.look(c.now, c.asleep)
			if paused, starved := b.paused.lost(c.began), b.starved.lost(c.began); paused != c.paused || starved != c.starved {
				t.Errorf("lost %v to a pause and %v to starvation; want %v and %v", paused, starved, c.paused, c.starved)
			}
		})
	}
}

func TestOnlyWhatThePauseCanHaveCausedIsVoid(t *testing.T) {
	timeouts := []probe.Outcome{probe.ConnectTimeout, probe.ResponseTimeout, probe.DNSTimeout}
	var failures []probe.Outcome
	for _, o := range probe.Outcomes {
		if o.Failed() {
			failures = append(failures, o)
		}
	}
	for _, c := range []struct {
		name string
		late time.Duration
		void []probe.Outcome
		why  probe.VoidReason
	}{
		{"on time", 0, nil, ""},
		{"late by 100ms", 100 * ms, nil, ""},
		{"starved", 101 * ms, timeouts, probe.Starved},
		{"starved for a second", time.Second, timeouts, probe.Starved},
		{"paused", time.Second + ms, failures, probe.Paused},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b beats
			b.look(beatPeriod+c.late, 0)
			want := map[probe.Outcome]bool{}
			for _, o := range c.void {
				want[o] = true
			}
			for _, o := range failures {
				r := probe.Result{Outcome: o, Detail: "why"}
				b.excuse(&r, 0)
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
