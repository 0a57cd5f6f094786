package monitor

import "time"

const (
	// groupSize is how many targets tick together, about, when there are more than that. To wake for a single probe costs the
	// process more than the probe. Probes that start together share that, but wait for each other's CPU time as well, which
	// shows in the latency that is measured. BenchmarkGroups, 200 probes/s by two approaches, server on the same 2 cores:
	//
	//	targets together     1    2    4    8   16   33  100
	//	CPU per probe, µs  284  175  179  138  102   87   79
	//	latency p50, µs    285  265  435  757 1413 2404 6532
	//
	// Latency is a result and CPU is not, so it is the least that does not pay for waking alone.
	groupSize = 4
	// minStep is the least time between two ticks. Where the interval has no room for groups of groupSize this far apart,
	// groups are larger.
	minStep = 2 * time.Millisecond
	// missedAfter is how late a tick may be and still be made up for. What is later was missed, so that a prober that was
	// stopped for a minute, or has too little CPU, does not answer with a burst of probes.
	missedAfter = starvedAfter
)

// slots divides the interval: targets form groups, and groups take turns, evenly spread. Slot n is turn n of all,
// counted from 0 at the start of the run; it belongs to group n % groups.
type slots struct {
	interval, step  time.Duration
	targets, groups int64
}

// spread forms the groups for a number of targets. Up to groupSize of them tick together.
func spread(targets int, interval time.Duration) slots {
	n := int64(targets)
	groups := min((n+groupSize-1)/groupSize, int64(interval/minStep))
	return slotsOf(n, max(groups, 1), interval)
}

func slotsOf(targets, groups int64, interval time.Duration) slots {
	return slots{interval: interval, step: interval / time.Duration(groups), targets: targets, groups: groups}
}

// at is when slot n is due, from the start of the run.
func (s slots) at(n int64) time.Duration {
	return time.Duration(n/s.groups)*s.interval + time.Duration(n%s.groups)*s.step
}

// members are the targets of slot n: those from index from up to, and without, to.
func (s slots) members(n int64) (from, to int64) {
	g := n % s.groups
	return g * s.targets / s.groups, (g + 1) * s.targets / s.groups
}

// due says which slots are to be ticked now when all before next are done with: those from from up to, and without, to,
// which is also the next one that is not due yet. No group is among them twice. When the first is later than
// missedAfter, all but the latest were missed; that one is always ticked, so that even a prober that is late every time goes
// on probing.
func (s slots) due(next int64, now time.Duration) (from, to int64) {
	to = int64(now/s.interval)*s.groups + min(int64(now%s.interval/s.step)+1, s.groups)
	if to <= next {
		return next, next
	}
	if now-s.at(next) > missedAfter {
		return to - 1, to
	}
	return max(next, to-s.groups), to
}
