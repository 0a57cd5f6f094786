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

// The overview is told to everybody, and so it is told only when it is news.
func TestTheOverviewChangesOnlyWithNews(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		last := ""
		s := show(sc.Options(), nil, sc.Target())
		sc.Play(func(r probe.Round) []probe.Pin {
			o, err := s.tracker.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			s.Observe(r, o)
			brief := fmt.Sprint(s.json(t, "/api/v1/status")["targets"])
			if o.Quiet && brief != last {
				t.Errorf("%s: round %d is quiet, and the overview changes from\n%s to\n%s", sc.Name, r.Seq, last, brief)
			}
			last = brief
			return o.Pins
		})
	}
}
