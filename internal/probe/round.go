package probe

import (
	"net/netip"
	"time"
)

// Round is all approaches of one target, probed at the same tick.
type Round struct {
	Target string
	// Seq counts the target's rounds from 1. Skipped ticks have no number.
	Seq uint64
	// At is when the tick happened on the run's monotonic clock (0 at the prober's start), in whole microseconds.
	At time.Duration
	// Wall is the wall clock at that time, in whole microseconds, UTC.
	Wall time.Time
	// Lag is how long after At the last of its probes began, in whole microseconds: what the machine took to give each of
	// them a turn. With it a result's Total says when, at the latest, the target was seen.
	Lag time.Duration
	// Results stand in the order of the target's approaches.
	Results []Result
}

// Pin is the address that the pinned approaches of a target dial from now on. It is found by package compare and handed to
// package monitor before the next tick.
type Pin struct {
	Target string
	Addr   netip.AddrPort
}
