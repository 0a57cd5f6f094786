package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"callbyname/bench/measure"
)

const shortestFault = 300 * time.Millisecond

// downtime is when a server was out.
type downtime struct{ down, up span }

// truth is the shortest and the longest time that it can have been.
func (d downtime) truth() (shortest, longest time.Duration) {
	return d.up.from.Sub(d.down.to), d.up.to.Sub(d.down.from)
}

// broken is a server, what it is called, and when it was out.
type broken struct {
	kind  kind
	name  string
	out   []downtime
	seen  map[string][]record // by approach: the outages that the prober told of
	fatal error
}

// outages are those of all servers, as they were and as the prober measured them.
type outages []*broken

func measureOutages(ctx context.Context, o options) (outages, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	zone, err := serveNames(ctx)
	if err != nil {
		return nil, err
	}
	config := settings{
		Interval: o.interval.String(), Timeout: (o.interval * 9 / 10).String(), Settle: "1s", Nameservers: []string{nameserver},
	}
	var all outages
	var victims []victim
	defer func() {
		for _, v := range victims {
			v.close()
		}
	}()
	for k, kind := range kinds {
		for i := range o.faults {
			b := &broken{kind: kind, name: fmt.Sprintf("v%d-%d", k, i), seen: map[string][]record{}}
			at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(10000+100*k+i))
			if kind.name == "address removed" {
				at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 19, byte(i + 1), 1}), at.Port())
			}
			host := b.name + ".truth.test"
			zone.set(host, at.Addr(), 0)
			v, err := kind.open(ctx, at, host, zone)
			if err != nil {
				return nil, fmt.Errorf("a server for %q: %w", kind.name, err)
			}
			victims, all = append(victims, v), append(all, b)
			config.Targets = append(config.Targets, target{
				Name: b.name, URL: fmt.Sprintf("http://%s:%d/", host, at.Port()), IP: at.String(), Approaches: both,
			})
		}
	}
	prober, err := start(ctx, o, "outages", asParent, config, "event")
	if err != nil {
		return nil, err
	}
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		all.collect(prober.records)
	}()
	var faults sync.WaitGroup
	for i, b := range all {
		r := rand.New(rand.NewPCG(o.seed, uint64(i)))
		faults.Go(func() { b.fatal = b.breakAndMend(ctx, o, r, victims[i]) })
	}
	faults.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	time.Sleep(3 * o.interval) // for the last outages to be seen at their end
	err = prober.stop()
	<-collected
	for _, b := range all {
		err = errors.Join(err, b.fatal)
	}
	return all, err
}

// breakAndMend lets a server fail again and again, for times that are evenly spread on a logarithmic scale, with a rest of
// several intervals between them, in which the prober sees that it is back.
func (b *broken) breakAndMend(ctx context.Context, o options, r *rand.Rand, v victim) error {
	rest := func() time.Duration { return 5*o.interval + time.Duration(r.Int64N(int64(5*o.interval))) }
	for end := time.Now().Add(o.lasts); ; {
		if !sleep(ctx, rest()) || time.Now().After(end) {
			return nil
		}
		lasts := time.Duration(float64(shortestFault) * math.Pow(float64(o.longest)/float64(shortestFault), r.Float64()))
		down, err := v.fail()
		if err != nil {
			return fmt.Errorf("%s: making it fail: %w", b.kind.name, err)
		}
		sleep(ctx, lasts-time.Since(down.to))
		up, err := v.mend()
		if err != nil {
			return fmt.Errorf("%s: bringing it back: %w", b.kind.name, err)
		}
		b.out = append(b.out, downtime{down, up})
	}
}

// sleep reports whether the time was slept through.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (all outages) collect(records <-chan record) {
	byName := map[string]*broken{}
	for _, b := range all {
		byName[b.name] = b
	}
	for r := range records {
		if b := byName[r.Target]; b != nil && r.Event == "recovered" && r.Outage != nil {
			b.seen[r.Approach] = append(b.seen[r.Approach], r)
		}
	}
}

// figures are what is said of one kind of fault.
type figures struct {
	truths    int             // downtimes, times the approaches that they break
	unseen    int             // those that no probe met
	wrong     []time.Duration // what the prober said, less the truth
	voids     int             // outages in which probes were left out or said nothing, for want of CPU
	over      int             // of the others, those that are wrong by more than an interval
	slow      int             // ... and by more than the probes at their begin and end explain, which were late or slow
	outside   []string        // truths that are not within the prober's bounds
	additions int             // outages that the prober told of though the server was not made to fail
}

func (all outages) figures(kind kind, interval time.Duration) figures {
	var f figures
	for _, b := range all {
		if b.kind.name != kind.name {
			continue
		}
		for _, approach := range both {
			seen := b.seen[approach]
			if slices.Contains(kind.approaches, approach) {
				for _, d := range b.out {
					seen = f.count(b, d, seen, interval)
				}
			}
			f.additions += len(seen)
		}
	}
	return f
}

// count compares one downtime with the outages that overlap it, and returns the others.
func (f *figures) count(b *broken, d downtime, seen []record, interval time.Duration) (others []record) {
	f.truths++
	var its []record
	for _, r := range seen {
		if r.Outage.First.Time.Before(d.up.to) && r.Outage.End.Time.After(d.down.from) {
			its = append(its, r)
		} else {
			others = append(others, r)
		}
	}
	if len(its) == 0 {
		f.unseen++
		return others
	}
	shortest, longest := d.truth()
	if len(its) > 1 {
		f.outside = append(f.outside, fmt.Sprintf("%s, %s: out once for %v, and %d outages were told", b.kind.name, its[0].Approach, shortest, len(its)))
		return others
	}
	o := its[0].Outage
	truth := (shortest + longest) / 2
	wrong := millis(o.Duration) - truth
	f.wrong = append(f.wrong, wrong)
	if longest < millis(o.Shortest) || shortest > millis(o.Longest) {
		f.outside = append(f.outside, fmt.Sprintf("%s, %s %s at %s: out for %v to %v, and the bounds are %v and %v",
			b.kind.name, b.name, its[0].Approach, o.First.Time.Format(time.RFC3339Nano), shortest, longest, millis(o.Shortest), millis(o.Longest)))
	}
	switch {
	case o.Void > 0 || o.Paused > 0: // the duration leaves out when nobody looked, and says so
		f.voids++
	case wrong.Abs() > interval+(longest-shortest):
		f.over++
		if wrong.Abs() > o.spacing(interval)+(longest-shortest) {
			f.slow++
		}
	}
	return others
}

func writeOutages(w io.Writer, o options, all outages) error {
	fmt.Fprintf(w, "Outages beside servers whose downtime is known, %v to %v each, a probe every %v (timeout %v); the prober before all other "+
		"processes. Error is the prober's "+
		"duration less the truth.\n\n", shortestFault, o.longest, o.interval, o.interval*9/10)
	t := measure.NewTable("Fault", "Downtimes", "Met by a probe", "Error, median", "p1", "p99", "Largest", "Over one interval",
		"Not explained", "Outside the bounds", "Prober had no CPU", "Told without a fault")
	for _, kind := range kinds {
		f := all.figures(kind, o.interval)
		slices.Sort(f.wrong)
		worst := time.Duration(0)
		for _, d := range f.wrong {
			worst = max(worst, d.Abs())
		}
		t.Row(kind.name, fmt.Sprint(f.truths), fmt.Sprint(f.truths-f.unseen), whole(quantile(f.wrong, 0.5)), whole(quantile(f.wrong, 0.01)),
			whole(quantile(f.wrong, 0.99)), whole(worst), fmt.Sprint(f.over), fmt.Sprint(f.slow), fmt.Sprint(len(f.outside)), fmt.Sprint(f.voids), fmt.Sprint(f.additions))
	}
	return t.Write(w)
}

// check fails when the prober stated bounds that the truth is not within, or a duration that is wrong by more than an
// interval and how late and slow its probes were.
func (all outages) check(interval time.Duration) error {
	var errs []error
	for _, kind := range kinds {
		f := all.figures(kind, interval)
		if f.slow > 0 {
			errs = append(errs, fmt.Errorf("%s: %d durations are wrong by more than an interval, and no probe was late or slow", kind.name, f.slow))
		}
		if f.truths == f.unseen {
			errs = append(errs, fmt.Errorf("%s: no downtime of %d was seen", kind.name, f.truths))
		}
		for _, what := range f.outside {
			errs = append(errs, errors.New(what))
		}
	}
	return errors.Join(errs...)
}

// whole is a duration in milliseconds.
func whole(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// quantile is that of a sorted sample; 0 of an empty one.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}
