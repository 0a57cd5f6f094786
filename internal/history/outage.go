package history

import (
	"slices"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// openOutage is an outage that lasts. before is how many probes its lane had lost before it.
type openOutage struct {
	compare.Outage
	before int
}

// outage follows what an event says about outages, and keeps those that ended.
func (t *Target) outage(e compare.Event) {
	switch {
	case e.Kind == compare.Repinned:
		for i, a := range t.Spec.Approaches {
			if o, open := t.open[a.Name]; open && a.Pinned() {
				// The pin moved on: nobody tells what it came to in the end.
				o.Last, o.End, o.Repinned, o.Lost = e.Moment, e.Moment, true, t.Lanes[i].counts.Lost-o.before
				t.ends(a.Name, o.Outage)
			}
		}
	case e.Outage == nil, e.Kind == compare.VerdictChanged:
	case e.Outage.End.IsZero():
		i := slices.IndexFunc(t.Spec.Approaches, func(a probe.Approach) bool { return a.Name == e.Approach })
		if i >= 0 {
			if t.open == nil {
				t.open = map[string]openOutage{}
			}
			t.open[e.Approach] = openOutage{*e.Outage, t.Lanes[i].counts.Lost - e.Outage.Lost}
		}
	case e.Outage.Lost == 0: // it was none after all
		delete(t.open, e.Approach)
	default:
		t.ends(e.Approach, *e.Outage)
	}
}

func (t *Target) ends(approach string, o compare.Outage) {
	delete(t.open, approach)
	if len(t.Outages) == maxOutages {
		t.Outages = append(t.Outages[:0], t.Outages[maxOutages/4:]...)
	}
	t.Outages = append(t.Outages, Outage{approach, o})
}
