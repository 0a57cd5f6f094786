package endure

import (
	"sync"
	"testing"
	"time"
)

// witness is what the test process saw of the machine: when it got no CPU itself. A target on the same machine may have been as late
// then, which is its failure and no phantom.
type witness struct {
	mu   sync.Mutex
	late []lateness
}

type lateness struct{ from, to time.Time }

// watchMachine watches until the test is over.
func watchMachine(t *testing.T) *witness {
	const period, noise = 10 * time.Millisecond, 20 * time.Millisecond
	w := &witness{}
	ended, over := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(ended); <-over })
	go func() {
		defer close(over)
		tick := time.NewTimer(period)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			now := time.Now()
			if due := last.Add(period); now.Sub(due) > noise {
				w.mu.Lock()
				w.late = append(w.late, lateness{due, now})
				w.mu.Unlock()
			}
			last = now
			tick.Reset(period)
		}
	}()
	return w
}

// lost is how much CPU time the test itself did not get between two times.
func (w *witness) lost(from, to time.Time) (sum time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.late {
		if l.from.Before(from) {
			l.from = from
		}
		if l.to.After(to) {
			l.to = to
		}
		sum += max(0, l.to.Sub(l.from))
	}
	return sum
}
