package monitor

import (
	"syscall"
	"time"
	"unsafe"
)

// asleep is for how long the machine has been suspended since it booted, to within the time between two calls of
// clock_gettime(2): CLOCK_BOOTTIME counts on while it is, CLOCK_MONOTONIC, by which Go measures, does not. It is 0 where
// that cannot be known.
func asleep() time.Duration {
	const monotonic, boottime = 1, 7 // linux/time.h
	m, ok := clock(monotonic)
	b, okb := clock(boottime)
	if !ok || !okb {
		return 0
	}
	return b - m
}

func clock(id uintptr) (time.Duration, bool) {
	var t syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano()), errno == 0
}
