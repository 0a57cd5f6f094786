package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// garbage is how much of it there may be before it is collected, in percent of what is in use. Go's own 100 would double what a
// prober of thousands of targets takes; each probe leaves so little behind that half of it costs hardly any CPU.
const garbage = 50

// thrift is for the whole process. Who sets GOGC knows better.
func thrift() {
	runtime.MemProfileRate = 0 // nobody asks for a profile, whose tables grow to more than a megabyte
	if _, given := os.LookupEnv("GOGC"); !given {
		debug.SetGCPercent(garbage)
	}
}
