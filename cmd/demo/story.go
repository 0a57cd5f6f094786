package main

import (
	"fmt"
	"strings"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/lab"
	"callbyname/internal/probe"
	"callbyname/internal/report"
)

// The approaches of the demo. Their names are columns of the log.
const (
	byIP        = "ip"
	byName      = "dns"
	byCache     = "cached"
	byKeepAlive = "keepalive"
)

// cacheRounds is for how many rounds the cached approach keeps an address.
const cacheRounds = 5

// approaches are what the demo compares: one pod's number, and its name in three ways.
func approaches(interval time.Duration) []probe.Approach {
	return []probe.Approach{
		{Name: byIP},
		{Name: byName, Host: lab.Host, Headless: true},
		{Name: byCache, Host: lab.Host, Headless: true, Cache: cacheRounds * interval},
		{Name: byKeepAlive, Host: lab.Host, Headless: true, KeepAlive: true},
	}
}

// step is one part of the story. What it announces is what is going to be done; what it says at its end is taken from
// what the prober saw, and from nothing else.
type step struct {
	title string
	// acts are done right after the round with that number within the step; 0 is before the first.
	acts map[int]func(*world) error
	// ready, when not nil, says after which round the step may begin.
	ready func(probe.Round) bool
	// least and most are how many rounds the step takes.
	least, most int
	// learned says what follows from the step's events, once they tell it; ok is false until then.
	learned func(events []compare.Event) (lesson string, ok bool)
	// missing is what has not been seen when the step is over without its lesson.
	missing string
}

// world is what the story acts on.
type world struct {
	lab      *lab.Lab
	pod, old *lab.Pod
}

// story is what the demo tells.
func story() []step {
	return []step{
		{
			title: "One pod runs behind a name. The prober calls it by its number, and by its name in three ways.",
			least: 5, most: 10, learned: allIsWell,
			missing: "the pod did not answer by number and by name",
		},
		{
			title: "The container in the pod crashes and is started again. The pod stays the same, and so does its number.",
			acts: map[int]func(*world) error{
				0: func(w *world) error { return w.lab.Crash(w.pod) },
				1: func(w *world) error { return w.lab.Restart(w.pod) },
			},
			least: 5, most: 10, learned: restarted,
			missing: "no restart was seen",
		},
		{
			title: "The pod is deleted, and another one is created in its place. It has the same name and another number.",
			ready: cacheIsNew,
			acts: map[int]func(*world) error{
				0: func(w *world) error { w.old = w.pod; return w.lab.Delete(w.pod) },
				2: func(w *world) (err error) { w.pod, err = w.lab.Recreate(w.old); return err },
			},
			least: 5, most: 4 * cacheRounds, learned: recreated,
			missing: "the pod was not recreated",
		},
		{
			title: "The old number is given to somebody else's pod, as happens in any cluster sooner or later.",
			acts: map[int]func(*world) error{
				0: func(w *world) error { _, err := w.lab.CreateStranger("stranger", w.old.Addr()); return err },
			},
			least: 4, most: 10, learned: misrouted,
			missing: "nobody answered at the old number",
		},
	}
}

// find is the last event of a kind.
func find(events []compare.Event, kinds ...compare.Kind) *compare.Event {
	for i := len(events) - 1; i >= 0; i-- {
		for _, k := range kinds {
			if events[i].Kind == k {
				return &events[i]
			}
		}
	}
	return nil
}

func allIsWell(events []compare.Event) (string, bool) {
	pinned := find(events, compare.Pinned)
	if pinned == nil || find(events, compare.Broke) != nil {
		return "", false
	}
	return fmt.Sprintf("The number (%v) and the name both reach %s. So far there is nothing to choose between them.",
		pinned.Addr, pinned.Pod.Name), true
}

func restarted(events []compare.Event) (string, bool) {
	e := find(events, compare.Restarted)
	if e == nil || find(events, compare.Recreated) != nil || !allBack(events) {
		return "", false
	}
	return fmt.Sprintf("%s answers with another process from the same number, %v. A restart breaks neither way of calling "+
		"for longer than it takes.", e.Pod.Name, e.Pod.IP), true
}

// cacheIsNew reports whether the cached approach looked the name up just now, and so will keep that number for its whole
// time: what it costs is seen best from there.
func cacheIsNew(r probe.Round) bool {
	for i, a := range approaches(0) {
		if a.Name == byCache {
			return r.Results[i].Answer != nil
		}
	}
	return true
}

// allBack reports whether each outage that began in these events also ended in them.
func allBack(events []compare.Event) bool {
	out := map[string]bool{}
	for _, e := range events {
		switch e.Kind {
		case compare.Broke:
			out[e.Approach] = true
		case compare.Recovered:
			delete(out, e.Approach)
		}
	}
	return len(out) == 0
}

func recreated(events []compare.Event) (string, bool) {
	e := find(events, compare.Settled)
	if e == nil || e.Recreation.Kind != compare.Recreated {
		return "", false
	}
	var byDNS time.Duration
	for _, f := range e.Recreation.Effects {
		if f.Approach == byName {
			byDNS = f.For
		}
	}
	var parts []string
	for _, f := range e.Recreation.Effects {
		part := fmt.Sprintf("%s %s", f.Approach, f.Verdict)
		switch {
		case f.Verdict == compare.Broken:
			part = fmt.Sprintf("%s is broken: %d probes lost, and nobody answers at %v any more.", f.Approach, f.Lost, e.Recreation.Old.IP)
		case f.Verdict == compare.Came && f.For > byDNS:
			part = fmt.Sprintf("%s came back too, but only after %s (%s): it had kept the old number.",
				f.Approach, report.Duration(f.For), count(f.Lost, "probe"))
		case f.Verdict == compare.Came:
			part = fmt.Sprintf("%s came back after %s (%s), with the new number %v.",
				f.Approach, report.Duration(f.For), count(f.Lost, "probe"), e.Recreation.New.IP)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "\n"), true
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s lost", n, what)
}

func misrouted(events []compare.Event) (string, bool) {
	for _, e := range events {
		if e.Kind == compare.VerdictChanged && e.Verdict == compare.Misrouted && e.Outage.Wrong != nil {
			return fmt.Sprintf("%s looks well again, and is worse than broken: %s answers at %v. The name never led there.",
				e.Approach, e.Outage.Wrong.Name, e.Outage.Wrong.IP), true
		}
	}
	return "", false
}

// narrator tells the story alongside the rounds: it is asked after each of them.
type narrator struct {
	steps []step
	world *world
	say   func(format string, args ...any) error
	// wait, when not nil, is asked whether the next step may begin.
	wait func() bool

	at     int // the step being told
	rounds int // of this step
	events []compare.Event
	told   bool // the step's lesson was told, and the next one waits
	failed bool
}

// over reports whether there is nothing more to tell.
func (n *narrator) over() bool { return n.at == len(n.steps) || n.failed }

// open announces the current step and does what comes first in it.
func (n *narrator) open() error {
	s := n.steps[n.at]
	n.rounds, n.events, n.told = 0, nil, false
	if err := n.say("\n(%d) %s\n\n", n.at+1, s.title); err != nil {
		return err
	}
	return n.act(s)
}

func (n *narrator) act(s step) error {
	if act := s.acts[n.rounds]; act != nil {
		if err := act(n.world); err != nil {
			return fmt.Errorf("step %d: %w", n.at+1, err)
		}
	}
	return nil
}

// after takes in what a round meant, and goes on with the story when it is time.
func (n *narrator) after(r probe.Round, o compare.Observation) error {
	if n.over() {
		return nil
	}
	s := n.steps[n.at]
	n.rounds++
	n.events = append(n.events, o.Events...)
	if n.told {
		return n.next(r)
	}
	if err := n.act(s); err != nil {
		return err
	}
	if n.rounds < s.least {
		return nil
	}
	lesson, ok := s.learned(n.events)
	switch {
	case ok:
		if err := n.say("\n%s\n", indent(lesson)); err != nil {
			return err
		}
		n.told = true
		return n.next(r)
	case n.rounds >= s.most:
		n.failed = true
		return n.say("\n%s\n", indent("The lesson did not occur: "+s.missing+"."))
	}
	return nil
}

// next begins the next step, if it may.
func (n *narrator) next(r probe.Round) error {
	if n.at+1 == len(n.steps) {
		n.at++
		return nil
	}
	if ready := n.steps[n.at+1].ready; ready != nil && !ready(r) || n.wait != nil && !n.wait() {
		return nil
	}
	n.at++
	return n.open()
}

func indent(s string) string { return "    => " + strings.ReplaceAll(s, "\n", "\n       ") }
