package monitor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"callbyname/internal/probe"
)

var _ Prober = (*probe.Client)(nil)

func TestFirstRoundIsAtOnceAndThenOneEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		everySecond(t, probers{"a": {after(0)}}, 3500*ms, rounds(&got))
		equal(t, got,
			"a #1 at 0s, consumed at 0s: ok",
			"a #2 at 1s, consumed at 1s: ok",
			"a #3 at 2s, consumed at 2s: ok",
			"a #4 at 3s, consumed at 3s: ok")
	})
}

func TestARoundTellsHowLongItsProbesWaitedForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probers{"a": {after(0), after(10 * ms)}}
		m, err := New(p.targets(), p.open, Options{Interval: time.Second, Timeout: 900 * ms, Late: func(time.Duration) {
			time.Sleep(25*ms + 300*time.Nanosecond) // between the tick and its probes
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*ms)
		defer cancel()
		var lags []time.Duration
		if err := m.Run(ctx, func(r probe.Round) []probe.Pin { lags = append(lags, r.Lag); return nil }); err != nil {
			t.Fatal(err)
		}
		if want := 25*ms + time.Microsecond; !slices.Equal(lags, []time.Duration{want, want}) {
			t.Errorf("lags %v, want %v each: rounded up, since a lag is there to bound", lags, want)
		}
	})
}

func TestEachTickTellsHowLateItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probers{}
		for i := range 5 { // two groups
			p[fmt.Sprint(i)] = []*scripted{after(0)}
		}
		var late []time.Duration
		m, err := New(p.targets(), p.open, Options{Interval: time.Second, Timeout: 900 * ms, Late: func(d time.Duration) {
			if late = append(late, d); len(late) == 1 {
				time.Sleep(550 * ms)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1900*ms)
		defer cancel()
		if err := m.Run(ctx, func(probe.Round) []probe.Pin { return nil }); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, 50 * ms, 0, 0}; !slices.Equal(late, want) {
			t.Errorf("ticks late by %v, want %v", late, want)
		}
	})
}

func TestATickHasBothClocksInWholeMicroseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5*time.Minute + 300*time.Nanosecond)
		p := probers{}
		for i := range 12 {
			p[fmt.Sprintf("%02d", i)] = []*scripted{after(0)}
		}
		var at []time.Duration
		everySecond(t, p, 700*ms, func(r probe.Round) []probe.Pin {
			if want := time.Date(2000, 1, 1, 0, 5, 0, int(r.At), time.UTC); r.Wall != want {
				t.Errorf("wall clock %v at %v, want %v", r.Wall, r.At, want)
			}
			at = append(at, r.At)
			return nil
		})
		want := slices.Concat(slices.Repeat([]time.Duration{0}, 4),
			slices.Repeat([]time.Duration{333333 * time.Microsecond}, 4), slices.Repeat([]time.Duration{666666 * time.Microsecond}, 4))
		if !slices.Equal(at, want) {
			t.Errorf("ticks at %v, want three groups of 4", at)
		}
	})
}

func TestAllApproachesStartInOneTickAndStandInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var started []time.Duration
		start := time.Now()
		approach := func(d time.Duration, o probe.Outcome) *scripted {
			return &scripted{probe: func(context.Context, netip.AddrPort) probe.Result {
				mu.Lock()
				started = append(started, time.Since(start))
				mu.Unlock()
				time.Sleep(d)
				return probe.Result{Outcome: o}
			}}
		}
		var got []string
		everySecond(t, probers{"a": {approach(700*ms, probe.Refused), approach(0, probe.OK), approach(300*ms, probe.Reset)}},
			1500*ms, rounds(&got))
		equal(t, got,
			"a #1 at 0s, consumed at 700ms: refused ok reset",
			"a #2 at 1s, consumed at 1.7s: refused ok reset")
		if want := []time.Duration{0, 0, 0, time.Second, time.Second, time.Second}; !slices.Equal(started, want) {
			t.Errorf("probes started at %v, want %v", started, want)
		}
	})
}

func TestASlowApproachDelaysNoOtherTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		everySecond(t, probers{"quick": {after(ms)}, "slow": {after(0), after(899 * ms)}}, 1950*ms, rounds(&got))
		equal(t, got,
			"quick #1 at 0s, consumed at 1ms: ok",
			"slow #1 at 0s, consumed at 899ms: ok ok",
			"quick #2 at 1s, consumed at 1.001s: ok",
			"slow #2 at 1s, consumed at 1.899s: ok ok")
	})
}

func TestARoundThatOverrunsItsIntervalSkipsTicksWithoutANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		everySecond(t, probers{"a": {after(2300 * ms)}, "b": {after(0)}}, 3500*ms, rounds(&got))
		equal(t, got,
			"b #1 at 0s, consumed at 0s: ok",
			"b #2 at 1s, consumed at 1s: ok",
			"b #3 at 2s, consumed at 2s: ok",
			"a #1 at 0s, consumed at 2.3s: ok",
			"b #4 at 3s, consumed at 3s: ok",
			"a #2 at 3s, consumed at 3.5s: void")
	})
}

func TestABlockedConsumerMakesRoundsRarerAndNothingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probers{"a": {after(ms)}, "b": {after(2 * ms)}}
		var got []string
		collect := rounds(&got)
		everySecond(t, p, 6500*ms, func(r probe.Round) []probe.Pin {
			if r.Target == "a" && r.Seq == 2 { // the log is blocked from 1.001 s on
				time.Sleep(3 * time.Second)
			}
			return collect(r)
		})
		equal(t, got,
			"a #1 at 0s, consumed at 1ms: ok",
			"b #1 at 0s, consumed at 2ms: ok",
			"a #2 at 1s, consumed at 4.001s: ok",
			"b #2 at 1s, consumed at 4.001s: ok",
			"a #3 at 5s, consumed at 5.001s: ok",
			"b #3 at 5s, consumed at 5.002s: ok",
			"a #4 at 6s, consumed at 6.001s: ok",
			"b #4 at 6s, consumed at 6.002s: ok")
		if p["a"][0].probes != 4 || p["b"][0].probes != 4 {
			t.Errorf("%d and %d probes were made, want none but those of the rounds", p["a"][0].probes, p["b"][0].probes)
		}
	})
}

func TestPinsAreInForceFromTheNextTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given, learned, other := netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("10.0.0.2:8080"),
			netip.MustParseAddrPort("[fd00::3]:80")
		var a, b []netip.AddrPort
		p := probers{
			"a": {{probe: func(_ context.Context, pin netip.AddrPort) probe.Result {
				time.Sleep(100 * ms)
				a = append(a, pin)
				return probe.Result{Outcome: probe.OK}
			}}},
			"b": {{probe: func(_ context.Context, pin netip.AddrPort) probe.Result {
				time.Sleep(500 * ms)
				b = append(b, pin)
				return probe.Result{Outcome: probe.OK}
			}}},
		}
		targets := p.targets()
		targets[0].Pin = given
		m, err := New(targets, p.open, Options{Interval: time.Second, Timeout: 900 * ms})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2600*ms)
		defer cancel()
		err = m.Run(ctx, func(r probe.Round) []probe.Pin {
			if r.Target == "a" && r.Seq == 1 { // while b's first probe is under way
				return []probe.Pin{{Target: "a", Addr: learned}, {Target: "gone", Addr: given}, {Target: "b", Addr: other}}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []netip.AddrPort{given, learned, learned}; !slices.Equal(a, want) {
			t.Errorf("a was probed at %v, want %v", a, want)
		}
		if want := []netip.AddrPort{{}, other, other}; !slices.Equal(b, want) {
			t.Errorf("b was probed at %v, want %v", b, want)
		}
	})
}

func TestTheRoundUnderWayIsConsumedAtStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probers{"a": {after(0), after(800 * ms)}, "b": {after(100 * ms)}}
		var got []string
		collect := rounds(&got)
		everySecond(t, p, 1500*ms, func(r probe.Round) []probe.Pin {
			if p["a"][0].closed+p["a"][1].closed+p["b"][0].closed > 0 {
				t.Errorf("a prober was closed before the last round was consumed")
			}
			return collect(r)
		})
		equal(t, got,
			"b #1 at 0s, consumed at 100ms: ok",
			"a #1 at 0s, consumed at 800ms: ok ok",
			"b #2 at 1s, consumed at 1.1s: ok",
			"a #2 at 1s, consumed at 1.5s: ok void")
	})
}

func TestTheSentinelRestsWhenTheRoundIsComplete(t *testing.T) {
	hold := make(chan struct{})
	p := probers{"a": {{probe: func(context.Context, netip.AddrPort) probe.Result {
		<-hold
		return probe.Result{Outcome: probe.OK}
	}}}}
	m, err := New(p.targets(), p.open, Options{Interval: time.Second, Timeout: 900 * ms})
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(time.Minute, 1)
	defer r.workers.end()
	r.begin(t.Context(), m.targets[0], r.start)
	if r.sentinel.rounds != 1 {
		t.Errorf("the sentinel counts %d rounds under way, want 1", r.sentinel.rounds)
	}
	close(hold)
	<-r.done
	if r.sentinel.rounds != 0 {
		t.Errorf("the sentinel counts %d rounds under way when it is complete", r.sentinel.rounds)
	}
}

func TestNothingIsProbedWhenTheEndCameFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probers{"a": {after(0)}}
		everySecond(t, p, 0, func(r probe.Round) []probe.Pin {
			t.Errorf("round %d of %s", r.Seq, r.Target)
			return nil
		})
		if n := p["a"][0].probes; n != 0 {
			t.Errorf("%d probes were made", n)
		}
	})
}

func TestRunReturnsWhatWentWrongWithClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, fine := after(0), after(0)
		broken.closing = errors.New("stuck")
		p := probers{"a": {broken, fine}}
		m, err := New(p.targets(), p.open, Options{Interval: time.Second, Timeout: 900 * ms})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err = m.Run(ctx, func(probe.Round) []probe.Pin { return nil })
		if !errors.Is(err, broken.closing) || !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("Run returned %v, want the error of target a", err)
		}
		if fine.closed != 1 {
			t.Errorf("the other prober was closed %d times, want once", fine.closed)
		}
	})
}

func TestNewSaysWhatIsWrongAndLeavesNothingOpen(t *testing.T) {
	target := func(name string, approaches ...string) probe.Target {
		t := probe.Target{Name: name}
		for _, a := range approaches {
			t.Approaches = append(t.Approaches, probe.Approach{Name: a})
		}
		return t
	}
	fine := Options{Interval: time.Second, Timeout: 900 * ms}
	for _, c := range []struct {
		name    string
		targets []probe.Target
		o       Options
		want    string
	}{
		{"no timeout", []probe.Target{target("a", "ip")}, Options{Interval: time.Second}, "timeout 0s with interval 1s"},
		{"timeout not below the interval", []probe.Target{target("a", "ip")}, Options{Interval: time.Second, Timeout: time.Second},
			"timeout 1s with interval 1s"},
		{"no interval", []probe.Target{target("a", "ip")}, Options{Timeout: time.Second}, "timeout 1s with interval 0s"},
		{"no target", nil, fine, "no targets"},
		{"no approach", []probe.Target{target("a", "ip"), target("b")}, fine, `target "b"`},
		{"a name twice", []probe.Target{target("a", "ip", "dns"), target("b", "ip"), target("a", "ip")}, fine, `target "a"`},
		{"an approach that cannot be opened", []probe.Target{target("a", "ip", "dns"), target("b", "ip", "impossible", "dns")}, fine,
			"cannot open impossible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var opened []*scripted
			_, err := New(c.targets, func(_ *probe.Target, a *probe.Approach) (Prober, error) {
				if a.Name == "impossible" {
					return nil, errors.New("cannot open " + a.Name)
				}
				opened = append(opened, after(0))
				return opened[len(opened)-1], nil
			}, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("New returned %v, want an error about %s", err, c.want)
			}
			for i, s := range opened {
				if s.closed != 1 {
					t.Errorf("prober %d was closed %d times, want once", i, s.closed)
				}
			}
		})
	}
}
