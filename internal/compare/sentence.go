package compare

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"callbyname/internal/probe"
)

// Sentence tells the event in plain words, without its time and the target's name. Names in it are the target's own and
// may hold anything: who prints it cleans it.
func (e Event) Sentence() string {
	switch e.Kind {
	case Pinned:
		return fmt.Sprintf("the IP to call is %v from now on: %s, reached through %s", e.Addr, e.Pod.name(), e.Approach)
	case Repinned:
		return fmt.Sprintf("the IP to call is now %v (%s), no longer %v, so that the next recreation is measured too", e.Addr, e.Pod.name(), e.WasAddr)
	case NoPin:
		return fmt.Sprintf("no IP to call yet: %s is answered, but not told by whom; give the pod's address with ip=ADDRESS, or mark a name as headless", e.Approach)
	case UntrustedIP:
		return fmt.Sprintf("no IP to call: the pod says that its IP is %s, which means another place here", list(e.Addrs))
	case ProxiedPin:
		return fmt.Sprintf("%v is not a pod's own IP (%s answered there, from %v): a Service or a proxy, which hides which pod answers", e.Addr, e.Pod.name(), e.Pod.IP)
	case NoIdentity:
		return "the target does not say which pod answers: availability can be compared, but not who answered, nor whether a pod was recreated"
	case NoUID:
		return "the target says who answers, but without a pod UID: a restart cannot be told from a recreation that keeps the IP"
	case Broke:
		return e.broke()
	case Changed:
		return fmt.Sprintf("%s is still out, %s: %s", e.Approach, lost(e.Outage.Lost), e.cause(e.Outage.Classes[len(e.Outage.Classes)-1]))
	case Recovered:
		return fmt.Sprintf("%s recovered after %s, %s%s", e.Approach, e.Outage.lasted(), lost(e.Outage.Lost), e.by())
	case Corrected:
		return e.corrected()
	case Restarted:
		return fmt.Sprintf("%s restarted in place: another process, the same pod and IP %v; nobody has to look it up anew", e.Pod.name(), e.Pod.IP)
	case RestartedOrRecreated:
		return fmt.Sprintf("%s was restarted or recreated, which cannot be told without a UID: another process at the same IP %v", e.Pod.name(), e.Pod.IP)
	case Moved:
		return fmt.Sprintf("pod moved: %s (the same pod, another IP)", change(e.Was, e.Pod))
	case Recreated:
		if e.Recreation.SameIP() {
			return fmt.Sprintf("pod recreated with the same IP: %s (another UID)", change(e.Was, e.Pod))
		}
		return "pod recreated: " + change(e.Was, e.Pod)
	case PresumedRecreated:
		return fmt.Sprintf("pod presumed recreated: %s (no UID proves it)", change(e.Was, e.Pod))
	case Lost:
		return fmt.Sprintf("pod lost: %s at %v no longer answers; other pods of the target do, and none of them is new", e.Was.name(), e.Was.IP)
	case Withdrawn:
		return fmt.Sprintf("neither recreated nor lost after all: %s answers at %v again", e.Pod.name(), e.Pod.IP)
	case Settled:
		return e.settled()
	case VerdictChanged:
		return e.verdictChanged()
	case DNSChanged:
		return fmt.Sprintf("DNS changed: %s was %s, is %s", e.Host, list(e.WasAddrs), list(e.Addrs))
	case Paused:
		return fmt.Sprintf("the prober was paused: nobody looked for %s, which counts neither as up nor as down", human(e.Gap))
	case ClockChanged:
		return fmt.Sprintf("the wall clock jumped by %s (it was set, or the machine slept); durations are not touched by that", signed(e.Gap))
	}
	return string(e.Kind)
}

func (e Event) broke() string {
	s := fmt.Sprintf("%s broke: %s", e.Approach, e.cause(e.Outage.Classes[0]))
	switch o := e.Outage; {
	case o.Before.IsZero():
		s += " (it has not answered before)"
	case o.Pod != nil:
		s += fmt.Sprintf(" (last answered %s, %s)", o.Before.clock(), o.Pod.name())
	default:
		s += fmt.Sprintf(" (last answered %s)", o.Before.clock())
	}
	switch e.Likely {
	case NotReady:
		s += "; by IP the pod answers, and says that it is not ready: no name leads to it"
	case NoEndpoints:
		s += "; by IP the pod answers, so it is likely not Ready, or the Service selects nothing"
	case NoService:
		s += "; by IP the pod answers, so there is likely no such Service"
	case DNSItself:
		s += "; by IP the pod answers, so it is likely DNS itself"
	}
	return s
}

// cause is a failure class in words.
func (e Event) cause(class probe.Outcome) string {
	at := "it"
	if e.Outage.Addr.IsValid() {
		at = e.Outage.Addr.String()
	}
	switch class {
	case probe.DNSNotFound:
		return "DNS knows no such name (NXDOMAIN)"
	case probe.DNSNoData:
		return "DNS has no address for the name"
	case probe.DNSServFail:
		return "the DNS server failed (SERVFAIL)"
	case probe.DNSRefused:
		return "the DNS server refused to answer"
	case probe.DNSTimeout:
		return "the DNS server did not answer in time"
	case probe.DNSUnreachable:
		return "the DNS server cannot be reached"
	case probe.DNSMalformed:
		return "the DNS server's answer makes no sense"
	case probe.Refused:
		return at + " refused the connection"
	case probe.NoRoute:
		return "nothing is there at " + at + " (no route to host)"
	case probe.NoNetwork:
		return "no network leads to " + at
	case probe.Blackhole:
		return "the route to " + at + " is a blackhole"
	case probe.Prohibited:
		return "the way to " + at + " is prohibited"
	case probe.ConnectTimeout:
		return at + " did not take the connection in time"
	case probe.Reset:
		return at + " reset the connection"
	case probe.Closed:
		return at + " closed the connection without an answer"
	case probe.Truncated:
		return "the answer of " + at + " broke off"
	case probe.TLS:
		return "TLS with " + at + " failed"
	case probe.BadResponse:
		return at + " answered something that is not HTTP, or too much"
	case probe.ResponseTimeout:
		return at + " took the connection but did not answer in time"
	case probe.HTTPStatus:
		return at + " answered with an error status"
	case probe.WrongPod:
		if w := e.Outage.Wrong; w != nil {
			return fmt.Sprintf("%s is answered by the wrong pod: %s, to which no name of this target leads", at, w.name())
		}
		return at + " is answered by somebody else than the pod"
	}
	return at + " failed: " + e.Outage.Detail
}

func (e Event) corrected() string {
	s := fmt.Sprintf("%s: %d answers were taken for the wrong pod's, but came from the successor %s, which has the old IP", e.Approach, e.Count, e.Pod.name())
	switch o := e.Outage; {
	case o.Lost == 0:
		return s + "; there was no outage"
	case o.End.IsZero():
		return s + "; the outage goes on"
	default:
		return fmt.Sprintf("%s; it had recovered after %s, %s", s, o.lasted(), lost(o.Lost))
	}
}

func (e Event) settled() string {
	var parts []string
	for _, f := range e.Recreation.Effects {
		part := fmt.Sprintf("%s %s", f.Approach, f.Verdict)
		if f.Verdict == Came {
			part += " after " + human(f.For)
		}
		if f.Lost > 0 {
			part += fmt.Sprintf(" (%s)", lost(f.Lost))
		}
		parts = append(parts, part)
	}
	return fmt.Sprintf("what recreation %d did: %s", e.Recreation.N, strings.Join(parts, ", "))
}

func (e Event) verdictChanged() string {
	which := fmt.Sprintf("recreation %d", e.Numbers[0])
	if len(e.Numbers) > 1 {
		which = fmt.Sprintf("recreations %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Numbers), " ", ", "), "[]"))
	}
	s := fmt.Sprintf("%s was %s by %s, now it is %s", e.Approach, e.WasVerdict, which, e.Verdict)
	if e.Verdict == Misrouted {
		s += ": worse than broken, because it looks fine"
	}
	return s
}

func (e Event) by() string {
	if e.Pod == nil {
		return ""
	}
	return fmt.Sprintf(" (%s answers)", e.Pod.name())
}

// lasted is the duration with what is certain about it.
func (o *Outage) lasted() string {
	shortest, longest := o.Bounds()
	s := fmt.Sprintf("%s (at least %s, at most %s)", human(o.Duration()), human(shortest), human(longest))
	if o.Paused > 0 {
		s += fmt.Sprintf(", not counting %s in which nobody looked", human(o.Paused))
	}
	return s
}

// name is the pod's name, or whatever else tells it from others.
func (p *Pod) name() string {
	switch {
	case p == nil:
		return "somebody"
	case p.Name != "":
		return p.Name
	case p.IP.IsValid():
		return p.IP.String()
	}
	return p.Key
}

// change is what a pod was and is, with the name only once when it stayed.
func change(was, is *Pod) string {
	if was.Name == is.Name {
		if was.IP == is.IP {
			return fmt.Sprintf("%s %v", is.name(), is.IP)
		}
		return strings.TrimSpace(fmt.Sprintf("%s %v -> %v", is.Name, was.IP, is.IP))
	}
	return fmt.Sprintf("%s %v -> %s %v", was.name(), was.IP, is.name(), is.IP)
}

func (m Moment) clock() string { return m.Wall.Local().Format("15:04:05") }

func list(addrs []netip.Addr) string {
	if len(addrs) == 0 {
		return "without address"
	}
	parts := make([]string, len(addrs))
	for i, a := range addrs {
		parts[i] = a.String()
	}
	return strings.Join(parts, ", ")
}

func lost(n int) string {
	if n == 1 {
		return "1 probe lost"
	}
	return fmt.Sprintf("%d probes lost", n)
}

func signed(d time.Duration) string {
	if d < 0 {
		return "-" + human(-d)
	}
	return "+" + human(d)
}

// human is a duration as people say it, to a tenth of a second below a minute.
func human(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
