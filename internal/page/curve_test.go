package page

import (
	"testing"
	"time"
)

func TestACurveIsBoundedAndCoversTheWholeRunEvenly(t *testing.T) {
	for _, most := range []int{leastPoints, mostPoints} {
		bounded(t, most)
	}
}

func bounded(t *testing.T, most int) {
	c := curve{most: most}
	const n = 86_400
	var sum time.Duration
	for i := range n {
		took := time.Duration(i%1000+1) * time.Microsecond
		sum += took
		c.add(time.Duration(i)*time.Second, took)
	}
	if len(c.points) > most {
		t.Fatalf("%d points, want %d at most", len(c.points), most)
	}
	count, total, widest := 0, time.Duration(0), time.Duration(0)
	for i, p := range c.points {
		count, total = count+p.n, total+p.sum
		widest = max(widest, p.to-p.from)
		if i > 0 && p.from != c.points[i-1].to+time.Second || p.least > p.most || p.sum < p.least*time.Duration(p.n) || p.sum > p.most*time.Duration(p.n) {
			t.Errorf("point %d: %+v", i, p)
		}
	}
	if count != n || total != sum || c.points[0].from != 0 || c.points[len(c.points)-1].to != (n-1)*time.Second {
		t.Errorf("%d answers, %v in all", count, total)
	}
	if widest > n*time.Second/time.Duration(most)*4 {
		t.Errorf("a point stands for %v", widest)
	}
}
