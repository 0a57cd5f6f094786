package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// maxApproaches is how many approaches a target may have: more do not fit a row of the log.
const maxApproaches = 16

// part is where a target or an approach was written.
type part struct {
	at    Place
	lines map[string]int // where its keys stand in the file; a flag has none
}

func (p part) has(key string) bool { _, ok := p.lines[key]; return ok }

// place is where a key stands, or should stand.
func (p part) place(key string) Place {
	if line, ok := p.lines[key]; ok {
		return Place{File: p.at.File, Line: line}
	}
	return p.at
}

// target is a target as it was written. Its own Approaches are filled by check.
type target struct {
	part
	probe.Target
	approaches []*approach // none: ip and dns
}

// approach is an approach as it was written.
type approach struct {
	part
	probe.Approach
	address address // zero: not given, or not readable
	broken  bool    // it has a problem of its own: it is not compared with others
}

// parseTarget reads the value of a --target flag: [NAME=]URL[,ip=ADDR[:PORT]]. Without a name the host is the name.
func parseTarget(ps *problems, from, s string) *target {
	t := &target{part: part{at: Place{Flag: from + " " + quote(s)}}}
	fail := func(what, value string, err error) { ps.add(t.at, "%s %s %v", what, quote(value), err) }

	fields := strings.Split(s, ",")
	name, rawURL, named := strings.Cut(fields[0], "=")
	if named && strings.Contains(name, "/") { // the "=" belongs to the URL's query
		named = false
	}
	if !named {
		name, rawURL = "", fields[0]
	}
	var err error
	if t.URL, err = parseURL(rawURL); err != nil {
		t.URL = nil
		fail("url", rawURL, err)
	} else if !named {
		name = t.URL.Hostname()
	}
	if named || t.URL != nil {
		if t.Name, err = parseName(name); err != nil && !named {
			ps.add(t.at, "the host makes no name for this target; put one before it, like httpd=%s", quote(rawURL))
		} else if err != nil {
			fail("name", name, err)
		}
	}
	for i, field := range fields[1:] {
		switch key, value, _ := strings.Cut(field, "="); {
		case key != "ip":
			ps.add(t.at, "unknown option %s; known is ip=ADDR[:PORT], and a comma in the url itself is written %%2C", quote(field))
		case i > 0:
			ps.add(t.at, "a second option %s; a target takes one", quote(field))
		default:
			if t.Pin, err = parsePin(value); err != nil {
				fail("ip", value, err)
			}
		}
	}
	return t
}

// check fills in what was left out and refuses what can never work. What hangs on something that could not be read is
// not looked at.
func (t *target) check(ps *problems) {
	if t.approaches == nil && !t.has("approaches") {
		for _, name := range []string{"ip", "dns"} {
			t.approaches = append(t.approaches, &approach{part: part{at: t.place("url")}, Approach: probe.Approach{Name: name}})
		}
	}
	if len(t.approaches) > maxApproaches {
		ps.add(t.place("approaches"), "%d approaches are too many; %d is the limit", len(t.approaches), maxApproaches)
	}
	if t.URL != nil && t.Insecure && t.URL.Scheme != "https" {
		ps.add(t.place("insecure"), "insecure accepts any certificate, and http has none; leave it out or write https")
	}
	if t.URL != nil && t.Pin.IsValid() && t.Pin.Port() == 0 {
		t.Pin = netip.AddrPortFrom(t.Pin.Addr(), t.Port())
	}
	t.checkFamily(ps, t.place("ip"), "ip", t.Pin.Addr())
	t.checkNames(ps)
	for _, a := range t.approaches {
		if !a.decide(t) {
			a.broken = true
			continue
		}
		a.check(t, ps)
		t.Approaches = append(t.Approaches, a.Approach)
	}
	t.checkPin(ps)
	if t.URL != nil {
		t.checkTwins(ps)
	}
}

func (t *target) checkNames(ps *problems) {
	seen := map[string]bool{}
	for _, a := range t.approaches {
		if a.Name != "" && seen[a.Name] {
			ps.add(a.place("name"), "approach name %q is already taken in this target", a.Name)
			a.broken = true
		}
		seen[a.Name] = true
	}
}

// checkPin asks whether the pin can be known, and is used.
func (t *target) checkPin(ps *problems) {
	var pinned, named *approach
	for _, a := range t.approaches {
		switch {
		case a.broken:
			return // whether it is a way to the pin is not known
		case a.Pinned():
			pinned = cmp.Or(pinned, a)
		case !a.address.addr.IsValid():
			named = cmp.Or(named, a)
		}
	}
	switch given := t.Pin.IsValid() || t.has("ip"); {
	case pinned != nil && named == nil && !given:
		ps.add(pinned.place("name"), "approach %q never learns its pin, for no approach goes by a name; "+
			"add one, like `- dns`, or give the target an ip", pinned.Name)
	case pinned == nil && given && len(t.approaches) > 0:
		ps.add(t.place("ip"), "ip is given, and no approach dials it; add `- ip` to the approaches, or leave ip out")
	}
}

// checkTwins refuses approaches that differ in nothing that reaches the wire.
func (t *target) checkTwins(ps *problems) {
	first := map[probe.Approach]string{}
	for _, a := range t.approaches {
		if a.broken {
			continue
		}
		essence := a.Approach
		essence.Name, essence.Headless, essence.Host = "", false, strings.ToLower(essence.Host)
		if essence.Port == 0 {
			essence.Port = t.Port()
		}
		if twin, found := first[essence]; found {
			ps.add(a.place("name"), "approach %q does what %q does; give it another address, host, cache or keepalive", a.Name, twin)
			continue
		}
		first[essence] = a.Name
	}
}

// decide finds out what the approach dials: what it says, or else the pin for ip and the URL's host for all others. It is
// false where something could not be read.
func (a *approach) decide(t *target) bool {
	switch {
	case a.Name == "":
		return false
	case a.has("address"):
	case a.Name == "ip":
		a.address.pin = true
	case t.URL == nil:
		return false
	default:
		a.address.host = t.URL.Hostname()
		if addr, err := netip.ParseAddr(a.address.host); err == nil {
			a.address.addr = addr.Unmap()
			a.address.host = a.address.addr.String()
		}
	}
	a.Host, a.Port = a.address.host, a.address.port
	return a.address != address{}
}

// check refuses properties that contradict the address.
func (a *approach) check(t *target, ps *problems) {
	refuse := func(key, why string, args ...any) {
		a.broken = a.broken || key == "address"
		ps.add(a.place(key), "approach %q %s", a.Name, fmt.Sprintf(why, args...))
	}
	literal := a.address.addr.IsValid()
	switch {
	case a.Name == "ip" && !a.Pinned():
		refuse("address", "must dial the pin, for that is what ip means; leave its address out, or choose another name")
	case a.Name == "dns" && a.Pinned():
		refuse("address", "must go by a name, and here it dials the pin; leave its address out, or choose another name")
	case a.Name == "dns" && literal:
		assign := ": "
		if t.at.Flag != "" {
			assign = "="
		}
		refuse("address", "needs a name, and %s is an address; write a name for it, and the pod's address as ip%s%s", a.Host, assign, a.Host)
	}
	if a.Headless && (a.Pinned() || literal) {
		refuse("headless", "goes by an address, and headless describes a name; leave headless out")
	}
	if a.Cache != 0 && (a.Pinned() || literal) {
		refuse("cache", "never resolves a name, so there is nothing to keep; leave cache out")
	}
	t.checkFamily(ps, a.place("address"), fmt.Sprintf("address of approach %q", a.Name), a.address.addr)
}

// checkFamily refuses an address that the target's family leaves out.
func (t *target) checkFamily(ps *problems, at Place, what string, addr netip.Addr) {
	if !addr.IsValid() || t.Family == 0 {
		return
	}
	family, name := resolve.IPv4, "ipv4"
	if addr.Is6() {
		family, name = resolve.IPv6, "ipv6"
	}
	if t.Family&family == 0 {
		ps.add(at, "%s %s is not of the target's family; write family: %s, or another address", what, addr, name)
	}
}
