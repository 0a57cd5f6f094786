//go:build linux

package monitor

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestWorkersWaitForTheNextProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began atomic.Int32
		var hold chan struct{} // of the burst that goes on
		w := newWorkers(func(job) {
			began.Add(1)
			<-hold
		})
		burst := func(n int) {
			hold = make(chan struct{})
			for range n {
				w.start(job{})
			}
			synctest.Wait()
			if got := began.Swap(0); int(got) != n {
				t.Errorf("%d of %d jobs began together", got, n)
			}
			close(hold)
			synctest.Wait()
		}
		for _, c := range []struct{ jobs, idle int }{{3, 3}, {2, 3}, {5, 5}, {3 * maxIdle, maxIdle}, {1, maxIdle}} {
			burst(c.jobs)
			if got := w.idle.Load(); int(got) != c.idle {
				t.Errorf("%d workers wait after %d jobs together, want %d", got, c.jobs, c.idle)
			}
		}
		w.end()
		if got := w.idle.Load(); got != 0 {
			t.Errorf("%d workers wait after the end", got)
		}
	})
}
