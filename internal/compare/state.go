package compare

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"callbyname/internal/probe"
)

// Limits keep what a Tracker remembers of one target bounded, whatever the target says of itself.
const (
	maxPods        = 256  // pods seen; the one that is longest silent is forgotten
	maxRecreations = 32   // recreations kept one by one; older ones are only counted
	maxBroken      = 1024 // recreations that wait for one approach to come back
	maxEarlier     = 8    // processes of one pod
	maxDoubts      = 30   // rounds; of five replicas, a name that takes turns misses one for so long once in 800 times
)

// State is all that a Tracker knows of one target: the same rounds after the same State give the same events, which is
// how a reader begins in the middle of a rotated log.
type State struct {
	Target string
	// First and Last are the first and the last round observed.
	First, Last Moment
	Approaches  []ApproachState
	// Pods are those that answered, members or not.
	Pods Pods
	Pin  PinState
	// Current is the pod whose disappearance is watched for: the pinned one, later its successor. Nil when none is known.
	Current *CurrentState
	// Recreations are the last ones, oldest first; the last of them may be unsettled. RecreationCount counts all that
	// were not withdrawn, RecreationNumber all there ever were.
	Recreations                       []Recreation
	RecreationCount, RecreationNumber int
	// Owned is what the unsettled recreation cost each approach up to the current pod's last answer; what came after is
	// in ApproachState.Since, until it is known to whom that belongs.
	Owned []Loss
	// Back tells which approaches a member has answered since the unsettled recreation began.
	Back []bool
	// Doubt is what is doubted about the successor of the last recreation, which is Current then; nil for nothing.
	Doubt *Doubt
	// RepinAt is when the pin is to move on; 0 for not at all.
	RepinAt time.Duration
	// Lost is true after a Lost event, until the pod answers again or a successor is found.
	Lost bool
	// Restarts and DNSChanges count events.
	Restarts, DNSChanges int
	// DNS is what each host's addresses were last known to be, in the order of the hosts' names.
	DNS []Host
	// Told are the events that are told once only, and have been.
	Told []Kind
}

// ApproachState is what a Tracker knows of one approach.
type ApproachState struct {
	// OK, Lost, Void and Pending count the probes by outcome, Classes the lost ones by class.
	OK, Lost, Void, Pending int
	Classes                 map[probe.Outcome]int
	// Outcome is the last judged one; empty before the first.
	Outcome probe.Outcome
	LastOK  Moment
	// Answered is who gave the last success; nil when unknown.
	Answered *Pod
	// Outage is the one that lasts; nil when there is none.
	Outage *Outage
	// Outages counts those that ended, Longest is the longest of them, Out their sum.
	Outages      int
	Longest, Out time.Duration
	// Since is what was lost since the current pod's last answer, in outages that have ended.
	Since Loss
	// Suspect is a pod that answered as the wrong one, and may turn out to be the successor.
	Suspect *Suspect
	// Broken are the numbers of the settled recreations that the lasting outage belongs to.
	Broken []int
	// Verdicts counts the settled recreations by what they did.
	Verdicts map[Verdict]int
	// Latency holds the total of each success, Recovery the time to recover of each recreation.
	Latency, Recovery Histogram
}

// Loss adds up the probes of a stretch of time, and those of its outages that have ended.
type Loss struct {
	// Probes counts successes and lost probes alike.
	Probes      int
	Lost, Wrong int
	// First and End are the first outage's begin and the last one's end.
	First, End Moment
	Classes    []probe.Outcome
}

// Pods are pods by Key, in the order of their Keys; the zero value is none. Mostly it is one, for which a map would take more memory than
// for the pod.
type Pods []PodState

func (p Pods) find(key string) (at int, found bool) {
	return sort.Find(len(p), func(i int) int { return strings.Compare(key, p[i].Key) })
}

// Get is the pod with that key; the zero one and false when there is none.
func (p Pods) Get(key string) (s PodState, ok bool) {
	at, ok := p.find(key)
	if ok {
		s = p[at]
	}
	return s, ok
}

// Put adds a pod, or replaces the one with its Key.
func (p *Pods) Put(s PodState) {
	if at, found := p.find(s.Key); found {
		(*p)[at] = s
	} else {
		*p = slices.Insert(*p, at, s)
	}
}

// drop takes out the pod with that key.
func (p *Pods) drop(key string) {
	if at, found := p.find(key); found {
		*p = slices.Delete(*p, at, at+1)
	}
}

// PodState is a pod that has been seen.
type PodState struct {
	Pod
	// Joined is when a name first led to it, which makes it a member; zero before.
	Joined Moment
	// Addr is where it can be pinned; zero when that is not known.
	Addr netip.AddrPort
	// First and Last are its first and last answers.
	First, Last Moment
	// Earlier are the Instances that it had before, the last few of them: when one of them answers again, late or because
	// several processes share the pod's IP, that is no restart. Never changed in place.
	Earlier []string
}

// PinState is what the pinned approaches dial.
type PinState struct {
	// Addr is zero until it is known.
	Addr netip.AddrPort
	// Pod is who answered there first; nil until somebody did, and when the pin is Proxied.
	Pod *Pod
	// Doubts counts the rounds in which Pod answered while names led to other pods only, up to maxDoubts, where it is taken
	// for a stranger; 0 once it is a member.
	Doubts int
	// Proxied is true when those who answer there have other addresses.
	Proxied bool
}

// CurrentState is the pod whose disappearance is watched for.
type CurrentState struct {
	Pod
	// First and Last are its first and last answers at its IP.
	First, Last Moment
}

// Suspect is a pod that answered as the wrong one during an outage.
type Suspect struct {
	Key string
	// Run is the first of its answers since the outage's last other failure, zero when none came since; Last is its last.
	Run, Last Moment
	// Count is how many answers there were, Latency how long each success took.
	Count   int
	Latency Histogram
	// Other and Before are the outage's first and last failed probes that were not answered by it; zero when all were.
	Other, Before Moment
	// Turned are the recreations whose verdict it turned from broken to misrouted.
	Turned []int
}

// Host is a name that approaches resolve.
type Host struct {
	Name string
	Addresses
}

// Addresses is what is known of a host's addresses.
type Addresses struct {
	// Known4 and Known6 tell which of the two families was ever answered for.
	Known4, Known6 bool
	// Addrs are the addresses, sorted.
	Addrs []netip.Addr
}

// check reports why a target with that many approaches cannot be in this state: a state may come out of a damaged log.
func (s *State) check(approaches int) error {
	if len(s.Approaches) != approaches {
		return fmt.Errorf("%d approaches where the target has %d", len(s.Approaches), approaches)
	}
	open := len(s.Recreations) > 0 && s.Recreations[len(s.Recreations)-1].Settled.IsZero() &&
		!s.Recreations[len(s.Recreations)-1].Withdrawn
	for i, r := range s.Recreations {
		judged := !(open && i == len(s.Recreations)-1) && !r.Withdrawn
		if len(r.Effects) != approaches && (judged || len(r.Effects) > 0) {
			return fmt.Errorf("recreation %d: %d effects for %d approaches", r.N, len(r.Effects), approaches)
		}
	}
	if want := map[bool]int{true: approaches}[open]; len(s.Owned) != want || len(s.Back) != want {
		return fmt.Errorf("%d losses and %d answers where %d were due", len(s.Owned), len(s.Back), want)
	}
	if d, n := s.Doubt, len(s.Recreations); d != nil && (n == 0 || s.Recreations[n-1].Withdrawn || len(d.Losses) != approaches) {
		return fmt.Errorf("%d losses by a successor in doubt, of %d approaches and %d recreations", len(d.Losses), approaches, n)
	}
	for i := range s.Approaches {
		if err := s.Approaches[i].check(); err != nil {
			return err
		}
	}
	if len(s.Pods) > maxPods || len(s.Recreations) > maxRecreations {
		return fmt.Errorf("%d pods and %d recreations, more than are ever kept", len(s.Pods), len(s.Recreations))
	}
	return nil
}

func (a *ApproachState) check() error {
	histograms := []Histogram{a.Latency, a.Recovery}
	if u := a.Suspect; u != nil {
		histograms = append(histograms, u.Latency)
		if a.Outage == nil || u.Count > a.Outage.WrongPod || u.Count > a.Classes[probe.WrongPod] || u.Latency.Count() > uint64(max(u.Count, 0)) {
			return fmt.Errorf("%d answers of a suspect, more than of wrong pods", u.Count)
		}
	}
	for _, h := range histograms {
		if err := h.check(); err != nil {
			return err
		}
	}
	if len(a.Broken) > maxBroken {
		return fmt.Errorf("%d recreations wait for one approach, more than are ever kept", len(a.Broken))
	}
	return nil
}

// Clone is a copy that shares nothing that may change.
func (s *State) Clone() State {
	c := *s
	c.Approaches = slices.Clone(s.Approaches)
	for i := range c.Approaches {
		c.Approaches[i] = c.Approaches[i].clone()
	}
	c.Pods = slices.Clone(s.Pods)
	c.Pin.Pod = clonePointer(s.Pin.Pod)
	c.Current = clonePointer(s.Current)
	c.Recreations = cloneRecreations(s.Recreations)
	c.Owned = slices.Clone(s.Owned)
	for i := range c.Owned {
		c.Owned[i] = c.Owned[i].clone()
	}
	c.Back = slices.Clone(s.Back)
	c.Doubt = s.Doubt.clone()
	c.DNS = slices.Clone(s.DNS)
	c.Told = slices.Clone(s.Told)
	return c
}

func cloneRecreations(all []Recreation) []Recreation {
	all = slices.Clone(all)
	for i := range all {
		all[i].Effects = slices.Clone(all[i].Effects)
	}
	return all
}

func (a ApproachState) clone() ApproachState {
	a.Classes = maps.Clone(a.Classes)
	a.Verdicts = maps.Clone(a.Verdicts)
	a.Broken = slices.Clone(a.Broken)
	a.Since = a.Since.clone()
	a.Answered = clonePointer(a.Answered)
	a.Outage = a.Outage.clone()
	a.Latency, a.Recovery = a.Latency.Clone(), a.Recovery.Clone()
	if a.Suspect != nil {
		s := *a.Suspect
		s.Latency, s.Turned = s.Latency.Clone(), slices.Clone(s.Turned)
		a.Suspect = &s
	}
	return a
}

func (o *Outage) clone() *Outage {
	if o == nil {
		return nil
	}
	c := *o
	c.Classes = slices.Clone(o.Classes)
	return &c
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
