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
		return fmt.Sprintf("the IP to call is %v from now on%s, reached through %s", e.Addr, e.Pod.owner(": "), e.Approach)
	case Repinned:
		return fmt.Sprintf("the IP to call is now %v%s, no longer %v, so that the next recreation is measured too", e.Addr, e.Pod.owner(", "), e.WasAddr)
	case NoPin:
		return fmt.Sprintf("no IP to pin: %s is answered, but not told by whom; give the pod's address (ip=ADDRESS), or mark a name as headless", e.Approach)
	case UntrustedIP:
		return fmt.Sprintf("no IP to pin: the pod says that its IP is %s, which is another place for whoever uses it", list(e.Addrs))
	case ProxiedPin:
		return fmt.Sprintf("%v is no pod's own IP: %s at %s answered there, behind a Service or a proxy that hides which pod answers",
			e.Addr, e.Pod.name(), Bracketed(e.Pod.IP))
	case NoIdentity:
		return "the target does not say which pod answers: availability is compared, but a restart or a wrong pod cannot be told"
	case NoUID:
		return "the target says who answers, but without a pod UID: a restart cannot be told from a recreation that keeps the IP"
	case NoPorts:
		return e.noPorts()
	case Broke:
		return e.broke()
	case Changed:
		return fmt.Sprintf("%s is still out (%s), in another way now: %s", e.Approach, lost(e.Outage.Lost), e.Outage.Cause(e.Outage.Classes[len(e.Outage.Classes)-1]))
	case Explained:
		return fmt.Sprintf("%s is still out (%s)%s", e.Approach, lost(e.Outage.Lost), e.Outage.Likely.Words())
	case Recovered:
		return e.recovered()
	case Corrected:
		return e.corrected()
	case Restarted:
		return fmt.Sprintf("%s restarted in place: another process in the same pod, which keeps its IP %s", e.Pod.name(), Bracketed(e.Pod.IP))
	case RestartedOrRecreated:
		return fmt.Sprintf("%s was restarted or recreated: another process at the same IP %s, and no UID that tells which", e.Pod.name(), Bracketed(e.Pod.IP))
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
		return fmt.Sprintf("pod lost: %s no longer answers at %s; pods that were known before do, and no new one", e.Was.name(), Bracketed(e.Was.IP))
	case Withdrawn:
		return e.withdrawn()
	case Disowned:
		return e.disowned()
	case Settled:
		return e.settled()
	case VerdictChanged:
		return e.verdictChanged()
	case DNSChanged:
		return e.dnsChanged()
	case Paused:
		return fmt.Sprintf("nobody looked for %s (the prober was stopped or starved), which counts neither as up nor as down", human(e.Gap))
	case ClockChanged:
		return fmt.Sprintf("the wall clock jumped by %s (it was set, or the machine slept); no duration is changed by that", signed(e.Gap))
	}
	return string(e.Kind)
}

// noPorts explains what the errno does not. The figure is that of Linux as it comes; what this machine has is not known here.
func (e Event) noPorts() string {
	if !e.Addr.IsValid() {
		return fmt.Sprintf("%s: no local port was free to ask DNS from, which is the prober's fault and counts as void, not as down", e.Approach)
	}
	return fmt.Sprintf("%s: no local port was free to call %v from, which is the prober's fault and counts as void, not as down: a closed connection "+
		"keeps its port for 60s (TIME_WAIT), so that about 470 a second to one address are the most; call it less often, use keepalive, or widen "+
		"net.ipv4.ip_local_port_range", e.Approach, e.Addr)
}

func (e Event) broke() string {
	s := fmt.Sprintf("%s broke: %s", e.Approach, e.Outage.Cause(e.Outage.Classes[0]))
	switch o := e.Outage; {
	case o.Before.IsZero():
		s += " (it has not answered before)"
	case o.Pod != nil:
		s += fmt.Sprintf(" (last answered %s, %s)", o.Before.clock(), o.Pod.name())
	default:
		s += fmt.Sprintf(" (last answered %s)", o.Before.clock())
	}
	return s + e.Outage.Likely.Words()
}

// Words continue a sentence on a name that fails while the pin answers.
func (l Likely) Words() string {
	switch l {
	case NotReady:
		return "; by IP the pod answers, and says that it is not ready"
	case NoEndpoints:
		return "; by IP the pod answers, so it is likely not Ready, or the Service selects nothing"
	case NoService:
		return "; by IP the pod answers, so there is likely no such Service"
	case DNSItself:
		return "; by IP the pod answers, so it is likely DNS itself"
	}
	return ""
}

// Cause tells in plain words why probes of the outage fail that come to that class. Names in it are as in a Sentence.
func (o *Outage) Cause(class probe.Outcome) string {
	at := "it"
	if o.Addr.IsValid() {
		at = o.Addr.String()
	}
	switch class {
	case probe.DNSNotFound:
		return class.Words() + ", NXDOMAIN"
	case probe.DNSServFail:
		return class.Words() + ", SERVFAIL"
	case probe.DNSNoData, probe.DNSRefused, probe.DNSTimeout, probe.DNSUnreachable, probe.DNSMalformed:
		return class.Words() // which no address of the target adds to
	case probe.Refused:
		return at + " refused the connection"
	case probe.NoRoute:
		return "nobody is at " + at + ", no route to host"
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
		return strings.TrimSpace(at + " answered with an error status " + o.Detail)
	case probe.WrongPod:
		if w := o.Wrong; w != nil {
			who := w.name()
			if before := o.Pod; before != nil && before.Name == w.Name {
				who = "another " + who
			}
			return fmt.Sprintf("the wrong pod answers at %s: %s, which no name of this target leads to", at, who)
		}
		return "the wrong server answers at " + at + ": it does not say who it is, as the pod did"
	}
	return at + " failed: " + o.Detail
}

func (e Event) recovered() string {
	s := fmt.Sprintf("%s recovered after %s", e.Approach, e.Outage.lasted())
	if e.Pod != nil {
		s += fmt.Sprintf(" (%s answers)", e.Pod.name())
	}
	return s
}

// lasted is the duration with what is certain about it, and what it cost. Bounds are rounded away from it, so that they bound.
func (o *Outage) lasted() string {
	shortest, longest := o.Bounds()
	s := fmt.Sprintf("%s (at least %s, at most %s), %s", human(o.Duration()), human(shortest.Truncate(grain(shortest))), human((longest + grain(longest) - 1).Truncate(grain(longest))), lost(o.Lost))
	if o.Void > 0 {
		s += fmt.Sprintf(" and %d void", o.Void)
	}
	if paused := o.Paused(); paused > 0 {
		s += fmt.Sprintf(", not counting %s in which nobody looked", human(paused))
	}
	return s
}

func (e Event) corrected() string {
	answers := "the answer was"
	if e.Count > 1 {
		answers = fmt.Sprintf("the %d answers were", e.Count)
	}
	s := fmt.Sprintf("%s met no wrong pod: %s from %s, which a name has reached now", e.Approach, answers, e.Pod.name())
	switch o := e.Outage; {
	case o.Lost == 0:
		return s + "; there was no outage"
	case o.End.IsZero():
		return fmt.Sprintf("%s; the outage goes on, %s", s, lost(o.Lost))
	default:
		return fmt.Sprintf("%s; it had recovered after %s, %s", s, human(o.Duration()), lost(o.Lost))
	}
}

func (e Event) withdrawn() string {
	s := fmt.Sprintf("%s answers at %s again: ", e.Pod.name(), Bracketed(e.Pod.IP))
	if e.Recreation == nil {
		return s + "it was not lost"
	}
	return s + fmt.Sprintf("it was not recreated, and recreation %d does not count", e.Recreation.N)
}

func (e Event) disowned() string {
	answers := "1 answer"
	if e.Count != 1 {
		answers = fmt.Sprintf("%d answers", e.Count)
	}
	return fmt.Sprintf("%s is presumably a stranger that got %s: names led to it for a while (%s), now only elsewhere; it is the wrong pod from now on, "+
		"and recreation %d does not count", e.Pod.name(), Bracketed(e.Pod.IP), answers, e.Recreation.N)
}

func (e Event) settled() string {
	parts := make([]string, len(e.Recreation.Effects))
	for i, f := range e.Recreation.Effects {
		parts[i] = fmt.Sprintf("%s %s", f.Approach, f.Verdict)
		if f.Verdict == Came {
			parts[i] += " after " + human(f.For)
		}
		if f.Lost > 0 {
			parts[i] += fmt.Sprintf(" (%s)", lost(f.Lost))
		}
	}
	return fmt.Sprintf("what recreation %d did: %s", e.Recreation.N, strings.Join(parts, ", "))
}

func (e Event) verdictChanged() string {
	s := fmt.Sprintf("%s was %s when %s settled, now it is %s", e.Approach, e.WasVerdict, numbers(e.Numbers), e.Verdict)
	if e.Verdict == Misrouted {
		s += ", which is worse: another pod answers, and all looks well"
	}
	return s
}

// shown is how many things of one kind a sentence names; the event has them all.
const shown = 6

// numbers are recreations.
func numbers(all []int) string {
	if len(all) == 1 {
		return fmt.Sprintf("recreation %d", all[0])
	}
	parts := make([]string, len(all))
	for i, n := range all {
		parts[i] = fmt.Sprint(n)
	}
	return "recreations " + enumerate(parts)
}

func (e Event) dnsChanged() string {
	was, is := "was "+list(e.WasAddrs), "is now "+list(e.Addrs)
	if len(e.WasAddrs) == 0 {
		was = "had no address"
	}
	if len(e.Addrs) == 0 {
		is = "has no address now"
	}
	return fmt.Sprintf("DNS changed: %s %s, %s", e.Host, was, is)
}

// name is the pod's name, or whatever else tells it from others.
func (p *Pod) name() string {
	switch {
	case p == nil:
		return "somebody"
	case p.Name != "":
		return p.Name
	case p.IP.IsValid():
		return Bracketed(p.IP)
	}
	return p.Key
}

// owner is the name of the pod whose address was just told, behind sep; empty where it has none.
func (p *Pod) owner(sep string) string {
	if p == nil || p.Name == "" {
		return ""
	}
	return sep + p.Name
}

// change is what a pod was and is, with the name only once when it stayed.
func change(was, is *Pod) string {
	from, to := Bracketed(was.IP), Bracketed(is.IP)
	if was.Name != is.Name {
		return strings.TrimSpace(was.Name+" "+from) + " -> " + strings.TrimSpace(is.Name+" "+to)
	}
	if from != to {
		to = from + " -> " + to
	}
	return strings.TrimSpace(is.Name + " " + to)
}

func (m Moment) clock() string { return m.Wall.Local().Format("15:04:05") }

// Bracketed is an address as it stands in a URL; "an unknown IP" for the zero Addr.
func Bracketed(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "an unknown IP"
	case a.Is4():
		return a.String()
	}
	return "[" + a.String() + "]"
}

func list(addrs []netip.Addr) string {
	parts := make([]string, len(addrs))
	for i, a := range addrs {
		parts[i] = Bracketed(a)
	}
	return enumerate(parts)
}

func enumerate(parts []string) string {
	if more := len(parts) - shown; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(parts[:shown], ", "), more)
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

// tenth is the unit in which sentences tell durations below a minute.
const tenth = 100 * time.Millisecond

// human is a duration as people say it, to a tenth of a second below a minute.
func human(d time.Duration) string {
	switch {
	case d == 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// grain is what human rounds such a duration to.
func grain(d time.Duration) time.Duration {
	if d < time.Minute {
		return tenth
	}
	return time.Second
}
