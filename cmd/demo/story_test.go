package main

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// observed is a round of one approach with that outcome, and what it meant.
func observed(outcome probe.Outcome, events ...compare.Event) (probe.Round, compare.Observation) {
	return probe.Round{Results: []probe.Result{{Outcome: outcome}}}, compare.Observation{Judged: []compare.Judged{{Outcome: outcome}}, Events: events}
}

func TestVoidRoundsDelayTheStoryAndNeverFailIt(t *testing.T) {
	acts := 0
	act := func(*world) error { acts++; return nil }
	var out bytes.Buffer
	n := &narrator{out: &out, width: 80, apart: true, steps: []step{{
		title: "Something happens.", acts: map[int]func(*world) error{0: act, 1: act}, least: 2, most: 3, missing: "nothing happened",
		learned: func(events []compare.Event) (string, bool) { return "It happened.", len(events) > 0 },
	}}}
	if err := n.open(); err != nil || acts != 1 {
		t.Fatalf("%v, %d acts", err, acts)
	}
	for i, tt := range []struct {
		outcome probe.Outcome
		events  []compare.Event
		acts    int
		over    bool
	}{
		{outcome: probe.Void, acts: 1},
		{outcome: probe.Void, acts: 1},
		{outcome: probe.OK, acts: 2},
		{outcome: probe.Void, events: []compare.Event{{}}, acts: 2}, // its events count all the same
		{outcome: probe.Refused, acts: 2, over: true},
	} {
		if err := n.after(observed(tt.outcome, tt.events...)); err != nil || acts != tt.acts || n.over() != tt.over {
			t.Fatalf("round %d: %v, %d acts, over %v", i+1, err, acts, n.over())
		}
	}
	if got := out.String(); n.failed || got != "(1) Something happens.\n\n\n    => It happened.\n" {
		t.Errorf("said %q", got)
	}
}

func TestAStoryThatGetsNowhereIsGivenUp(t *testing.T) {
	for _, tt := range []struct {
		outcome probe.Outcome
		rounds  int
		why     string
	}{
		{probe.Void, maxVoid, "the machine is too busy, 100 rounds were void"},
		{probe.OK, 3, "nothing happened"},
	} {
		var out bytes.Buffer
		n := &narrator{out: &out, width: 80, apart: true, steps: []step{{
			least: 2, most: 3, missing: "nothing happened", learned: func([]compare.Event) (string, bool) { return "", false },
		}}}
		for i := range tt.rounds {
			if n.over() {
				t.Fatalf("over after %d rounds", i)
			}
			if err := n.after(observed(tt.outcome)); err != nil {
				t.Fatal(err)
			}
		}
		if !n.failed || !strings.HasSuffix(out.String(), "    => The lesson did not occur: "+tt.why+".\n") {
			t.Errorf("failed %v: %s", n.failed, &out)
		}
	}
}

func TestAStepThatCannotBeDoneEndsTheStory(t *testing.T) {
	broken := errors.New("no such pod")
	n := &narrator{out: &bytes.Buffer{}, width: 80, steps: []step{{acts: map[int]func(*world) error{1: func(*world) error { return broken }}}}}
	if err := n.after(observed(probe.OK)); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "step 1: ") {
		t.Errorf("%v", err)
	}
}

func TestSentencesAreWrappedBehindTheirBeginning(t *testing.T) {
	var out bytes.Buffer
	n := &narrator{out: &out, width: 24, colour: true}
	if err := n.say("    => ", "a word and another one\nand a second line"); err != nil {
		t.Fatal(err)
	}
	const want = "\n\x1b[1m    => a word and\n       another one\n       and a second line\x1b[0m\n\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", &out, want)
	}
}

// A lesson is told only if the events tell it.
func TestNoLessonWithoutItsEvents(t *testing.T) {
	pod := &compare.Pod{Name: "pod-httpd", UID: "u1", IP: netip.MustParseAddr("127.0.0.2")}
	next := &compare.Pod{Name: "pod-httpd", UID: "u2", IP: netip.MustParseAddr("127.0.0.3")}
	pinned := compare.Event{Kind: compare.Pinned, Pod: pod, Addr: netip.MustParseAddrPort("127.0.0.2:8080")}
	broke := func(approach string) compare.Event { return compare.Event{Kind: compare.Broke, Approach: approach} }
	back := func(approach string) compare.Event { return compare.Event{Kind: compare.Recovered, Approach: approach} }
	again := compare.Event{Kind: compare.Restarted, Pod: pod}
	settled := func(kind compare.Kind, ip, dns, cached compare.Verdict) compare.Event {
		return compare.Event{Kind: compare.Settled, Recreation: &compare.Recreation{Kind: kind, Old: *pod, New: *next, Effects: []compare.Effect{
			{Approach: byIP, Verdict: ip, Lost: 1}, {Approach: byName, Verdict: dns, Lost: 2, For: 2 * time.Second},
			{Approach: byCache, Verdict: cached, Lost: 5, For: 5 * time.Second}, {Approach: byKeepAlive, Verdict: compare.Came, Lost: 3, For: 3 * time.Second},
		}}}
	}
	turned := func(approach string, to compare.Verdict, wrong *compare.Pod) compare.Event {
		return compare.Event{Kind: compare.VerdictChanged, Approach: approach, Verdict: to, Outage: &compare.Outage{Lost: 7, Wrong: wrong}}
	}
	for _, tt := range []struct {
		name    string
		learned func([]compare.Event) (string, bool)
		events  []compare.Event
		want    string // is contained in the lesson; empty for none
	}{
		{"nothing", allIsWell, nil, ""},
		{"a pin", allIsWell, []compare.Event{pinned}, "leads to pod-httpd, and 127.0.0.2 is its number"},
		{"a pin, and an approach is out", allIsWell, []compare.Event{pinned, broke(byIP)}, ""},
		{"a pin, and an approach was out", allIsWell, []compare.Event{broke(byName), pinned, back(byName)}, "leads to pod-httpd"},
		{"no restart", restarted, []compare.Event{broke(byIP), back(byIP)}, ""},
		{"a restart", restarted, []compare.Event{broke(byIP), back(byIP), again}, "from the same number, 127.0.0.2"},
		{"a restart, and the name is out", restarted, []compare.Event{broke(byName), again}, ""},
		{"a recreation", restarted, []compare.Event{{Kind: compare.Recreated}, again}, ""},
		{"not settled", recreated, []compare.Event{{Kind: compare.Recreated}}, ""},
		{"settled", recreated, []compare.Event{broke(byIP), settled(compare.Recreated, compare.Broken, compare.Came, compare.Came)},
			"ip is broken: 1 probe lost. 127.0.0.2 was the number of a pod that is gone.\n" +
				"dns came back after 2.0s (2 probes lost): the name leads to 127.0.0.3 now.\n" +
				"cached came back too, but only after 5.0s (5 probes lost): it had kept the old number.\n" +
				"keepalive came back after 3.0s (3 probes lost): the name leads to 127.0.0.3 now."},
		{"moved", recreated, []compare.Event{settled(compare.Moved, compare.Broken, compare.Came, compare.Came)}, ""},
		{"the number survived", recreated, []compare.Event{settled(compare.Recreated, compare.Survived, compare.Came, compare.Came)}, ""},
		{"the name is broken", recreated, []compare.Event{settled(compare.Recreated, compare.Broken, compare.Broken, compare.Came)}, ""},
		{"the name came back later", recreated, []compare.Event{settled(compare.Recreated, compare.Broken, compare.Broken, compare.Came),
			turned(byName, compare.Came, nil)}, "dns came back after 2.0s (7 probes lost)"},
		{"the cache is still out", recreated, []compare.Event{broke(byCache), settled(compare.Recreated, compare.Broken, compare.Came, compare.Broken)}, ""},
		{"the cache survived", recreated, []compare.Event{settled(compare.Recreated, compare.Broken, compare.Came, compare.Survived)}, "cached: survived."},
		{"no stranger", misrouted, []compare.Event{turned(byIP, compare.Came, nil)}, ""},
		{"nobody knows who", misrouted, []compare.Event{turned(byIP, compare.Misrouted, nil)}, ""},
		{"a stranger", misrouted, []compare.Event{turned(byIP, compare.Misrouted, &compare.Pod{Name: "stranger", IP: pod.IP})},
			"ip gets answers again, and is worse than broken: they come from stranger, which has the number 127.0.0.2 now."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.learned(tt.events)
			if ok != (tt.want != "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}
