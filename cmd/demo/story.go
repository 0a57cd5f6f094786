package main

import (
	"fmt"
	"slices"
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

// settleRounds is after how many rounds a recreation is judged: late enough for the cached approach to be back.
const settleRounds = cacheRounds + 2

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
	// acts are done right after the round with that number within the step; 0 is before the first. Rounds that were void in
	// part are not counted.
	acts map[int]func(*world) error
	// ready, when not nil, says after which round the step may begin.
	ready func(probe.Round) bool
	// least and most are how many rounds the step takes, without the void ones.
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
			title: fmt.Sprintf("One pod runs, and a name leads to it. It is called in four ways: %s calls the pod's number, which is its IP "+
				"address; %s looks the name up for every call; %s keeps for %d rounds the number that it found; %s looks the name up once "+
				"and keeps the connection open.", byIP, byName, byCache, cacheRounds, byKeepAlive),
			least: 5, most: 20, learned: allIsWell,
			missing: "the pod did not answer by number and by name",
		},
		{
			title: "The container in the pod crashes and is started again. The pod stays the same, and so does its number.",
			acts: map[int]func(*world) error{
				0: func(w *world) error { return w.lab.Crash(w.pod) },
				1: func(w *world) error { return w.lab.Restart(w.pod) },
			},
			least: 5, most: 20, learned: restarted,
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
			missing: "no pod was recreated so that its number broke and its name came back",
		},
		{
			title: "The old number is given to somebody else's pod, as happens in any cluster sooner or later.",
			acts: map[int]func(*world) error{
				0: func(w *world) error { _, err := w.lab.CreateStranger("stranger", w.old.Addr()); return err },
			},
			least: 4, most: 20, learned: misrouted,
			missing: "nobody was seen to answer at the old number",
		},
	}
}

// find is the last event of a kind.
func find(events []compare.Event, kind compare.Kind) *compare.Event {
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind == kind {
			return &events[i]
		}
	}
	return nil
}

// allIsWell: the pin was learned, and whatever broke came back.
func allIsWell(events []compare.Event) (string, bool) {
	pinned := find(events, compare.Pinned)
	if pinned == nil || !allBack(events) {
		return "", false
	}
	return fmt.Sprintf("The name leads to %s, and %v is its number. So far there is nothing to choose between them.",
		pinned.Pod.Name, pinned.Addr.Addr()), true
}

func restarted(events []compare.Event) (string, bool) {
	e := find(events, compare.Restarted)
	if e == nil || find(events, compare.Recreated) != nil || !allBack(events) {
		return "", false
	}
	return fmt.Sprintf("%s answers from the same number, %v, with another process, and every way of calling came back to it. "+
		"A restart in place is no reason to prefer one of them.", e.Pod.Name, e.Pod.IP), true
}

// cacheIsNew reports whether the cached approach looked the name up just now, and so will keep that number for its whole
// time: what it costs is seen best from there.
func cacheIsNew(r probe.Round) bool {
	for i, a := range approaches(0) {
		if a.Name == byCache {
			return r.Results[i].Answer != nil && r.Results[i].Outcome == probe.OK
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

// recreated tells each approach's verdict, once the number is broken and the name is back.
func recreated(events []compare.Event) (string, bool) {
	settled := find(events, compare.Settled)
	if settled == nil || settled.Recreation.Kind != compare.Recreated {
		return "", false
	}
	r := settled.Recreation
	effects := map[string]compare.Effect{}
	for _, f := range r.Effects {
		effects[f.Approach] = f
	}
	for _, e := range events {
		if e.Kind == compare.VerdictChanged {
			f := effects[e.Approach]
			f.Verdict, f.Lost, f.For = e.Verdict, max(f.Lost, e.Outage.Lost), max(f.For, e.Outage.Duration())
			effects[e.Approach] = f
		}
	}
	if effects[byIP].Verdict != compare.Broken || effects[byName].Verdict != compare.Came || !allBackBut(events, byIP) {
		return "", false
	}
	var lines []string
	for _, a := range approaches(0) {
		f := effects[a.Name]
		cost := fmt.Sprintf("%s (%s)", report.Duration(f.For), lost(f.Lost))
		line := fmt.Sprintf("%s: %s.", f.Approach, f.Verdict)
		switch {
		case f.Verdict == compare.Broken && f.Approach == byIP:
			line = fmt.Sprintf("%s is broken: %s. %v was the number of a pod that is gone.", f.Approach, lost(f.Lost), r.Old.IP)
		case f.Verdict == compare.Came && f.Approach == byCache && f.For > effects[byName].For:
			line = fmt.Sprintf("%s came back too, but only after %s: it had kept the old number.", f.Approach, cost)
		case f.Verdict == compare.Came:
			line = fmt.Sprintf("%s came back after %s: the name leads to %v now.", f.Approach, cost, r.New.IP)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), true
}

// allBackBut reports whether nothing but that approach is out.
func allBackBut(events []compare.Event, approach string) bool {
	return allBack(slices.DeleteFunc(slices.Clone(events), func(e compare.Event) bool { return e.Approach == approach }))
}

func lost(n int) string {
	if n == 1 {
		return "1 probe lost"
	}
	return fmt.Sprintf("%d probes lost", n)
}

func misrouted(events []compare.Event) (string, bool) {
	for _, e := range events {
		if e.Kind == compare.VerdictChanged && e.Verdict == compare.Misrouted && e.Outage.Wrong != nil {
			return fmt.Sprintf("%s gets answers again, and is worse than broken: they come from %s, which has the number %v now. "+
				"No name led there. So call pods by name, not by number.", e.Approach, e.Outage.Wrong.Name, e.Outage.Wrong.IP), true
		}
	}
	return "", false
}
