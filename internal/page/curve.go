package page

import (
	"slices"
	"time"
)

// curve is how long answers took over the whole run, in points that stand for one answer each or for several.
type curve struct {
	points []point
	most   int // beyond which old ones are merged
}

// point is a number of answers in a row.
type point struct {
	from, to    time.Duration // when, on the run's clock
	least, most time.Duration
	sum         time.Duration
	n           int
}

func (c *curve) add(at, took time.Duration) {
	if len(c.points) == c.most {
		c.merge()
	}
	c.points = append(c.points, point{at, at, took, took, took, 1})
}

// merge makes one point of two neighbours, of those among the older three quarters that take the least time together, so
// that these are spread evenly.
func (c *curve) merge() {
	best := 0
	span := func(i int) time.Duration { return c.points[i+1].to - c.points[i].from }
	for i := range c.most * 3 / 4 {
		if span(i) < span(best) {
			best = i
		}
	}
	a, b := &c.points[best], c.points[best+1]
	a.to, a.n, a.sum = b.to, a.n+b.n, a.sum+b.sum
	a.least, a.most = min(a.least, b.least), max(a.most, b.most)
	c.points = slices.Delete(c.points, best+1, best+2)
}

// view is the curve as numbers: from, to, least, mean, most, in milliseconds. There are none where no curve is kept.
func (c *curve) view() [][5]float64 {
	if c == nil {
		return [][5]float64{}
	}
	list := make([][5]float64, len(c.points))
	for i, p := range c.points {
		list[i] = [5]float64{ms(p.from), ms(p.to), ms(p.least), ms(p.sum / time.Duration(p.n)), ms(p.most)}
	}
	return list
}
