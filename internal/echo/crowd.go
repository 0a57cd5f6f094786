package echo

import (
	"container/heap"
	"net/netip"
)

// caller is an address with its connections. The mutex of the seats guards it.
type caller struct {
	addr          netip.Addr
	connections   int
	waiting       int
	longest, last *conn // of those that wait, which hang together by their seats
	at            int   // in the crowd
}

func (cl *caller) add(c *conn) {
	c.seat.before = cl.last
	if cl.last != nil {
		cl.last.seat.after = c
	} else {
		cl.longest = c
	}
	cl.last = c
	cl.waiting++
}

func (cl *caller) remove(c *conn) {
	if c.seat.before != nil {
		c.seat.before.seat.after = c.seat.after
	} else {
		cl.longest = c.seat.after
	}
	if c.seat.after != nil {
		c.seat.after.seat.before = c.seat.before
	} else {
		cl.last = c.seat.before
	}
	c.seat.before, c.seat.after = nil, nil
	cl.waiting--
}

// crowd is a heap of callers. The first has the most connections that wait; of several that have as many, the one of them that has
// waited longest.
type crowd []*caller

var _ heap.Interface = (*crowd)(nil)

func (c crowd) Len() int { return len(c) }

func (c crowd) Less(i, j int) bool {
	a, b := c[i], c[j]
	if a.waiting != b.waiting || a.waiting == 0 {
		return a.waiting > b.waiting
	}
	return a.longest.seat.since.Before(b.longest.seat.since)
}

func (c crowd) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].at, c[j].at = i, j
}

// Push is for container/heap.
func (c *crowd) Push(x any) {
	cl := x.(*caller)
	cl.at = len(*c)
	*c = append(*c, cl)
}

// Pop is for container/heap.
func (c *crowd) Pop() any {
	last := len(*c) - 1
	cl := (*c)[last]
	(*c)[last] = nil
	*c = (*c)[:last]
	return cl
}
