package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"callbyname/internal/probe"
)

// How much garbage there may be before it is collected, in percent of what is in use. Go's own 100 would double what a prober of
// thousands of targets takes. Each probe leaves little behind, so that half of it costs hardly any CPU; with manyLanes, of which
// megabytes are in use, so does an eighth.
const (
	garbage       = 50
	garbageOfMany = 12
	manyLanes     = 200
)

// thrift is for the whole process, before it knows what there is to probe.
func thrift() {
	runtime.MemProfileRate = 0 // nobody asks for a profile, whose tables grow to more than a megabyte
	collectAt(garbage)
}

// thriftOf is thrift for these targets.
func thriftOf(targets []probe.Target) {
	lanes := 0
	for i := range targets {
		lanes += len(targets[i].Approaches)
	}
	if lanes >= manyLanes {
		collectAt(garbageOfMany)
	}
}

// collectAt sets the percentage. Who sets GOGC knows better.
func collectAt(percent int) {
	if _, given := os.LookupEnv("GOGC"); !given {
		debug.SetGCPercent(percent)
	}
}
