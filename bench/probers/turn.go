package main

import (
	"context"
	"os"
	"runtime"
	"sync"
	"time"

	"callbyname/bench/measure"
)

// prober makes one probe. It fails unless that was answered, and is used by one goroutine at a time.
type prober func(context.Context) error

// goroutines are how many probe at once when all go flat out.
const goroutines = 64

// turn makes n probes, one after the other or all probers at once, and is the CPU time of one of them in µs, as the process
// that makes them was charged.
func turn(ctx context.Context, pid, n int, atOnce bool, probers []prober) (float64, error) {
	if pid == os.Getpid() {
		runtime.GC() // what the one before left behind
	}
	before, err := measure.CPU(pid)
	if err != nil {
		return 0, err
	}
	if atOnce {
		n = n / len(probers) * len(probers)
		err = all(ctx, n/len(probers), probers)
	} else {
		err = each(ctx, n, probers)
	}
	if err != nil {
		return 0, err
	}
	after, err := measure.CPU(pid)
	return micros(after-before) / float64(n), err
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// each has the probers take turns, n probes together.
func each(ctx context.Context, n int, probers []prober) error {
	for i := range n {
		if err := probers[i%len(probers)](ctx); err != nil {
			return err
		}
	}
	return nil
}

// all has each prober make n probes, in a goroutine of its own.
func all(ctx context.Context, n int, probers []prober) error {
	failed := make(chan error, len(probers))
	var running sync.WaitGroup
	for _, p := range probers {
		running.Go(func() {
			if err := each(ctx, n, []prober{p}); err != nil {
				failed <- err
			}
		})
	}
	running.Wait()
	close(failed)
	return <-failed
}
