package page_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

var duration = regexp.MustCompile(`for \d+s`)

// What the page says in large letters, in all stories: a line for each round in which it says something else, but for durations.
func TestTheStateIsSaidInWordsThatABeginnerUnderstands(t *testing.T) {
	var b strings.Builder
	for _, sc := range comparetest.Scenarios {
		fmt.Fprintf(&b, "%s (%s)\n", sc.Name, sc.Approaches)
		last := ""
		play(t, sc, func(s *shown, r probe.Round) {
			text := s.json(t, "/api/v1/targets/httpd")["text"].(string)
			if plain := duration.ReplaceAllString(text, "-"); plain != last {
				fmt.Fprintf(&b, "  %3d  %s\n", r.Seq, text)
				last = plain
			}
		})
	}
	golden(t, "words.txt", b.String())
}

// The overview is told to everybody, and so it is told only when it changes, but then always.
func TestTheOverviewIsToldWheneverItChanges(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		s := show(sc.Options(), nil, sc.Target())
		b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=httpd"}
		b.connect()
		var changes, last string
		told := 0
		sc.Play(func(r probe.Round) []probe.Pin {
			pins := s.observe(t, r)
			b.until(r.Seq)
			is := s.json(t, "/api/v1/status")["targets"].([]any)[0]
			if d := differs("overview", b.fleet["httpd"], is); d != "" {
				t.Errorf("%s: after round %d a watcher has another overview than a newcomer: %s", sc.Name, r.Seq, d)
			}
			if now := fmt.Sprint(is); now != last {
				changes, last = changes+fmt.Sprintln(r.Seq), now
				told++
			}
			return pins
		})
		heard := 0
		for _, e := range b.heard {
			if e.event == "fleet" {
				heard++
			}
		}
		if heard != told {
			t.Errorf("%s: the overview was told %d times, and changed in the rounds %q", sc.Name, heard, changes)
		}
		b.lose()
	}
}

func TestTheOverviewIsToldWhenTheProberIsHeldUpByAnotherLack(t *testing.T) {
	sc := comparetest.Scenarios[0]
	s := show(sc.Options(), nil, sc.Target())
	b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=httpd"}
	b.connect()
	defer b.lose()
	reasons := []probe.VoidReason{probe.NoFiles, probe.NoFiles, probe.Starved, probe.Starved, probe.NoMemory}
	sc.Play(func(r probe.Round) []probe.Pin {
		if len(reasons) > 0 {
			for i := range r.Results {
				r.Results[i] = probe.Result{Outcome: probe.Void, Reason: reasons[0]}
			}
			reasons = reasons[1:]
		}
		pins := s.observe(t, r)
		b.until(r.Seq)
		is := s.json(t, "/api/v1/status")["targets"].([]any)[0]
		if d := differs("overview", b.fleet["httpd"], is); d != "" {
			t.Errorf("after round %d a watcher has another overview than a newcomer: %s", r.Seq, d)
		}
		return pins
	})
}
