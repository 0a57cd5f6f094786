package page

import (
	"slices"

	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// whose is to whom the address belongs that an approach calls, as far as that was declared or seen.
type whose int

const (
	unknown whose = iota
	pods          // the pod's own, as a headless Service's name gives it
	before        // of something in front of the pods, which stays when they go: a Service, a proxy
)

// whose tells it from the last answer: a pod that says its IP is at another address than was called, or at that one.
func (t *target) whose(i int) whose {
	w := &t.ways[i]
	called := w.from.Addr().Unmap()
	switch who := w.who; {
	case who == nil || !called.IsValid():
	case slices.Contains(who.IPs, called):
		return pods
	case who.Local.IsValid() && who.Local.Addr().Unmap() == called:
		return pods
	case len(who.IPs) > 0 || who.Local.IsValid():
		return before
	}
	if w.spec.Headless {
		return pods
	}
	return unknown
}

// how says what an approach does, for who has never heard of it.
func (t *target) how(i int) string {
	a, of := t.ways[i].spec, t.whose(i)
	name, kept := "the name", map[whose]string{unknown: "the address", pods: "the pod's own address", before: "a Service's or proxy's address"}[of]
	if t.another(i) {
		name = a.Host
	}
	s := "looks " + name + " up for every call"
	switch {
	case a.Pinned():
		s = "calls the same IP address for ever"
	case a.Cache == probe.Forever:
		s = "looks " + name + " up once, and keeps " + kept + " for ever"
	case a.Cache > 0:
		s = "looks " + name + " up, and keeps " + kept + " for " + report.Setting(a.Cache)
	case a.KeepAlive:
		s = "looks " + name + " up once, and keeps the connection open"
	case of != unknown:
		s += ", and gets " + kept
	}
	switch {
	case a.KeepAlive && (a.Pinned() || a.Cache != 0):
		s += ", over a connection that is kept open"
	case a.Literal:
		s += ", and says the number where the name should stand"
	}
	return s
}

// another reports whether there is an approach of which the same is to be said but for the name.
func (t *target) another(i int) bool {
	a, of := t.ways[i].spec, t.whose(i)
	for k := range t.ways {
		b := t.ways[k].spec
		if b.Host != a.Host && !a.Pinned() && !b.Pinned() && b.Cache == a.Cache && b.KeepAlive == a.KeepAlive && b.Literal == a.Literal && t.whose(k) == of {
			return true
		}
	}
	return false
}
