package report

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"callbyname/internal/probe"
)

// round is a stretch of n probes a second apart, the first at a number of seconds.
func round(at, n int, o probe.Outcome, counts ...int) Stretch {
	s := Stretch{From: Millis(at) * Millis(time.Second), To: Millis(at+n-1) * Millis(time.Second), Outcome: o}
	switch {
	case len(counts) > 0:
		s.OK, s.Lost, s.Missing = counts[0], counts[1], true
	case o == probe.OK:
		s.OK = n
	case o == probe.Void:
		s.Void = n
	case o == probe.Pending:
		s.Pending = n
	default:
		s.Lost = n
	}
	return s
}

func lane(width int, stretches ...Stretch) string {
	first, last := stretches[0].From, stretches[len(stretches)-1].To
	s := newSpan(time.Duration(first), time.Duration(last), time.Second, width)
	var l legend
	return l.draw(s.paint(stretches, func(st Stretch) time.Duration { return time.Duration(st.From) }))
}

func TestALaneShowsWhatWasSeen(t *testing.T) {
	story := []Stretch{
		round(0, 1, probe.Pending), round(1, 4, probe.OK), round(5, 2, probe.ConnectTimeout), round(7, 1, probe.NoRoute), round(8, 2, probe.WrongPod),
		round(10, 2, probe.OK), round(12, 2, probe.Void), round(20, 4, probe.OK), // nobody looked from 14 to 20
	}
	for width, want := range map[int]string{
		1000: "-....TTUWW..~~      ....",
		24:   "-....TTUWW..~~      ....",
		12:   "..tUW.~   ..",
		6:    ".tw~ .",
		1:    "w",
	} {
		if got := lane(width, story...); got != want {
			t.Errorf("%d cells: %q, want %q", width, got, want)
		}
	}
}

func TestALaneThatIsNotKnownExactlySaysSo(t *testing.T) {
	for name, tt := range map[string]struct {
		stretches []Stretch
		width     int
		want      string
	}{
		"losses at an unknown time":       {[]Stretch{round(0, 5, probe.Refused, 4, 1), round(5, 2, probe.OK)}, 100, "?????.."},
		"within one cell they are known":  {[]Stretch{round(0, 5, probe.Refused, 4, 1), round(5, 5, probe.OK)}, 2, "r."},
		"only losses":                     {[]Stretch{round(0, 3, probe.Refused, 0, 3), round(3, 2, probe.OK)}, 100, "RRR.."},
		"only answers":                    {[]Stretch{round(0, 3, probe.OK, 3, 0), round(3, 2, probe.Refused)}, 100, "...RR"},
		"a wrong pod is worse than more":  {[]Stretch{round(0, 7, probe.Refused), round(7, 1, probe.WrongPod)}, 1, "W"},
		"and with answers a small letter": {[]Stretch{round(0, 7, probe.OK), round(7, 1, probe.WrongPod)}, 1, "w"},
		"a class that nobody knows":       {[]Stretch{round(0, 2, "later")}, 10, "OO"},
	} {
		if got := lane(tt.width, tt.stretches...); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// However small a lane is made, each lost probe stands behind a mark that is one of failure, in its place.
func TestALostProbeNeverVanishesByScaling(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	outcomes := []probe.Outcome{probe.OK, probe.OK, probe.OK, probe.Refused, probe.WrongPod, probe.Void, probe.DNSTimeout}
	for range 300 {
		var stretches []Stretch
		at := 0
		for range 1 + rnd.IntN(40) {
			n := 1 + rnd.IntN(30)*rnd.IntN(30)
			stretches = append(stretches, round(at, n, outcomes[rnd.IntN(len(outcomes))]))
			at += n + rnd.IntN(2)*rnd.IntN(50)
		}
		for i := range stretches { // ticks jitter
			stretches[i].From += Millis(time.Duration(rnd.IntN(200)) * time.Millisecond)
			stretches[i].To = max(stretches[i].To+Millis(time.Duration(rnd.IntN(200))*time.Millisecond), stretches[i].From)
		}
		for _, width := range []int{1, 2, 7, 60, 100, 1000} {
			first, last := stretches[0].From, stretches[len(stretches)-1].To
			s := newSpan(time.Duration(first), time.Duration(last), time.Second, width)
			if s.cells > width || s.cells < 1 {
				t.Fatalf("%d cells of %d", s.cells, width)
			}
			var l legend
			drawn := l.draw(s.paint(stretches, func(st Stretch) time.Duration { return time.Duration(st.From) }))
			for _, st := range stretches {
				for k := range int((st.To-st.From)/Millis(time.Second)) + 1 {
					c := drawn[s.at(time.Duration(st.From)+time.Duration(k)*time.Second)]
					failure := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
					if st.Lost > 0 && !failure || st.Lost == 0 && c >= 'A' && c <= 'Z' && st.OK > 0 {
						t.Fatalf("%d cells: %q for a probe that came to %s in\n%s", width, c, st.Outcome, drawn)
					}
				}
			}
		}
	}
}

func TestEachFailureClassHasALetterOfItsOwn(t *testing.T) {
	seen := map[byte]probe.Outcome{}
	for _, o := range probe.Outcomes {
		letter := letters[o]
		if (letter != 0) != o.Failed() || letter != 0 && seen[letter] != "" {
			t.Errorf("%s: %q, as %s", o, letter, seen[letter])
		}
		seen[letter] = o
	}
}

func TestAnAxisHasRoundTimesAboveTheirCells(t *testing.T) {
	begin := time.Date(2026, 3, 14, 23, 59, 58, 0, time.UTC)
	for _, tt := range []struct {
		to    time.Duration
		cells int
		want  string
	}{
		{29 * time.Second, 100, "  |00:00:00                 "},
		{59 * time.Second, 100, "  |00:00:00 |00:00:10 |00:00:20 |00:00:30 |00:00:40 |00:00:50"},
		{2 * time.Second, 100, "  |00:00:00"},
		{time.Second, 100, "|23:59:58"},
		{10 * 24 * time.Hour, 40, "    |Mar 16 |Mar 18 |Mar 20 |Mar 22 |"},
		{3 * time.Hour, 60, "|Mar 15 00:00"},
	} {
		s := newSpan(0, tt.to, time.Second, tt.cells)
		if got := s.axis(begin); !strings.HasPrefix(got, strings.TrimRight(tt.want, " ")) || len(got) > tt.cells {
			t.Errorf("%v: %q, want %q", tt.to, got, tt.want)
		}
	}
}

func FuzzAnAxisFits(f *testing.F) {
	f.Add(int64(0), int64(time.Hour), int64(time.Second), 100)
	f.Add(int64(-1), int64(1<<62), int64(0), 1)
	f.Fuzz(func(t *testing.T, from, to, interval int64, cells int) {
		const most = 200 * 365 * 24 * int64(time.Hour) // what a Millis may be, twice
		s := newSpan(time.Duration(from%most), time.Duration(to%most), time.Duration(interval%most), cells%mostWidth)
		for _, axis := range []string{s.axis(time.Unix(0, 0).UTC()), s.since(time.Duration(to % most))} {
			if len(axis) > max(cells%mostWidth, 1)+20 {
				t.Fatalf("%q for %d cells", axis, cells)
			}
		}
	})
}
