package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// gone are the classes by which a call to the IP of a deleted pod may fail: which of them, and which of them when, depends on the
// cluster's network.
var gone = []probe.Outcome{probe.Refused, probe.ConnectTimeout, probe.NoRoute}

// slack is what lies between an EndpointSlice and the packets that obey it. kube-proxy writes its rules at most once a second
// (minSyncPeriod), CoreDNS follows at once, and a pod that is told to end lives for some tenths of a second.
const slack = time.Second

// span is a stretch of time; to is zero while it lasts.
type span struct{ from, to time.Time }

func (s span) String() string {
	return fmt.Sprintf("%s to %s (%v)", s.from.Format("15:04:05.000"), s.to.Format("15:04:05.000"), ms(s.took()))
}

// ms is a duration for people.
func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func (s span) took() time.Duration { return s.to.Sub(s.from) }

// unready is the time in which no endpoint of a Service was ready, after one was for the first time; of several the one that
// began nearest to a time.
func (s *space) unready(service string, near time.Time) span {
	s.Helper()
	var spans []span
	up := false
	for _, seen := range s.slices.all() {
		if seen.object.Labels[discoveryv1.LabelServiceName] != service {
			continue
		}
		now := !seen.gone && slices.ContainsFunc(seen.object.Endpoints, func(e discoveryv1.Endpoint) bool { return is(e.Conditions.Ready) })
		switch {
		case up && !now:
			spans = append(spans, span{from: seen.at})
		case !up && now && len(spans) > 0:
			spans[len(spans)-1].to = seen.at
		}
		up = now
	}
	if len(spans) == 0 {
		s.Fatalf("the Service %s always had a ready endpoint:\n%s", service, s.slices)
	}
	return slices.MinFunc(spans, func(a, b span) int { return cmp.Compare(a.from.Sub(near).Abs(), b.from.Sub(near).Abs()) })
}

// checkRecreation holds a recreation against Kubernetes' own word on who was there before and after.
func (l *tail) checkRecreation(r *compare.Recreation, old, successor *corev1.Pod) {
	l.Helper()
	if r.Kind != compare.Recreated || r.Old.UID != string(old.UID) || r.New.UID != string(successor.UID) ||
		r.Old.IP.String() != old.Status.PodIP || r.New.IP.String() != successor.Status.PodIP ||
		r.Old.Node != old.Spec.NodeName || r.New.Node != successor.Spec.NodeName {
		l.Errorf("recreation %+v, where Kubernetes has %s %s on %s, then %s %s on %s", r, old.UID, old.Status.PodIP, old.Spec.NodeName,
			successor.UID, successor.Status.PodIP, successor.Spec.NodeName)
	}
}

// checkVerdicts holds what a recreation did to each approach against what is wanted, and its lost probes against the rows since
// the mark. It shows all of it.
func (l *tail) checkVerdicts(r *compare.Recreation, want map[string]compare.Verdict) {
	l.Helper()
	if len(r.Effects) != len(want) {
		l.Errorf("verdicts on %d approaches, not %d", len(r.Effects), len(want))
	}
	for _, e := range r.Effects {
		lost := l.lost(e.Approach, r.Settled.Seq)
		if e.Verdict != want[e.Approach] || e.Lost != lost {
			l.Errorf("%s: %s with %d lost, not %s with %d rows", e.Approach, e.Verdict, e.Lost, want[e.Approach], lost)
		}
		l.Logf("%-10s %-10s lost %2d, out for %7v: %s", e.Approach, e.Verdict, e.Lost, ms(e.For), l.sequence(e.Approach))
	}
}

// lost counts the failed probes of an approach since the mark, up to a round.
func (l *tail) lost(approach string, last uint64) (n int) {
	_, rows := l.rows(approach)
	for _, row := range rows {
		if row.outcome.Failed() && row.Seq <= last {
			n++
		}
	}
	return n
}

// checkIPClasses checks how ip, the first approach, failed.
func (l *tail) checkIPClasses(r *compare.Recreation) {
	l.Helper()
	for _, c := range r.Effects[0].Classes {
		if !slices.Contains(gone, c) {
			l.Errorf("ip failed by %s, not only by %v", c, gone)
		}
	}
}

// checkOutage holds how long an approach was out against how long there was no ready endpoint. A probe looks but once in an
// interval, so the prober knows how long at least and at most: its duration plus and minus an interval, or more where a probe
// was void. The API server's truth must lie between them, with the slack.
func (l *tail) checkOutage(approach, service string) {
	l.Helper()
	outage := l.event(time.Second, compare.Recovered, approach).Outage
	shortest, longest := outage.Bounds()
	truth := l.unready(service, outage.First.Wall)
	l.Logf("%-10s out for %v (%v to %v) by the prober, no ready endpoint for %v by the API server", approach, ms(outage.Duration()),
		ms(shortest), ms(longest), ms(truth.took()))
	if truth.to.IsZero() || truth.took() < shortest-slack || truth.took() > longest+slack {
		l.Errorf("%s was out for %v to %v, and without a ready endpoint %v", approach, shortest, longest, truth)
	}
}
