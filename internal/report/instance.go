package report

import (
	"fmt"
	"slices"
	"strings"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
)

// instance is one approach in one recreation: what its cause is drawn from.
type instance struct {
	compare.Recreation
	probe.Approach
	effect compare.Effect
	// settled is false while effect is only what the steps tell.
	settled bool
	// outages counts those that began, as far as they were seen; failed is the first failure, back the recovery from the last
	// of them and named when the name first had the new address; nil when that was not seen.
	outages             int
	failed, back, named *history.Step
	// direct is true when the name's addresses are the pods' own, as far as can be seen; false for a Service's name.
	direct bool
}

func newInstance(r compare.Recreation, steps []history.Step, a probe.Approach) *instance {
	c := &instance{Recreation: r, Approach: a, direct: a.Headless}
	for i := range steps {
		s := &steps[i]
		switch {
		case s.Kind == history.Failed && s.Approach == a.Name:
			if c.outages++; c.failed == nil {
				c.failed = s
			}
			c.back = nil
		case s.Kind == history.Back && s.Approach == a.Name:
			c.back = s
		case s.Kind == history.NameNew && s.Host == a.Host:
			c.direct = true
			if c.named == nil {
				c.named = s
			}
		case s.Kind == history.NameGone && s.Host == a.Host:
			c.direct = true
		}
	}
	i := slices.IndexFunc(r.Effects, func(e compare.Effect) bool { return e.Approach == a.Name })
	switch {
	case i >= 0:
		c.effect, c.settled = r.Effects[i], true
	case c.failed == nil:
		c.effect.Verdict = compare.Survived
	default:
		c.effect = compare.Effect{Verdict: compare.Broken, Classes: []probe.Outcome{c.failed.Outcome}}
		if c.back != nil {
			c.effect.Verdict, c.effect.For = compare.Came, c.back.Since(c.failed.Moment)
		}
	}
	return c
}

func (c *instance) sentence() string {
	switch c.effect.Verdict {
	case compare.Survived:
		if !c.settled {
			return "lost nothing so far"
		}
		return "lost nothing: " + c.survived()
	case compare.Came:
		if c.outages > 1 {
			return fmt.Sprintf("out %d times within %s: %s", c.outages, Duration(c.effect.For), c.came())
		}
		return fmt.Sprintf("out for %s: %s", Duration(c.effect.For), c.came())
	case compare.Misrouted:
		return "met the wrong pod: " + c.misrouted()
	case compare.Unmeasured:
		return "no probe counted in that time"
	}
	if !c.settled {
		return "still out: " + c.broken()
	}
	return "did not come back: " + c.broken()
}

// early reports whether the approach was out before the old pod had given its last answer.
func (c *instance) early() bool { return c.failed != nil && c.failed.Seq <= c.LastOld.Seq }

// overlap reports whether the new pod answered before the old one did for the last time.
func (c *instance) overlap() bool { return c.FirstNew.Seq <= c.LastOld.Seq }

// newPod is the successor, which may be the same pod.
func (c *instance) newPod() string {
	if c.Kind == compare.Moved {
		return "the moved pod"
	}
	return "the new pod"
}

// The sets of failure classes that say where a call got lost.
var (
	noAddress  = []probe.Outcome{probe.DNSNotFound, probe.DNSNoData}
	dnsItself  = []probe.Outcome{probe.DNSServFail, probe.DNSRefused, probe.DNSTimeout, probe.DNSUnreachable, probe.DNSMalformed}
	cutOff     = []probe.Outcome{probe.Closed, probe.Reset, probe.Truncated}
	nobodyHere = []probe.Outcome{
		probe.ConnectTimeout, probe.NoRoute, probe.NoNetwork, probe.Blackhole, probe.Prohibited, probe.ResponseTimeout,
	}
)

// only reports whether there was a failure, and each was one of the set; met whether any was.
func (c *instance) only(set []probe.Outcome) bool {
	return len(c.effect.Classes) > 0 &&
		!slices.ContainsFunc(c.effect.Classes, func(o probe.Outcome) bool { return !slices.Contains(set, o) })
}

func (c *instance) met(set ...probe.Outcome) bool {
	return slices.ContainsFunc(c.effect.Classes, func(o probe.Outcome) bool { return slices.Contains(set, o) })
}

// with are the failure classes, in brackets.
func (c *instance) with() string {
	if len(c.effect.Classes) == 0 {
		return ""
	}
	return " (" + classes(c.effect.Classes) + ")"
}

const luck = ", which is luck and no rule"

func (c *instance) survived() string {
	switch {
	case c.Pinned() && c.SameIP():
		return "the new pod has the old one's IP, " + compare.Bracketed(c.Old.IP) + luck
	case c.Pinned():
		return "its IP was answered throughout"
	case c.overlap():
		return "the new pod was ready before the old one went"
	case c.FirstNew.Seq == c.LastOld.Seq+1:
		return "the change fell between two probes"
	}
	return "whenever it was asked, the name led to a pod that answered"
}

func (c *instance) came() string {
	switch {
	case c.Pinned() && c.SameIP():
		return "then the new pod answered at the old one's IP, " + compare.Bracketed(c.Old.IP) + luck
	case c.Pinned():
		return "then a pod of this target had that IP again" + luck
	case c.only(dnsItself):
		return "DNS itself failed" + c.with() + ", not the pod"
	}
	var parts []string
	kept := c.KeepAlive && (c.met(cutOff...) || c.met(probe.ResponseTimeout))
	switch {
	case kept && c.only(cutOff) && c.failed != nil && c.failed.Seq > max(c.LastOld.Seq, c.FirstNew.Seq)+1:
		return "the old pod went on serving its connection after new ones led elsewhere; when that ended, a new one had to be made"
	case kept && c.met(cutOff...):
		parts = append(parts, "its connection went with the old pod")
	case kept:
		parts = append(parts, "its connection hung, with nobody at the other end")
	}
	switch {
	case c.outages > 1 && c.only(noAddress):
		parts = append(parts, "the name had no address then")
	case c.outages > 1 && c.direct:
		parts = append(parts, "it led to nobody who answered"+c.with())
	case c.SameIP() && c.direct:
		parts = append(parts, c.sameIP())
	case c.direct:
		parts = append(parts, c.nameChanged(kept)...)
	default:
		parts = append(parts, c.serviceLed(kept))
	}
	if c.early() {
		parts = append(parts, "that began while the old pod still answered")
	}
	return strings.Join(parts, "; ")
}

// serviceLed tells of a name whose address is a Service's.
func (c *instance) serviceLed(kept bool) string {
	until := ", until it led to " + c.newPod()
	if c.outages > 1 {
		until = ""
	}
	same := "; its address never changed"
	if c.Cache != 0 {
		same = "; the address that was kept is the Service's, and never changes"
	}
	switch {
	case c.only(noAddress):
		return "the name had no address" + c.with() + " for that long"
	case c.SameIP(): // whether the name's address is a Service's or the pods' own, nothing tells
		return "nobody answered behind the name" + c.with() + ", until " + c.newPod() + " did, at the same IP"
	case c.met(probe.Refused) && c.failed != nil && c.failed.Seq > c.FirstNew.Seq:
		return "the Service still led to a pod that was gone" + c.with() + until + same
	case c.met(probe.Refused):
		return "the Service had no pod that was ready" + c.with() + until + same
	case kept:
		return "a new one led through the Service to " + c.newPod() + same
	case c.met(nobodyHere...):
		return "the Service still led to a pod that was gone" + c.with() + until + same
	case c.met(probe.HTTPStatus):
		return "who answered behind the Service gave an error" + c.with() + until + same
	}
	return "the Service led to nobody who answered" + c.with() + until + same
}

// nameChanged tells of a name whose addresses are the pods' own, and other ones now.
func (c *instance) nameChanged(kept bool) []string {
	if c.named == nil || c.failed == nil {
		return c.nameUnseen(kept)
	}
	wait := max(c.named.Since(c.failed.Moment), 0)
	rest := Duration(max(c.effect.For-wait, 0))
	after := "the name had the new address after " + Duration(wait)
	if wait == 0 {
		after = "the name had the new address already"
	}
	atOnce := c.back != nil && c.back.Seq <= c.named.Seq
	switch {
	case c.only(noAddress) && atOnce:
		return []string{"the name had no address for that long, and then the new one"}
	case c.Cache != 0 && atOnce && c.met(noAddress...):
		return []string{"its cache held the old address, then the name had none, and then the new one"}
	case c.Cache != 0 && atOnce:
		return []string{"its cache held the old address for that long; the name had the new one then"}
	case c.Cache != 0 && wait == 0:
		return []string{after, "the client's cache held the old one for all that time"}
	case c.Cache != 0:
		return []string{after, "the client's cache held the old one for another " + rest}
	case kept && atOnce:
		return []string{"a new one was made when the name had the new address"}
	case kept && wait == 0:
		return []string{after, "a new one was made then"}
	case kept:
		return []string{after, "a new one was made after another " + rest}
	case !atOnce && wait == 0:
		return []string{after, "nobody answered there at first" + c.with()}
	case !atOnce:
		return []string{after, "it took another " + rest + " until " + c.newPod() + " answered there"}
	case c.met(noAddress...):
		return []string{"the name had the old address or none for that long, and then the new one"}
	}
	return []string{"the name had the old address for that long, and then the new one"}
}

// nameUnseen tells of such a name when it was not seen to change.
func (c *instance) nameUnseen(kept bool) []string {
	switch {
	case c.only(noAddress):
		return []string{"the name had no address for that long"}
	case c.Cache == probe.Forever:
		return []string{"then a pod of this target had the address again that it keeps for ever" + luck}
	case c.Cache != 0:
		return []string{"its cache held an old address for that long"}
	case kept && c.only(slices.Concat(cutOff, []probe.Outcome{probe.ResponseTimeout})):
		return nil
	case c.met(probe.HTTPStatus):
		return []string{"who answered gave an error" + c.with()}
	}
	return []string{"the name led to nobody who answered" + c.with()}
}

// sameIP tells of such a name when the new pod has the old one's address.
func (c *instance) sameIP() string {
	switch {
	case c.met(noAddress...):
		return "the name had no address until " + c.newPod() + " was ready, and then the same one"
	case c.Cache != 0:
		return "then the new pod answered at the old one's IP, and the kept address was right again"
	}
	return "then the new pod answered at the old one's IP"
}

func (c *instance) broken() string {
	switch {
	case c.Pinned() && c.early():
		return "it was out before this recreation already, and who calls by IP never learns a new one"
	case c.Pinned() && c.SameIP():
		return "the new pod has the old one's IP, " + compare.Bracketed(c.Old.IP) + ", and yet nobody answered there" + c.with()
	case c.Pinned() && c.Kind == compare.Moved:
		return fmt.Sprintf("%s was the pod's IP before it moved; it has %s now", compare.Bracketed(c.Old.IP), compare.Bracketed(c.New.IP))
	case c.Pinned():
		return fmt.Sprintf("%s was the old pod's IP and went with it; the new pod has %s", compare.Bracketed(c.Old.IP), compare.Bracketed(c.New.IP))
	case c.only(dnsItself):
		return "DNS itself fails" + c.with() + ", not the pod"
	case c.Cache == probe.Forever && !c.SameIP() && (c.direct && !c.only(noAddress) || c.met(nobodyHere...)):
		return "it keeps the first address for ever, which went with the old pod; only a restart of the client helps"
	case c.Cache != 0 && c.direct && !c.only(noAddress):
		return "its cache still holds an old address" + c.with()
	case c.KeepAlive && c.met(probe.ResponseTimeout):
		return "its connection hangs, with nobody at the other end" + c.with()
	case c.only(noAddress):
		return "the name has no address" + c.with()
	case c.direct && c.named != nil:
		return "the name has the new address, and nobody answers there" + c.with()
	case c.direct:
		return "the name leads to nobody who answers" + c.with()
	}
	if c.SameIP() {
		return "nobody answers behind the name" + c.with()
	}
	return "the Service leads to no pod that is ready" + c.with()
}

func (c *instance) misrouted() string {
	gone := "the old pod's IP"
	if c.Old.IP.IsValid() {
		gone += ", " + compare.Bracketed(c.Old.IP) + ","
	}
	switch {
	case c.Pinned() && c.early():
		return "who answers at its IP is none of this target's pods, since before this recreation already"
	case c.Pinned():
		return gone + " was given to somebody else, who answers there"
	case c.Cache != 0 && c.back != nil:
		return gone + " was given to somebody else, who answered, until the cache let go of it after " + Duration(c.effect.For)
	case c.Cache != 0:
		return gone + " was given to somebody else, and the cache still holds it"
	}
	return "somebody answered who is none of this target's pods"
}
