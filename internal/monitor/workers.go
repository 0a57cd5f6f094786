package monitor

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
)

// maxIdle is how many workers wait for their next probe: as many as start together where thousands of targets are probed a second.
const maxIdle = 64

// job is one probe of a round.
type job struct {
	ctx    context.Context
	target *target
	prober int // which of the target's
	pin    netip.AddrPort
}

// workers are the goroutines that probe. A new one begins with a small stack and has to move to a larger one before it has resolved its
// name, which costs a twentieth of the probe; so some stay for the next one.
type workers struct {
	do      func(job)
	jobs    chan job // taken by those who wait
	idle    atomic.Int32
	working sync.WaitGroup
}

func newWorkers(do func(job)) *workers { return &workers{do: do, jobs: make(chan job)} }

// start begins with a job at once: no worker is waited for.
func (w *workers) start(j job) {
	select {
	case w.jobs <- j:
	default:
		w.working.Go(func() { w.work(j) })
	}
}

func (w *workers) work(j job) {
	for more := true; more; {
		w.do(j)
		if w.idle.Add(1) > maxIdle {
			more = false
		} else {
			j, more = <-w.jobs
		}
		w.idle.Add(-1)
	}
}

// end returns when all jobs are done. None is started after it.
func (w *workers) end() {
	close(w.jobs)
	w.working.Wait()
}
