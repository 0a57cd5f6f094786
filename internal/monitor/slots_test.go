package monitor

import (
	"fmt"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestTargetsFormGroupsSpreadOverTheInterval(t *testing.T) {
	for _, c := range []struct {
		targets  int
		interval time.Duration
		groups   int64
		step     time.Duration
	}{
		{1, time.Second, 1, time.Second},
		{4, time.Second, 1, time.Second},
		{5, time.Second, 2, 500 * ms},
		{26, time.Second, 7, time.Second / 7},
		{2000, time.Second, 500, 2 * ms},
		{2000, time.Minute, 500, 120 * ms},
		{20000, time.Second, 500, 2 * ms},
		{2000, 5 * ms, 2, 2500 * time.Microsecond},
		{2000, ms, 1, ms},
	} {
		t.Run(fmt.Sprintf("%d targets every %v", c.targets, c.interval), func(t *testing.T) {
			s := spread(c.targets, c.interval)
			if s.groups != c.groups || s.step != c.step {
				t.Errorf("%d groups, one each %v; want %d, %v", s.groups, s.step, c.groups, c.step)
			}
			all := int64(c.targets)
			smallest, largest, next := all, int64(0), int64(0)
			for g := range s.groups {
				from, to := s.members(g)
				if from != next {
					t.Errorf("group %d begins with target %d, want %d", g, from, next)
				}
				next = to
				smallest, largest = min(smallest, to-from), max(largest, to-from)
			}
			if next != all || largest-smallest > 1 {
				t.Errorf("groups of %d to %d targets hold %d; want all %d, evenly", smallest, largest, next, all)
			}
		})
	}
}

func TestSlotsOfAGroupAreOneIntervalApartForYears(t *testing.T) {
	s := spread(2000, time.Second)
	for _, n := range []int64{0, 1, 499, 500, 12345, 500 * 86400 * 3653} {
		if d := s.at(n+s.groups) - s.at(n); d != time.Second {
			t.Errorf("slot %d and the next of its group are %v apart, want 1s", n, d)
		}
		if from, to := s.due(n, s.at(n)); from != n || to != n+1 {
			t.Errorf("at its time slot %d has slots [%d, %d) due, want it alone", n, from, to)
		}
	}
}

func TestMissedTicksAreSkippedWithoutABurst(t *testing.T) {
	few, many := spread(3, time.Second), slotsOf(2000, 100, time.Second)
	fast := spread(3, 30*ms)
	for _, c := range []struct {
		name     string
		slots    slots
		next     int64
		now      time.Duration
		from, to int64
	}{
		{"first tick at once", few, 0, 0, 0, 1},
		{"not due yet", few, 1, 999 * ms, 1, 1},
		{"due", few, 1, time.Second, 1, 2},
		{"late", few, 1, 1400 * ms, 1, 2},
		{"a minute late is one tick", few, 1, 61500 * ms, 61, 62},
		{"first group", many, 0, 0, 0, 1},
		{"second group", many, 1, 10 * ms, 1, 2},
		{"last group", many, 99, 999 * ms, 99, 100},
		{"first group again", many, 100, time.Second, 100, 101},
		{"a little late makes up for every group", many, 100, 1050 * ms, 100, 106},
		{"at the limit", many, 100, 1100 * ms, 100, 111},
		{"too late leaves the missed groups out", many, 100, 1101 * ms, 110, 111},
		{"a minute late is one group", many, 100, 61500 * ms, 6150, 6151},
		{"no group twice at a short interval", fast, 1, 95 * ms, 3, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			if from, to := c.slots.due(c.next, c.now); from != c.from || to != c.to {
				t.Errorf("slots [%d, %d) are due, want [%d, %d)", from, to, c.from, c.to)
			}
		})
	}
}

// The step is a whole number of nanoseconds, so that groups that don't divide the interval leave a rest at its end.
func TestTheRestOfTheIntervalBelongsToNoSlot(t *testing.T) {
	s := slotsOf(100, 7, time.Second)
	for n := int64(0); n < 70; {
		from, to := s.due(n, s.at(n+1)-1)
		if from != n || to != n+1 {
			t.Fatalf("just before slot %d, slots [%d, %d) are due, want %d alone", n+1, from, to, n)
		}
		n = to
	}
}
