// Package page is the live page: what a prober sees now and saw before, for a browser and for programs, over HTTP. It keeps
// a history of its own in bounded memory, says in words what the tracker found, and sends each change to whoever watches.
// All words are made here or in the packages it shows; what runs in the browser only lays them out. What rounds mean is
// left to package compare.
package page

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// Options are what a Page is made of.
type Options struct {
	// Run is what is shown; its Targets in the order of the overview.
	Run probelog.Run
	// Started is when the run began: the instant of which a round's At counts.
	Started time.Time
	// Tracker is asked what rounds add up to: for histograms at any time, which can be a round ahead of the Page, and for
	// everything else in Observe only.
	Tracker *compare.Tracker
	// Beat is how often a watcher is told that there is nothing new; 2s when 0.
	Beat time.Duration
	// Watchers is how many may watch at a time; 64 when 0.
	Watchers int
}

// Page shows one run. Observe and Stop are called by one goroutine at a time; its Handler by any.
type Page struct {
	opt     Options
	zone    *time.Location
	stopped chan struct{} // closed by Stop

	mu      sync.Mutex
	targets []target // in declared order
	byName  map[string]*target
	n       uint64 // the last message's number
	fleet   feed
	watched bool // ever
	// watchers are those who are told of changes.
	watchers map[*watcher]struct{}
	end      *endView // nil while the run goes on
	rounds   uint64
}

// New is a Page that has seen nothing yet.
func New(o Options) *Page {
	if o.Beat == 0 {
		o.Beat = 2 * time.Second
	}
	if o.Watchers == 0 {
		o.Watchers = 64
	}
	p := &Page{
		opt: o, zone: time.Local, stopped: make(chan struct{}),
		targets: make([]target, len(o.Run.Targets)), byName: make(map[string]*target, len(o.Run.Targets)),
		watchers: map[*watcher]struct{}{},
		fleet:    feed{most: max(maxMessages, maxNews*len(o.Run.Targets))},
	}
	seen, points := history.Targets(o.Run.Targets, historyOptions(o.Run)), pointsOf(o.Run)
	for i := range p.targets {
		t := &p.targets[i]
		t.begin(p, &seen[i], points)
		p.byName[t.spec().Name] = t
	}
	return p
}

// Observe takes a round and what the tracker said of it. It waits for nobody but whom an overview of all targets is made for, which takes some
// milliseconds where they are thousands; and as long as nobody watches the target and
// the round tells nothing new it only keeps it.
func (p *Page) Observe(r probe.Round, o compare.Observation) {
	t := p.byName[r.Target] // which never changes
	if t == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(r.Results) != len(t.ways) || len(o.Judged) != len(t.ways) || !p.opt.Tracker.Update(&t.sum) {
		return
	}
	p.rounds++
	t.seen.Observe(r, o)
	if turned := t.observe(r, o); turned || !o.Quiet {
		p.announce(t.retell())
	}
	if t.feed != nil {
		p.follow(t, r, o)
	}
	p.wake(t)
}

// announce sends a target's place in the overview, if it changed, to all who watch. It is kept for none who come back, as long as nobody ever
// came.
func (p *Page) announce(brief []byte) {
	if brief == nil {
		return
	}
	p.n++
	if p.watched {
		p.fleet.add(message{n: p.n, event: "fleet", data: brief})
	} else {
		p.fleet.floor = p.n
	}
}

// follow sends a round to those who watch its target.
func (p *Page) follow(t *target, r probe.Round, o compare.Observation) {
	if t.feed.forgotten(t.seen.Last.At) {
		t.feed = nil
		return
	}
	p.n++
	if t.feed.rounds++; t.feed.rounds%fullEvery == 0 || repaints(o.Events) {
		t.feed.add(message{n: p.n, event: "target", data: encode(t.full())})
		return
	}
	t.feed.add(message{n: p.n, event: "round", data: encode(t.round(r, o))})
}

// repaints reports whether events change what was seen before.
func repaints(events []compare.Event) bool {
	return slices.ContainsFunc(events, func(e compare.Event) bool { return e.Kind == compare.Corrected })
}

// wake tells watchers that there may be something new for them.
func (p *Page) wake(t *target) {
	for w := range p.watchers {
		if t == nil || w.target == t || w.n < p.fleet.last() {
			select {
			case w.wake <- struct{}{}:
			default: // it was told already
			}
		}
	}
}

// Stop ends the run: watchers are told, and go. sum is the last comparison.
func (p *Page) Stop(sum compare.Summary, wall time.Time, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end != nil {
		return
	}
	for _, s := range sum.Targets {
		if t := p.byName[s.Name]; t != nil {
			t.sum = s
			p.announce(t.retell())
			if t.feed != nil {
				p.n++
				t.feed.add(message{n: p.n, event: "target", data: encode(t.full())})
			}
		}
	}
	p.end = &endView{Time: wall.UTC(), Reason: reason, Words: fmt.Sprintf("The prober stopped at %s (%s). This is how it ended.", p.clock(wall), reason)}
	p.wake(nil)
	close(p.stopped)
}

func (p *Page) clock(t time.Time) string { return t.In(p.zone).Format(time.TimeOnly) }
