package history_test

import (
	"fmt"
	"testing"

	"callbyname/internal/compare/comparetest"
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
