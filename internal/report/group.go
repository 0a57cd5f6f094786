package report

import (
	"fmt"
	"slices"
	"time"
)

// group is a target, with all runs that saw it.
type group struct {
	together *Target
	seen     []sighting
}

// sighting is a target as one run saw it.
type sighting struct {
	run    *Run
	target *Target
}

// sameAs reports whether a target has the same approaches.
func (t *Target) sameAs(other *Target) bool {
	return slices.EqualFunc(t.Approaches, other.Approaches, func(a, b Approach) bool { return a.Name == b.Name })
}

// heading says who saw it together.
func (g *group) heading() string {
	n := 0
	for _, seen := range g.seen {
		if seen.target.sameAs(g.together) {
			n++
		}
	}
	return "seen by " + count(n, "run") + " together"
}

// by names the run, where there are several.
func (s sighting) by(d Document) string {
	switch {
	case len(d.Runs) < 2:
		return ""
	case s.run.Host == "":
		return "seen by run " + s.run.ID
	}
	return fmt.Sprintf("seen by run %s on %s", s.run.ID, s.run.Host)
}

// drawn are the lanes of all runs on one clock, approach by approach, so that it shows who saw what at the same time; nil when
// there are none. Each run is where its wall clock had it when it began: later that clock may have jumped.
func (g *group) drawn(cells int) *drawing {
	from, to := g.together.First, g.together.Last
	s := newSpan(0, to.Sub(from), time.Duration(g.together.Interval), cells)
	d := drawing{axis: s.axis(from)}
	var l legend
	for i, a := range g.together.Approaches {
		for _, seen := range g.seen {
			if !seen.target.sameAs(g.together) || len(seen.target.Approaches[i].Lane) == 0 {
				continue
			}
			d.names = append(d.names, a.Name+" "+g.who(seen.run))
			began := seen.target.First.Sub(from) - time.Duration(seen.target.Begin)
			when := func(st Stretch) time.Duration { return began + time.Duration(st.From) }
			d.lanes = append(d.lanes, l.draw(s.paint(seen.target.Approaches[i].Lane, when)))
		}
	}
	if len(d.lanes) == 0 {
		return nil
	}
	d.legend = append(l.lines(), s.scale(time.Duration(g.together.Interval)))
	return &d
}

// groups are the document's targets in the order in which they are first met: whoever looks for one finds all runs that saw
// it in one place.
func (d *Document) groups() []*group {
	type key struct{ name, url string }
	var list []*group
	byKey := map[key]*group{}
	for i := range d.Runs {
		for k := range d.Runs[i].Targets {
			t := &d.Runs[i].Targets[k]
			g := byKey[key{t.Name, t.URL}]
			if g == nil {
				g = &group{}
				byKey[key{t.Name, t.URL}], list = g, append(list, g)
			}
			g.seen = append(g.seen, sighting{&d.Runs[i], t})
		}
	}
	for i := range d.Together {
		if g := byKey[key{d.Together[i].Name, d.Together[i].URL}]; g != nil {
			g.together = &d.Together[i]
		}
	}
	return list
}

// names is how wide the names of the lanes of several runs are.
func (g *group) names() int {
	names := 0
	for _, seen := range g.seen {
		for _, a := range seen.target.Approaches {
			names = max(names, Cells(Printable(a.Name+" "+g.who(seen.run), maxCell)))
		}
	}
	return names
}

// who tells a run from the others: by its host, where that is another for each.
func (g *group) who(r *Run) string {
	same := slices.ContainsFunc(g.seen, func(other sighting) bool { return other.run != r && other.run.Host == r.Host })
	switch {
	case r.Host == "":
		return r.ID
	case same:
		return r.Host + " " + r.ID
	}
	return r.Host
}
