//go:build unix

package main

import (
	"math"
	"syscall"
)

// openFiles is how many files the process may have open. Go has raised it as far as it may when the program starts.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32 // accepting fails when there are no more, and is tried again
	}
	return uint64(limit.Cur)
}
