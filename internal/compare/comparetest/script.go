// Package comparetest holds stories of pods, written as rounds of probes, with the events that they must give. Package
// compare is tested with them, and whatever hands its rounds or events on (a log, a page) is tested with the same ones.
package comparetest

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// Scenario is one story of one target.
type Scenario struct {
	Name string
	// Approaches are the names of the columns in Rounds: ip, ip-keepalive, literal; dns and other ones (a name of their own
	// is "dns:host"); headless, cached and keepalive; cached-dns and keepalive-dns.
	Approaches string
	// Pods are "LETTER=name/IP", or name/IP+IP with another address. The UID is "uid-LETTER", unless NoUID or the letter is
	// a small one, which no outcome may begin with.
	Pods string
	// Service is the address that dns, cached-dns and keepalive-dns resolve to; headless, cached and keepalive resolve to
	// the pod's own.
	Service string
	// Family is the target's; zero means both.
	Family resolve.Family
	// Given is a pin that the user gave.
	Given string
	NoUID bool
	// Port is where the pods accept, when it is not the URL's 80.
	Port uint16
	// Cache is that of cached and cached-dns, 30 s when zero.
	Cache time.Duration
	// Settle is 5 s when zero; RepinAfter stays zero.
	Settle, RepinAfter time.Duration
	// Rounds has a line for each round, a column for each approach, "xN" at the end for N such rounds. "pause 10s" and
	// "clock 1h" stand between rounds. A column is
	//	-          pending
	//	void       void
	//	no_ports   void, for want of a local port
	//	refused    a failure class
	//	A          answered by pod A   (cached: from the cache, keepalive: on the kept connection)
	//	A~900ms    ... or failed, after that long (a probe takes next to no time otherwise)
	//	*A         answered by pod A over a new connection to an address resolved now
	//	A'         ... by another process of pod A, A'' by a third
	//	A@10.0.0.7 ... which has that IP now
	//	A^         ... which says that it is not ready
	//	A!503      ... with that status, which is no success
	//	A&B        ... whose headless name has the address of pod B as well, behind its own
	//	?          answered by somebody who does not say who it is;  ?@10.0.0.7 from there, ?!503 with that status
	Rounds string
	// Want are the events, a line each, as Brief has them.
	Want string
}

// Interval is the time between two rounds of every scenario.
const Interval = time.Second

// Options are what the scenario's Tracker is made with.
func (sc Scenario) Options() compare.Options {
	settle := sc.Settle
	if settle == 0 {
		settle = 5 * time.Second
	}
	return compare.Options{Interval: Interval, Settle: settle, RepinAfter: sc.RepinAfter}
}

// Target is the scenario's target.
func (sc Scenario) Target() probe.Target {
	t := probe.Target{Name: "httpd", URL: &url.URL{Scheme: "http", Host: "apache.localcluster"}, Family: sc.Family}
	if sc.Given != "" {
		t.Pin = netip.MustParseAddrPort(sc.Given)
	}
	for _, name := range strings.Fields(sc.Approaches) {
		t.Approaches = append(t.Approaches, sc.approach(name))
	}
	return t
}

func (sc Scenario) approach(name string) probe.Approach {
	kind, host, _ := strings.Cut(name, ":")
	a := probe.Approach{Name: kind, Host: host}
	if host == "" {
		a.Host = "apache.localcluster"
	}
	cache := sc.Cache
	if cache == 0 {
		cache = 30 * time.Second
	}
	pods := func() { a.Host, a.Headless = "apache-pods.localcluster", true }
	switch kind {
	case "ip":
		a.Host = ""
	case "ip-keepalive":
		a.Host, a.KeepAlive = "", true
	case "literal":
		a.Host, a.Literal = "", true
	case "headless":
		pods()
	case "cached":
		pods()
		a.Cache = cache
	case "keepalive":
		pods()
		a.KeepAlive = true
	case "cached-dns":
		a.Cache = cache
	case "keepalive-dns":
		a.KeepAlive = true
	}
	return a
}

// Start is the wall clock at the first round of every scenario.
var Start = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

// Play hands the scenario's rounds to observe, one after the other, with the pins that it returns, and returns when the
// last round was.
func (sc Scenario) Play(observe func(probe.Round) []probe.Pin) (at time.Duration, wall time.Time) {
	p := player{sc: sc, target: sc.Target(), pods: map[string]identity.Identity{}}
	p.pin = p.target.Pin
	for _, f := range strings.Fields(sc.Pods) {
		letter, rest, _ := strings.Cut(f, "=")
		name, ips, _ := strings.Cut(rest, "/")
		id := identity.Identity{Name: name, UID: "uid-" + letter, Instance: letter}
		for ip := range strings.SplitSeq(ips, "+") {
			id.IPs = append(id.IPs, netip.MustParseAddr(ip))
		}
		if sc.NoUID || letter == strings.ToLower(letter) {
			id.UID = ""
		}
		p.pods[letter] = id
	}
	at, clock, seq := -Interval, time.Duration(0), uint64(0)
	for _, line := range strings.Split(strings.TrimSpace(sc.Rounds), "\n") {
		line, _, _ = strings.Cut(line, "//")
		columns := strings.Fields(line)
		switch {
		case len(columns) == 0:
			continue
		case columns[0] == "pause":
			at += duration(columns[1])
			continue
		case columns[0] == "clock":
			clock += duration(columns[1])
			continue
		}
		times := 1
		if last := columns[len(columns)-1]; last[0] == 'x' {
			n, err := strconv.Atoi(last[1:])
			if err != nil {
				panic(fmt.Sprintf("scenario %q: %q: %v", sc.Name, line, err))
			}
			times, columns = n, columns[:len(columns)-1]
		}
		for range times {
			seq++
			at += Interval
			wall = Start.Add(at + clock)
			r := probe.Round{Target: p.target.Name, Seq: seq, At: at, Wall: wall}
			for i, column := range columns {
				r.Results = append(r.Results, p.result(p.target.Approaches[i], column, i))
			}
			for _, pin := range observe(r) {
				p.pin = pin.Addr
			}
		}
	}
	return at, wall
}

func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

type player struct {
	sc     Scenario
	target probe.Target
	pods   map[string]identity.Identity
	pin    netip.AddrPort
}

// result is one column.
func (p *player) result(a probe.Approach, column string, i int) probe.Result {
	r := probe.Result{Total: time.Duration(i+1) * 500 * time.Microsecond}
	column, fresh := strings.CutPrefix(column, "*")
	column, other, both := strings.Cut(column, "&")
	column, took, slow := strings.Cut(column, "~")
	if slow {
		r.Total = duration(took)
	}
	switch o := probe.Outcome(column); {
	case column == "-":
		r.Outcome = probe.Pending
		return r
	case o == probe.Void:
		r.Outcome, r.Reason = probe.Void, probe.Starved
		return r
	case o.DNS():
		r.Outcome = o
		r.Answer = &resolve.Answer{Host: a.Host, Source: resolve.FromDNS}
		if o == probe.DNSNotFound {
			r.Answer.Rcode = "NXDOMAIN"
		} else if o != probe.DNSNoData {
			r.Answer.Unanswered = resolve.Any
		}
		return r
	}
	r.Outcome, r.Status = probe.OK, 200
	id, isPod := p.pods[column[:1]]
	var rest string
	switch {
	case isPod || column[0] == '?':
		rest = column[1:]
	default:
		r.Outcome, r.Status = probe.Outcome(column), 0
		r.Detail = "as the story has it"
		if reason := probe.VoidReason(column); reason == probe.NoPorts {
			r.Outcome, r.Reason = probe.Void, reason
		}
	}
	report := identity.Report{Identity: id}
	if before, status, ok := strings.Cut(rest, "!"); ok {
		r.Outcome, rest = probe.HTTPStatus, before
		r.Status, _ = strconv.Atoi(status)
	}
	rest, report.Unready = strings.CutSuffix(rest, "^")
	address := netip.MustParseAddr("10.0.0.99")
	if isPod {
		address = id.IPs[0]
	}
	if before, ip, ok := strings.Cut(rest, "@"); ok {
		rest, address = before, netip.MustParseAddr(strings.Trim(ip, "[]"))
		report.IPs = []netip.Addr{address}
	}
	report.Instance += rest // one ' for each restart
	port := uint16(80)
	if p.sc.Port != 0 {
		port = p.sc.Port
	}
	report.Local = netip.AddrPortFrom(address, port)
	if isPod {
		r.Who = &report
	}

	r.Addr = netip.AddrPortFrom(address, port)
	switch {
	case a.Pinned():
		r.Addr = p.pin
		r.Reused = a.KeepAlive && !fresh && r.Status != 0
		return r
	case !a.Headless:
		r.Addr = netip.AddrPortFrom(netip.MustParseAddr(p.sc.Service), 80)
	}
	switch {
	case a.Cache != 0 && !fresh:
		r.FromCache = true
	case a.KeepAlive && !fresh:
		r.Reused = true
	case r.Status == 0 && a.Headless: // nobody answered: which address DNS gave is not told by the column
	default:
		r.Answer = &resolve.Answer{Host: a.Host, Rcode: "NOERROR", Source: resolve.FromDNS, Addrs: []netip.Addr{r.Addr.Addr()}}
		if a.Headless && len(id.IPs) > 1 {
			r.Answer.Addrs = id.IPs
		}
		if both {
			r.Answer.Addrs = append(slices.Clone(r.Answer.Addrs), p.pods[other].IPs...)
		}
	}
	return r
}
