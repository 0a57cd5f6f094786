package monitor

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/probe"
)

// scripted is a Prober whose probes a test writes; probes and closed count.
type scripted struct {
	probe          func(ctx context.Context, pin netip.AddrPort) probe.Result
	closing        error
	probes, closed int
}

func (s *scripted) Probe(ctx context.Context, pin netip.AddrPort) probe.Result {
	s.probes++
	return s.probe(ctx, pin)
}

func (s *scripted) Close() error {
	s.closed++
	return s.closing
}

// after is a prober whose probes succeed after d, unless ctx ends.
func after(d time.Duration) *scripted {
	return &scripted{probe: func(ctx context.Context, _ netip.AddrPort) probe.Result {
		select {
		case <-ctx.Done():
			return probe.Result{Outcome: probe.Void, Reason: probe.Stopped}
		case <-time.After(d):
			return probe.Result{Outcome: probe.OK, Total: d}
		}
	}}
}

// probers are those of each target, by name; a target's approaches are called "0", "1" and so on.
type probers map[string][]*scripted

func (p probers) targets() []probe.Target {
	var ts []probe.Target
	for name, ps := range p {
		t := probe.Target{Name: name}
		for i := range ps {
			t.Approaches = append(t.Approaches, probe.Approach{Name: fmt.Sprint(i)})
		}
		ts = append(ts, t)
	}
	slices.SortFunc(ts, func(a, b probe.Target) int { return strings.Compare(a.Name, b.Name) })
	return ts
}

func (p probers) open(t *probe.Target, a *probe.Approach) (Prober, error) {
	return p[t.Name][slices.IndexFunc(t.Approaches, func(x probe.Approach) bool { return x.Name == a.Name })], nil
}

// everySecond runs a Monitor over p for d, with an interval of 1 s, in a bubble of synctest, where a time is what it says.
func everySecond(t *testing.T, p probers, d time.Duration, consume func(probe.Round) []probe.Pin) {
	t.Helper()
	m, err := New(p.targets(), p.open, Options{Interval: time.Second, Timeout: 900 * ms})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := m.Run(ctx, consume); err != nil {
		t.Fatal(err)
	}
	for name, ps := range p {
		for i, s := range ps {
			if s.closed != 1 {
				t.Errorf("prober %d of target %s was closed %d times, want once", i, name, s.closed)
			}
		}
	}
}

// rounds collects lines that tell rounds, with the time since the bubble began when each was consumed.
func rounds(lines *[]string) func(probe.Round) []probe.Pin {
	start := time.Now()
	return func(r probe.Round) []probe.Pin {
		line := fmt.Sprintf("%s #%d at %v, consumed at %v:", r.Target, r.Seq, r.At, time.Since(start))
		for _, x := range r.Results {
			line += " " + string(x.Outcome)
		}
		*lines = append(*lines, line)
		return nil
	}
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
