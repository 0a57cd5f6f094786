package compare_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// server is one whose downtime is known: it is up, out from down to up, and up again.
type server struct{ down, up time.Duration }

// fault is what a probe meets that looks at the server within a time when it is out.
type fault int

const (
	refuses fault = iota // at once: a closed port, a name that is gone
	silent               // until the probe's time is over, or the server goes on, and then answers: a process that is stopped
)

// probed is what becomes of a probe that begins then, looks at the server after some time (a name is resolved first, a
// connection made), and is answered after some more.
func (s server) probed(began, looks, answers, timeout time.Duration, f fault) (probe.Outcome, time.Duration) {
	out := func(at time.Duration) bool { return at >= s.down && at < s.up }
	switch at := began + looks; {
	case f == refuses && out(at):
		return probe.Refused, looks
	case f == silent && at+answers >= s.down && at < s.up: // what it had not answered when it stopped, it answers when it goes on
		late := max(at+answers, s.up) - began
		if late >= timeout {
			return probe.ResponseTimeout, timeout
		}
		return probe.OK, late
	}
	return probe.OK, looks + answers
}

func TestTheTruthIsWithinAnOutagesBounds(t *testing.T) {
	const interval, timeout = time.Second, 900 * time.Millisecond
	r := rand.New(rand.NewPCG(1, 2))
	between := func(from, to time.Duration) time.Duration { return from + time.Duration(r.Int64N(int64(to-from))) }
	seen := map[fault]int{}
	for range 20000 {
		s := server{down: between(3*interval, 5*interval)}
		s.up = s.down + between(interval/4, 8*interval)
		f := fault(r.IntN(2))
		slow := time.Millisecond // how much a probe takes at most until it looks, and until it is answered
		if r.IntN(3) == 0 {
			slow = timeout / 3
		}
		o, took := watch(t, s, f, interval, timeout, func() time.Duration { return between(0, slow) })
		if o == nil {
			continue // between two probes
		}
		seen[f]++
		truth := s.up - s.down
		if shortest, longest := o.Bounds(); truth < shortest || truth > longest {
			t.Fatalf("%+v, fault %d: out for %v, which is not within %v and %v", s, f, truth, shortest, longest)
		}
		// The begin and the end are known to an interval and to what a probe takes. Both are seen late, so that the errors
		// make up for each other, and are never more than one interval together.
		if wrong := (o.Duration() - truth).Abs(); wrong > interval+2*took {
			t.Fatalf("%+v, fault %d: out for %v, measured %v: wrong by %v, with probes of up to %v", s, f, truth, o.Duration(), wrong, took)
		}
	}
	for _, f := range []fault{refuses, silent} {
		if seen[f] < 1000 {
			t.Errorf("only %d outages of kind %d were seen", seen[f], f)
		}
	}
}

// watch is the outage that a tracker makes of a server's downtime; nil when no probe met it. took is how long a probe takes at most
// of a server that is up.
func watch(t *testing.T, s server, f fault, interval, timeout time.Duration, slow func() time.Duration) (*compare.Outage, time.Duration) {
	t.Helper()
	tr := compare.NewTracker([]probe.Target{{Name: "server", Approaches: []probe.Approach{{Name: "dns", Host: "server"}}}},
		compare.Options{Interval: interval, Settle: 5 * time.Second})
	var longest time.Duration
	for seq := range uint64(20) {
		at := time.Duration(seq) * interval
		lag, looks, answers := slow()/10, slow(), slow()
		longest = max(longest, lag+looks+answers)
		outcome, total := s.probed(at+lag, looks, answers, timeout, f)
		o, err := tr.Observe(probe.Round{Target: "server", Seq: seq + 1, At: at, Wall: time.Unix(0, 0).Add(at), Lag: lag,
			Results: []probe.Result{{Outcome: outcome, Total: total}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range o.Events {
			if e.Kind == compare.Recovered {
				return e.Outage, longest
			}
		}
	}
	return nil, 0
}
