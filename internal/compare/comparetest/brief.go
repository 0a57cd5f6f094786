package comparetest

import (
	"fmt"
	"strings"
	"time"

	"callbyname/internal/compare"
)

// Brief is an event in one short line, for comparison with what a scenario wants.
func Brief(e compare.Event) string {
	s := fmt.Sprintf("%d %s", e.Seq, e.Kind)
	if e.Approach != "" {
		s += " " + e.Approach
	}
	switch e.Kind {
	case compare.Pinned, compare.NoPorts:
		s += fmt.Sprintf(" %v", e.Addr)
	case compare.Repinned:
		s += fmt.Sprintf(" %v -> %v", e.WasAddr, e.Addr)
	case compare.Broke, compare.Changed, compare.Explained:
		s += " " + classes(e.Outage)
		if e.Outage.Likely != "" {
			s += " likely " + string(e.Outage.Likely)
		}
	case compare.Recovered:
		shortest, longest := e.Outage.Bounds()
		s += fmt.Sprintf(" lost %d in %v (%v to %v) %s", e.Outage.Lost, brief(e.Outage.Duration()), brief(shortest), brief(longest), classes(e.Outage))
		if e.Outage.Void > 0 {
			s += fmt.Sprintf(" void %d", e.Outage.Void)
		}
		if e.Outage.Paused() > 0 {
			s += fmt.Sprintf(" paused %v", e.Outage.Paused())
		}
	case compare.Corrected:
		s += fmt.Sprintf(" %d, left %d lost", e.Count, e.Outage.Lost)
	case compare.Restarted, compare.RestartedOrRecreated:
		s += fmt.Sprintf(" %s %s -> %s", e.Pod.Name, e.Was.Instance, e.Pod.Instance)
	case compare.Recreated, compare.PresumedRecreated, compare.Moved:
		s += fmt.Sprintf(" %s %v -> %s %v", e.Was.Key, e.Was.IP, e.Pod.Key, e.Pod.IP)
	case compare.Withdrawn:
		s += fmt.Sprintf(" %s %v", e.Pod.Key, e.Pod.IP)
	case compare.Disowned:
		s += fmt.Sprintf(" #%d %s %v by name %d", e.Recreation.N, e.Pod.Key, e.Pod.IP, e.Count)
	case compare.Lost:
		s += fmt.Sprintf(" %s %v", e.Was.Key, e.Was.IP)
	case compare.Settled:
		s += fmt.Sprintf(" #%d by %s:", e.Recreation.N, e.Recreation.Reason)
		for _, f := range e.Recreation.Effects {
			s += fmt.Sprintf(" %s=%s", f.Approach, f.Verdict)
			if f.Lost > 0 {
				s += fmt.Sprintf("(%d in %v)", f.Lost, brief(f.For))
			}
		}
	case compare.VerdictChanged:
		s += fmt.Sprintf(" %v %s -> %s", e.Numbers, e.WasVerdict, e.Verdict)
	case compare.DNSChanged:
		s += fmt.Sprintf(" %s %v -> %v", e.Host, e.WasAddrs, e.Addrs)
	case compare.Paused, compare.ClockChanged:
		s += fmt.Sprintf(" %v", e.Gap)
	}
	return s
}

func classes(o *compare.Outage) string {
	parts := make([]string, len(o.Classes))
	for i, c := range o.Classes {
		parts[i] = string(c)
	}
	return strings.Join(parts, ",")
}

// brief leaves out the millisecond that the probes of most stories take.
func brief(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
