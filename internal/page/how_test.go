package page_test

import (
	"fmt"
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

// What each approach does, and what is to be learned, in all stories: a line for each round in which it is something else.
func TestEachWayAndTheLessonAreToldAsSeen(t *testing.T) {
	var b strings.Builder
	for _, sc := range comparetest.Scenarios {
		fmt.Fprintf(&b, "%s (%s)\n", sc.Name, sc.Approaches)
		last := map[string]string{}
		news := func(seq uint64, what, text string) {
			if last[what] != text {
				fmt.Fprintf(&b, "  %3d  %s: %s\n", seq, what, text)
			}
			last[what] = text
		}
		play(t, sc, func(s *shown, r probe.Round) {
			v := s.json(t, "/api/v1/targets/httpd")
			hows := map[string]string{}
			for _, a := range v["approaches"].([]any) {
				name, how := a.(map[string]any)["approach"].(string), a.(map[string]any)["how"].(string)
				if other := hows[how]; other != "" {
					t.Errorf("%s, round %d: of %s the same is said as of %s: %q", sc.Name, r.Seq, name, other, how)
				}
				hows[how] = name
				news(r.Seq, name, how)
			}
			news(r.Seq, "lesson", v["lesson"].(string))
		})
	}
	golden(t, "lessons.txt", b.String())
}

// Who hears nothing any more must not be left with what may have changed since.
func TestWhatWasTrueNamesNoDurationThatGrows(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		play(t, sc, func(s *shown, r probe.Round) {
			v := s.json(t, "/api/v1/targets/httpd")
			for _, list := range []string{"lines", "approaches"} {
				for _, l := range v[list].([]any) {
					was := l.(map[string]any)["was"].(string)
					if !strings.HasPrefix(was, "was ") || strings.Contains(was, " for ") || strings.Contains(was, "again") {
						t.Errorf("%s, round %d: %q", sc.Name, r.Seq, was)
					}
				}
			}
		})
	}
}
