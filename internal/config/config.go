// Package config turns what a user wrote, on the command line, in the environment and in a YAML file, into targets and
// settings that can work, or into the list of everything that is wrong with it and what would be right. Flags and file
// go through the same checks. It starts nothing and opens nothing but the file; what the settings mean is left to
// packages probe, monitor and compare.
package config

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"callbyname/internal/probe"
)

// The limits of durations. MaxDuration is that of every one of them.
const (
	MinInterval = 10 * time.Millisecond
	MinTimeout  = time.Millisecond
	MaxDuration = 24 * time.Hour
)

// Settings is what a prober is told to do.
type Settings struct {
	// Interval is the time from one round of a target to its next.
	Interval time.Duration
	// Timeout is the deadline of a probe, below Interval so that rounds never overlap.
	Timeout time.Duration
	// Settle is as the user gave it; EffectiveSettle is what counts.
	Settle time.Duration
	// RepinAfter is how long after a recreation has settled the pin is learned anew; 0 means never.
	RepinAfter time.Duration
	// Nameservers are asked instead of those of /etc/resolv.conf; empty for those.
	Nameservers []netip.AddrPort
	// Targets stand in the order of the file, then of the command line; their names are unique, each has an approach.
	Targets []probe.Target
}

// Defaults are the settings of a prober that was told nothing, without a target.
func Defaults() Settings {
	return Settings{Interval: time.Second, Timeout: 900 * time.Millisecond, Settle: 30 * time.Second}
}

// EffectiveSettle is how long a recreation is watched at most: Settle, raised to the longest finite cache of any approach
// and to two intervals. A verdict that came earlier would be given before the approach had its second chance.
func (s *Settings) EffectiveSettle() time.Duration {
	settle := max(s.Settle, 2*s.Interval)
	for _, t := range s.Targets {
		for _, a := range t.Approaches {
			settle = max(settle, a.Cache) // Forever is negative
		}
	}
	return settle
}

// Given is one value from the command line or the environment.
type Given struct {
	// Key is "target", "nameserver" (both as often as wanted) or the name of a duration: "interval", "timeout", "settle",
	// "repin-after".
	Key string
	// From is how a message names the place: "--interval", "PROBER_INTERVAL".
	From string
	// Value is the text as it was given.
	Value string
}

// Load reads the file, if one is named, puts the given values over it (durations and nameservers replace the file's,
// targets come after the file's), and checks the whole. The error is a Problems with everything that is wrong.
func Load(file string, given ...Given) (Settings, error) {
	l := loader{settings: Defaults(), places: map[string]Place{}}
	if file != "" {
		l.readFile(file)
	}
	return l.finish(given)
}

// loader gathers settings and problems from all sides.
type loader struct {
	problems
	settings Settings
	places   map[string]Place // where each duration and each target (by "target "+name) was given
	invalid  bool             // a duration was: it is not compared with others
	asked    bool             // a target was asked for, or what could not be read may have asked for one
}

// duration is one of the settings that the file and the flags name alike.
type duration struct {
	key      string
	into     *time.Duration
	min, max time.Duration
}

func (l *loader) durations() []duration {
	s := &l.settings
	return []duration{
		{"interval", &s.Interval, MinInterval, MaxDuration},
		{"timeout", &s.Timeout, MinTimeout, MaxDuration},
		{"settle", &s.Settle, MinTimeout, MaxDuration},
		{"repin-after", &s.RepinAfter, 0, MaxDuration},
	}
}

// set parses a duration and remembers where it came from. The subject opens the sentence when something is wrong.
func (l *loader) set(d duration, at Place, subject, value string) {
	v, err := parseDuration(d.min, d.max)(value)
	if err != nil {
		l.invalid = true
		l.add(at, "%s%s %v", subject, quote(value), err)
		return
	}
	*d.into, l.places[d.key] = v, at
}

// finish puts the given values over the file's and checks what only the whole can tell.
func (l *loader) finish(given []Given) (Settings, error) {
	l.give(given)
	l.checkTimeout()
	if !l.asked {
		l.add(Place{}, "no target; the simplest use is: prober --target httpd=http://apache.localcluster")
	}
	if len(l.list) > 0 {
		return Settings{}, l.sorted()
	}
	return l.settings, nil
}

func (l *loader) give(given []Given) {
	var nameservers []netip.AddrPort
	durations := l.durations()
	for _, g := range given {
		switch i := slices.IndexFunc(durations, func(d duration) bool { return d.key == g.Key }); {
		case i >= 0:
			l.set(durations[i], Place{Flag: g.From}, "", g.Value)
		case g.Key == "nameserver":
			server, err := parseNameserver(g.Value)
			if err != nil {
				l.add(Place{Flag: g.From}, "%s %v", quote(g.Value), err)
			}
			nameservers = append(nameservers, server)
		case g.Key == "target":
			l.asked = true
			l.target(parseTarget(&l.problems, g.From, g.Value))
		default:
			l.add(Place{Flag: g.From}, "%s is no setting that a flag can give", quote(g.Key))
		}
	}
	if nameservers != nil {
		l.settings.Nameservers = nameservers
	}
}

// checkTimeout blames the timeout where one was given, else the interval: one of them was, for the defaults fit.
func (l *loader) checkTimeout() {
	s := &l.settings
	if l.invalid || s.Timeout < s.Interval {
		return
	}
	at, ok := l.places["timeout"]
	if !ok {
		at = l.places["interval"]
	}
	l.add(at, "timeout %s is not below the interval %s, so rounds would overlap; a timeout of %s would do",
		short(s.Timeout), short(s.Interval), short(s.Interval/10*9))
}

// target checks one target as it was written and takes it over.
func (l *loader) target(t *target) {
	t.check(&l.problems)
	if t.Name != "" {
		key := "target " + t.Name
		if first, taken := l.places[key]; taken {
			l.add(t.place("name"), "target name %q is already taken at %s", t.Name, first)
		} else {
			l.places[key] = t.place("name")
		}
	}
	l.settings.Targets = append(l.settings.Targets, t.Target)
}

// Place is where something was written; the zero Place is nowhere in particular.
type Place struct {
	// File is set for something in the file, and Line from 1, or 0 for the file as a whole.
	File string
	Line int
	// Flag names a flag or environment variable, with its value where there may be several: `--target "a=b"`.
	Flag string
}

func (p Place) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return p.File + p.Flag
}

// Problem is one thing that is wrong.
type Problem struct {
	Place
	// Text says in one printable line what is wrong and what would be right.
	Text string
}

func (p Problem) String() string {
	if where := p.Place.String(); where != "" {
		return where + ": " + p.Text
	}
	return p.Text
}

// Problems is everything that is wrong: the file's by line, then the others' in the order given.
type Problems []Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects them, each once: a part of the file that several aliases name is read as often.
type problems struct {
	list Problems
	seen map[Problem]bool
}

func (ps *problems) add(at Place, format string, args ...any) {
	p := Problem{at, fmt.Sprintf(format, args...)}
	if ps.seen[p] {
		return
	}
	if ps.seen == nil {
		ps.seen = map[Problem]bool{}
	}
	ps.seen[p] = true
	ps.list = append(ps.list, p)
}

func (ps *problems) sorted() Problems {
	line := func(p Problem) int {
		if p.File == "" {
			return math.MaxInt
		}
		return p.Line
	}
	slices.SortStableFunc(ps.list, func(a, b Problem) int { return cmp.Compare(line(a), line(b)) })
	return ps.list
}
