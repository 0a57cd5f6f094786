// Package compare says what rounds of probes mean: who belongs to a target, which approach is out and since when,
// whether a pod was restarted, moved or recreated, and what one recreation did to each approach. Rounds go in; judged
// results, events, pins and at last a Summary come out. It has no clock, does no I/O and starts no goroutine: time comes
// from the rounds, so that a log that is read back gives the same events as the run that wrote it.
package compare

import (
	"net/netip"
	"time"

	"callbyname/internal/probe"
)

// Options are what a Tracker needs to know of the run. A reader of a log takes them from the log.
type Options struct {
	// Interval is the time from one round of a target to the next; more than 0.
	Interval time.Duration
	// Settle is how long after a successor's first answer its recreation is judged at the latest. It is raised to the
	// longest finite cache of the target's approaches and to two intervals.
	Settle time.Duration
	// RepinAfter is how long after a recreation settled the pin goes to the successor; 0 means never.
	RepinAfter time.Duration
}

// Moment is a round as a point in time. The zero Moment means never.
type Moment struct {
	Seq  uint64        // the round's number, from 1
	At   time.Duration // since the run's start, on its monotonic clock
	Wall time.Time
	// Paused is for how long of At nobody looked: what is measured between two moments leaves it out.
	Paused time.Duration
	// Took is how long after At the probe that is meant came to its outcome, at most; zero where the round is meant.
	Took time.Duration
}

// Since is how long somebody looked from another moment to this one, to the outcome of the probe that is meant.
func (m Moment) Since(from Moment) time.Duration {
	return m.over().At - m.Paused - (from.At - from.Paused)
}

// over is when the probe that is meant had come to its outcome.
func (m Moment) over() Moment {
	m.At, m.Took = m.At+m.Took, 0
	return m
}

// IsZero reports whether the moment never was.
func (m Moment) IsZero() bool { return m.Seq == 0 }

// Pod is what is known of who answers.
type Pod struct {
	// Key is what tells one pod from another: the UID; where there is none "ip:" and the reported pod IP; where the
	// target says nothing "addr:" and the address that a headless name gave.
	Key string
	// UID, Name, Node and Instance are as the pod reported them; empty where it did not.
	UID, Name, Node, Instance string
	// IP is the pod's address in the target's family.
	IP netip.Addr
}

// Kind is what an event tells: a closed set, whose words are those of the log.
type Kind string

const (
	// Pinned: from now on the pinned approaches dial Addr. Pod is nil when nobody has answered there yet.
	Pinned Kind = "pinned"
	// Repinned: the pin went from WasAddr to Addr, so that the next recreation is measured too.
	Repinned Kind = "repinned"
	// NoPin: a name answers, and nothing says which address to pin: the user has to.
	NoPin Kind = "no_pin"
	// UntrustedIP: the pod reports an address (Addrs) that cannot be its own seen from here, and it is not pinned.
	UntrustedIP Kind = "untrusted_ip"
	// ProxiedPin: who answers at the pin has another address: it is a Service or a proxy, and hides which pod answers.
	ProxiedPin Kind = "proxied_pin"
	// NoIdentity: the target does not say who answers, and so only availability can be compared.
	NoIdentity Kind = "no_identity"
	// NoUID: the target says who answers without a UID, and a restart can't be told from a recreation with the same IP.
	NoUID Kind = "no_uid"
	// NoPorts: Addr was not even called, since the prober's machine had no local port left for it, which is no fault of the
	// target's. Addr is zero where it was the DNS server that was not asked.
	NoPorts Kind = "no_ports"

	// Broke: the first lost probe of an outage.
	Broke Kind = "broke"
	// Changed: an outage goes on with a failure class that it has not had before (the last of Outage.Classes).
	Changed Kind = "changed"
	// Explained: the pin answers while a name is still out, which tells why (Outage.Likely).
	Explained Kind = "explained"
	// Recovered: an outage ended. Pod is who answered, when known.
	Recovered Kind = "recovered"
	// Corrected: Count results that were taken for wrong_pod were answers of Pod, which a name has reached since: the
	// successor, that got the old IP. Outage is what is left of the outage; its Lost is 0 when there was none at all.
	Corrected Kind = "corrected"

	// Restarted: same UID and IP, another process (Was.Instance, Pod.Instance).
	Restarted Kind = "restarted"
	// RestartedOrRecreated: same IP, another process, and no UID that could tell which.
	RestartedOrRecreated Kind = "restarted_or_recreated"
	// Moved: same UID, another IP.
	Moved Kind = "moved"
	// Recreated: the pod no longer answers, and the name reaches another UID.
	Recreated Kind = "recreated"
	// PresumedRecreated: as Recreated, where no UID proves it.
	PresumedRecreated Kind = "presumed_recreated"
	// Lost: the pod no longer answers, and only members known before do.
	Lost Kind = "lost"
	// Withdrawn: the pod that was thought recreated or lost (Pod) answers at its IP again. Recreation is the last one that
	// is taken back by it, nil when the pod was only thought lost.
	Withdrawn Kind = "withdrawn"
	// Disowned: the pod (Pod) that was taken for the successor of another (Was) at the same IP is presumed a stranger, to whom
	// names led until they had followed: they gave Count of its answers. It is the wrong pod from now on, and Recreation is
	// taken back.
	Disowned Kind = "disowned"
	// Settled: a recreation is judged; Recreation.Effects hold the verdicts.
	Settled Kind = "settled"
	// VerdictChanged: an approach that was broken when its recreations (Numbers) settled came back, or met a wrong pod.
	VerdictChanged Kind = "verdict_changed"

	// DNSChanged: Host has other addresses than before (WasAddrs, Addrs; none means that the name has no address).
	DNSChanged Kind = "dns_changed"
	// Paused: nobody looked for Gap: the prober was stopped, starved, or held up by its log.
	Paused Kind = "paused"
	// ClockChanged: the wall clock moved by Gap against the monotonic one: it was set, or the machine slept.
	ClockChanged Kind = "clock_changed"
)

// Kinds are all kinds of events there are.
var Kinds = []Kind{
	Pinned, Repinned, NoPin, UntrustedIP, ProxiedPin, NoIdentity, NoUID, NoPorts, Broke, Changed, Explained, Recovered, Corrected,
	Restarted, RestartedOrRecreated, Moved, Recreated, PresumedRecreated, Lost, Withdrawn, Disowned, Settled, VerdictChanged,
	DNSChanged, Paused, ClockChanged,
}

// Likely is the likelier cause when a name fails while the pin answers.
type Likely string

const (
	NotReady    Likely = "not_ready"    // the pod itself says that it is not ready
	NoEndpoints Likely = "no_endpoints" // the pod is not Ready, or the Service selects nothing
	NoService   Likely = "no_service"   // the name does not exist: no such Service
	DNSItself   Likely = "dns"          // the DNS server
)

// Event is something that a person wants to be told. Which fields are set follows from its Kind.
type Event struct {
	Kind   Kind
	Target string
	// Moment is the round in which it was noticed.
	Moment
	Approach string
	// Outage is a copy, as it was then.
	Outage *Outage
	// Pod is whom it is about now, Was whom it was about before.
	Pod, Was *Pod
	// Addr is the new pin, WasAddr the old.
	Addr, WasAddr netip.AddrPort
	// Recreation is a copy, as it was then.
	Recreation          *Recreation
	Verdict, WasVerdict Verdict
	Numbers             []int
	Host                string
	Addrs, WasAddrs     []netip.Addr
	Gap                 time.Duration
	Count               int
}

// Outage is a run of lost probes of one approach: from its first failed probe to its next success.
type Outage struct {
	// Before is the last success before it; zero when there was none.
	Before Moment
	// First and Last are the first and the last failed probe.
	First, Last Moment
	// End is the next success (or the new pin, with Repinned); zero while it lasts.
	End Moment
	// Lost counts the failed probes, WrongPod those among them that the wrong pod answered.
	Lost, WrongPod int
	// Void counts the probes in it that said nothing.
	Void int
	// Classes are its failure classes in the order in which each first appeared.
	Classes []probe.Outcome
	// Likely is why a name probably fails, as it was when the pin answered; empty while nothing tells.
	Likely Likely
	// Repinned is true when it ended because the pin moved on, which is no recovery.
	Repinned bool
	// Addr and Detail are the address and the words of the probe that brought the last of Classes. Addr is zero when none
	// was known.
	Addr   netip.AddrPort
	Detail string
	// Pod is who answered this approach last before it, nil when unknown.
	Pod *Pod
	// Wrong is the last wrong pod that answered, nil when none did or it did not say who it is.
	Wrong *Pod
}

// Duration is what a client would say: from when the first failed probe began to when the next success was there, less the
// time in which nobody looked; for an outage that lasts, to its last failed probe. The truth is within Bounds.
func (o *Outage) Duration() time.Duration { return o.until().Since(o.First) }

// Paused is how long nobody looked between First and End (or Last).
func (o *Outage) Paused() time.Duration { return o.until().Paused - o.First.Paused }

func (o *Outage) until() Moment {
	if o.End.IsZero() {
		return o.Last
	}
	return o.End
}

// Bounds are the shortest and the longest time that the target can have been out, given when it was looked at. A probe sees
// it at some instant between its begin and its outcome, and nobody knows which: a server that is stopped while it answers
// fails a probe that began before, and one that goes on lets a probe succeed that began while it was out. So the
// shortest is from the first failed probe's outcome to the last one's begin, less the time in which nobody looked, and
// the longest from the begin of the last success before to the outcome of the next after, with it. Without a success on a
// side, the failed probe of that side bounds it.
func (o *Outage) Bounds() (shortest, longest time.Duration) {
	from := o.Before
	if from.IsZero() {
		from = o.First
	}
	return max(o.Last.Since(o.First.over()), 0), o.until().over().At - from.At
}

// Verdict is what one recreation did to one approach.
type Verdict string

const (
	Survived   Verdict = "survived"   // no probe lost
	Came       Verdict = "recovered"  // lost probes, and came back
	Broken     Verdict = "broken"     // still out
	Misrouted  Verdict = "misrouted"  // a wrong pod answered
	Unmeasured Verdict = "unmeasured" // no probe counted in that time
)

// Verdicts are all verdicts there are, best first.
var Verdicts = []Verdict{Survived, Came, Broken, Misrouted, Unmeasured}

// Effect is what one recreation did to one approach.
type Effect struct {
	Approach string
	Verdict  Verdict
	// Lost counts the probes of the outages that it owns: while the approach is Broken, so far.
	Lost int
	// For is from the first of them to the recovery, or so far, less the time in which nobody looked.
	For     time.Duration
	Classes []probe.Outcome
}

// Reason is why a recreation settled.
type Reason string

const (
	ByAnswers Reason = "answers" // every approach was answered by a member
	ByTime    Reason = "time"    // --settle passed
	ByNext    Reason = "next"    // the next recreation began
	ByStop    Reason = "stop"    // the prober stopped
)

// Recreation is one replacement of a pod: by another one (Recreated, PresumedRecreated) or by itself at another IP
// (Moved). It owns the outages that overlap the time from the old pod's last answer until it settles.
type Recreation struct {
	// N counts the target's recreations from 1.
	N        int
	Kind     Kind
	Old, New Pod
	// LastOld is the old pod's last answer, FirstNew the successor's first by name.
	LastOld, FirstNew Moment
	// Noticed is when both were known.
	Noticed Moment
	// Settled is zero until it settles, for the Reason.
	Settled Moment
	Reason  Reason
	// Withdrawn is true when the old pod answered at its IP again after all.
	Withdrawn bool
	// Effects stand in the order of the approaches; nil until it settles.
	Effects []Effect
}

// SameIP reports whether the successor has the old pod's IP.
func (r *Recreation) SameIP() bool { return r.Old.IP.IsValid() && r.Old.IP == r.New.IP }
