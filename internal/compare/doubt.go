package compare

import (
	"slices"
	"strings"
)

// Doubt is about a successor at the old pod's IP under another name. It may be somebody else's pod that got the IP before the
// names had followed: for as long as a Service or a DNS cache still leads to an old address, a name reaches whoever has it.
type Doubt struct {
	// Named is its last answer by name, Silent the rounds since then in which it answered at its IP, and names led to others.
	Named  Moment
	Silent int
	// Losses are of each approach what it lost since the old pod's last answer; Wrong are successes by the doubted pod.
	Losses []Loss
}

// perMember is how many rounds a member of so many must be missed by the names before that is taken for no chance: a name that
// takes turns misses it for so long once in a thousand times.
const perMember = 7

// doubted is what is doubted about a successor; nil for one that has another IP, or a name such as the old pod's workload gives.
func (s *step) doubted(r *Recreation) *Doubt {
	if r.Kind != Recreated || !r.SameIP() || siblings(r.New.Name, r.Old.Name) {
		return nil
	}
	d := &Doubt{Named: r.FirstNew}
	for _, l := range s.Owned {
		d.Losses = append(d.Losses, l.clone())
	}
	return d
}

// siblings reports whether two pods may be of one workload. A plain pod keeps its name, a StatefulSet's and a DaemonSet's differ
// in the last part, a Deployment's in the last two. Names of siblings may prefer one of them (sessionAffinity, trafficDistribution), so
// that it says nothing if they miss another.
func siblings(a, b string) bool {
	a, b = workload(a), workload(b)
	return a == b || strings.Contains(a, "-") && strings.Contains(b, "-") && workload(a) == workload(b)
}

// workload is a name less its last part.
func workload(name string) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i]
	}
	return name
}

// disown takes back that a pod belongs to the target which has the old pod's IP and was its successor only while the names had
// not followed: they led to it for less than settling, then no more though it goes on answering, and lead to a pod that is new.
func (s *step) disown() {
	d := s.Doubt
	if d == nil {
		return
	}
	r := &s.Recreations[len(s.Recreations)-1]
	if s.Current == nil || s.Current.Key != r.New.Key || r.Withdrawn {
		s.Doubt = nil
		return
	}
	named, missed := s.hears(s.Current)
	switch {
	case named && s.now.Since(r.LastOld) > s.settle:
		s.Doubt = nil
	case named:
		d.Named, d.Silent = s.now, 0
	case missed:
		if d.Silent++; d.Silent >= maxDoubts && s.misses(d, r) {
			s.takeBack(r)
		}
	}
}

// hears tells whether a name led to the doubted pod in this round, or has its IP among others, and whether the names missed it, though
// it answers at its IP and does not say itself that it is not ready.
func (s *step) hears(c *CurrentState) (named, missed bool) {
	there, ready := false, true
	for i := range s.round.Results {
		r := &s.round.Results[i]
		named = named || r.Resolved() && slices.Contains(r.Answer.Addrs, c.IP)
		if !answered(r) || s.keys[i] != c.Key {
			continue
		}
		named = named || r.Resolved()
		there = there || s.answersAt(i, c.IP)
		ready = ready && (r.Who == nil || !r.Who.Unready)
	}
	return named, !named && there && ready && s.reachesOthers()
}

// misses reports whether the doubted pod was missed for longer than by chance and than settling takes, and a member joined since the
// old pod went.
func (s *step) misses(d *Doubt, r *Recreation) bool {
	members, joined := 1, false
	for _, p := range s.Pods {
		if p.member() && p.Last.Seq > d.Named.Seq && p.Key != s.Current.Key {
			members++
			joined = joined || p.Joined.Seq > r.LastOld.Seq
		}
	}
	return joined && d.Silent >= perMember*members && s.now.Since(d.Named) >= s.settle
}

// takeBack makes the doubted pod a stranger, and the old pod the one whose successor is sought.
func (s *step) takeBack(r *Recreation) {
	stranger, known := s.Pods.Get(r.New.Key)
	if stranger.Joined = (Moment{}); known {
		s.Pods.Put(stranger)
	}
	s.undo(r)
	s.Owned, s.Back, s.RepinAt = nil, nil, 0
	s.Current = &CurrentState{Pod: r.Old, First: r.LastOld, Last: r.LastOld}
	if old, ok := s.Pods.Get(r.Old.Key); ok {
		s.Current.First = old.First
	}
	if s.Pin.Pod != nil && s.Pin.Pod.Key == r.New.Key {
		s.Pin.Pod = clonePointer(&r.Old)
	}
	e := Event{Kind: Disowned, Pod: clonePointer(&stranger.Pod), Was: clonePointer(&r.Old), Recreation: r.clone()}
	for i, l := range s.Doubt.Losses {
		a := &s.Approaches[i]
		if a.Since = l; !s.target.Approaches[i].Pinned() {
			e.Count += l.Wrong
		}
		if a.Answered != nil && a.Answered.Key == r.New.Key {
			a.Answered = nil
		}
	}
	s.Doubt = nil
	s.tell(&s.first, e)
}

// doubtful is what an approach lost while its successor is doubted; what is added to it is forgotten when none is.
func (s *step) doubtful(i int) *Loss {
	if s.Doubt == nil {
		return &s.nobodys
	}
	return &s.Doubt.Losses[i]
}

func (d *Doubt) clone() *Doubt {
	if d == nil {
		return nil
	}
	c := *d
	c.Losses = slices.Clone(d.Losses)
	for i := range c.Losses {
		c.Losses[i] = c.Losses[i].clone()
	}
	return &c
}
