package history_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

func TestAStretchSaysWhoAnsweredAndWhere(t *testing.T) {
	sc := comparetest.Named("a pod moves to another IP with its UID")
	h, _, _ := live(t, sc, probelog.All)
	var got []string
	for _, s := range h.Target("httpd").Lanes[1].Stretches {
		got = append(got, fmt.Sprintf("%s %s %v", s.Outcome, s.UID, s.IP))
	}
	if want := "[ok uid-A 10.0.0.5 refused  invalid IP ok uid-A 10.0.0.7]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestOnlyAsManyEventsAreKeptAsAreAskedFor(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: "- A\n" + strings.Repeat("A A\nrefused A\n", 300)}
	_, _, log := live(t, sc, probelog.All)
	for asked, most := range map[int]int{0: 200, 20: 20, 1: 8} {
		h := history.New([]probe.Target{sc.Target()}, history.Options{Interval: sc.Options().Interval, Events: asked})
		fill(t, h, bytes.NewBuffer(log.Bytes()))
		events := h.Target("httpd").Events
		if n := len(events); n > most || n < most*3/4 || events[n-1].Seq != 601 {
			t.Errorf("%d events of %d, the last of round %d", n, most, events[n-1].Seq)
		}
	}
}
