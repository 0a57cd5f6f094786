package main

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
)

func TestATurnMakesAllItsProbes(t *testing.T) {
	var made [3]atomic.Int64
	var probers []prober
	for i := range made {
		probers = append(probers, func(context.Context) error {
			made[i].Add(1)
			return nil
		})
	}
	for _, atOnce := range []bool{false, true} {
		if cpu, err := turn(t.Context(), os.Getpid(), 30, atOnce, probers); err != nil || cpu <= 0 {
			t.Errorf("at once %v: %v µs, %v", atOnce, cpu, err)
		}
	}
	for i := range made {
		if n := made[i].Load(); n != 20 {
			t.Errorf("prober %d made %d probes, want 20", i, n)
		}
	}
}

// A probe that fails costs next to nothing, and would be the best of figures.
func TestAProbeThatFailsIsNoFigure(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	failing := []prober{func(context.Context) error {
		if calls++; calls%5 == 0 {
			return broken
		}
		return nil
	}}
	for _, atOnce := range []bool{false, true} {
		if cpu, err := turn(t.Context(), os.Getpid(), 10, atOnce, failing); !errors.Is(err, broken) {
			t.Errorf("at once %v: %v µs, %v", atOnce, cpu, err)
		}
	}
}

func TestBlackboxMustHaveSucceeded(t *testing.T) {
	const start = "# TYPE probe_success gauge\nprobe_duration_seconds 0.001\n"
	if err := succeeded([]byte(start + "probe_success 1\n")); err != nil {
		t.Error(err)
	}
	for _, text := range []string{start + "probe_success 0\n", start, ""} {
		if err := succeeded([]byte(text)); err == nil {
			t.Errorf("%q is a success", text)
		}
	}
}

// The same request by all: the loop's pods answer it, by address and by name, as the prober's do.
func TestEverySideOfATableProbesEveryPod(t *testing.T) {
	pods, stop := here(t)
	defer stop()
	for _, byName := range []bool{false, true} {
		sides, err := sidesOf(pods, byName, "loop", discard(t))
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 5, true: 4}[byName]; len(sides) != want {
			t.Errorf("by name %v: %d sides, want %d", byName, len(sides), want)
		}
		for _, s := range sides {
			if len(s.probers) != addresses {
				t.Errorf("%s: %d probers", s.name, len(s.probers))
			}
			if err := each(t.Context(), addresses, s.probers); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
}
