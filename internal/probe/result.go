package probe

import (
	"net/netip"
	"time"

	"callbyname/internal/identity"
	"callbyname/internal/resolve"
)

// Phases are how long each part of a probe took; zero for one that was not reached or not needed. Together they are at
// most the Total. Each ends when what it waited for had come to this machine, where the kernel tells (package arrival; of data, and of
// handshakes), and not when the process was woken, which Total holds as well. Resolve is the Answer's Took. Connect is all addresses that were
// dialled, the failed ones too, from the first call that sends a packet on; FirstByte goes from the end of the request to the
// first byte of the answer, and Read from there to its last byte.
type Phases struct {
	Resolve, Connect, TLS, Write, FirstByte, Read time.Duration
}

// Attempt is one dialled address that took no connection; several stand in answer order. What fails later than that is
// the probe's own Outcome, since no other address is tried then.
type Attempt struct {
	Addr    netip.AddrPort
	Outcome Outcome
	Took    time.Duration
}

// Result is one probe. All durations are whole microseconds, so that a log can hold them exactly.
type Result struct {
	Outcome Outcome
	// Reason is set with Void only.
	Reason VoidReason
	// Detail says more for a person, in one line of printable text without terminal escapes; empty with OK. No code decides on it.
	Detail string
	// Errno is the errno's name ("EHOSTDOWN") where a system call failed.
	Errno string
	// Addr is the address that the request went to. When none took a connection, it is the one whose failure is the
	// Outcome: the last that the machine has a network for. Zero when none was dialled.
	Addr netip.AddrPort
	// Failed are the addresses that were tried before Addr in this probe, and all of them, with Addr, if none took a
	// connection.
	Failed []Attempt
	// Reused is true when the request went over a connection that an earlier probe had opened.
	Reused bool
	// FromCache is true when the address is one that the approach had kept. Answer is nil then.
	FromCache bool
	// Answer is what DNS said in this very probe; nil when nothing was resolved (pin, cache, kept connection).
	Answer *resolve.Answer
	Phases Phases
	// Total is from the start of the probe to its outcome.
	Total time.Duration
	// Status is the HTTP status; 0 without a response.
	Status int
	// Who is what the answer says of who gave it; nil when it does not say. It is shared between results and must not be changed.
	Who *identity.Report
}

// Resolved reports whether the request went over a new connection to an address that this very probe resolved: who
// answers such a probe belongs to the target.
func (r *Result) Resolved() bool {
	return r.Answer != nil && len(r.Answer.Addrs) > 0 && r.Answer.Source != resolve.FromLiteral && !r.Reused && !r.FromCache
}
