package echo

import (
	"container/heap"
	"errors"
	"net/netip"
	"sync"
	"time"
)

// seats are how many connections there may be at once. When all are taken, a new one gets a seat from the client (the address) with the
// most connections that keep the server waiting: between two requests, in the middle of one, or with an answer that is not
// taken. Of those it is the one that has waited longest. So who opens thousands takes seats from itself. A connection whose request
// is being worked on keeps its seat until that is answered; where no other is to be had, who has its share is asked to close with that. So that there is always one to be had, the requests that sit and wait for nobody are bounded:
// delays that were asked for, and requests on HTTP/2 connections beyond the first.
//
// A nil *seats lets everybody in: the admin listener's, and that of a server of somebody else's.
type seats struct {
	max int

	mu    sync.Mutex
	freed sync.Cond // a seat is free, somebody waits, or a listener was closed
	taken int
	// going are connections that were told to go and have not gone yet. Their seats are still taken: their memory is.
	going     int
	lingering int
	// seeking is who has been accepted and has no seat yet.
	seeking int
	callers map[netip.Addr]*caller
	crowd   crowd // the same
	shares  [shares]int
	evicted uint64
	again   *time.Timer // to look again when nobody should go; else nil
}

// seat is what a connection has of the seats. Their mutex guards it.
type seat struct {
	caller        *caller
	before, after *conn // that wait next to it, of the same client
	since         time.Time
	waits         bool
	requests      int // that a handler has
	busy          int // those of them that do not wait for the client
	// going was told to go, left has given its seat back, lingers has done so and is still open.
	going, left, lingers bool
}

// share is something of which there may be less than seats.
type share int

const (
	delays  share = iota // answers that are held back, up to a half
	streams              // concurrent requests on one connection beyond the first, up to a quarter; each takes a seat
	shares
)

func (s *seats) most(of share) int {
	if of == delays {
		return max(1, s.max/2)
	}
	return max(1, s.max/4)
}

func newSeats(n int) *seats {
	s := &seats{max: n, callers: map[netip.Addr]*caller{}}
	s.freed.L = &s.mu
	return s
}

// take waits for a seat for c until the listener is closed, and reports whether there is one.
func (s *seats) take(c *conn, closed *bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeking++
	defer func() { s.seeking-- }()
	for s.taken >= s.max && !*closed {
		if s.going == 0 {
			s.evict()
		}
		s.freed.Wait()
	}
	if *closed {
		return false
	}
	s.taken++
	addr := addrPort(c.raw.RemoteAddr()).Addr()
	if s.callers[addr] == nil {
		s.callers[addr] = &caller{addr: addr}
		heap.Push(&s.crowd, s.callers[addr])
	}
	c.seat.caller = s.callers[addr]
	c.seat.caller.connections++
	s.sit(c)
	return true
}

// For so long a connection keeps its seat at least: it may be the server that is slow, and not the client. One that is plainly idle
// for the moment that it takes to see what has come in, any other for as long as a busy machine may take to answer it.
const (
	moment   = 20 * time.Millisecond
	patience = 500 * time.Millisecond
)

// evict tells the one who should to go. Where nobody should, it sees to it that who seeks a seat looks again.
func (s *seats) evict() {
	c := s.victim()
	if c == nil {
		if s.again == nil {
			s.again = time.AfterFunc(moment, s.look)
		}
		return
	}
	s.rise(c)
	c.seat.going = true
	s.going++
	s.evicted++
	c.raw.Close() // net/http notices, and closes c
}

func (s *seats) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = nil
	s.freed.Broadcast()
}

func (s *seats) victim() *conn {
	if len(s.crowd) == 0 || s.crowd[0].waiting == 0 {
		return nil
	}
	c := s.crowd[0].longest
	for tries := 0; c != nil && tries < 64; tries++ {
		if sat := c.sat(); sat > patience || sat > moment && c.seat.requests == 0 && c.idle() {
			return c
		}
		c = c.seat.after
	}
	return nil
}

// sat is for how long c has kept the server waiting: since its client could do something, and did not, or since it began to ask.
func (c *conn) sat() time.Duration {
	sat := time.Since(c.seat.since)
	if sat <= moment || c.seat.requests > 0 {
		return sat
	}
	if unread(c.raw) {
		c.note() // net/http has not had the time to read it
	}
	return min(sat, time.Since(time.Unix(0, c.asked.Load())))
}

// yields reports whether the connection of c is to end with the answer that it is to get: somebody seeks a seat, there is nobody who
// should go, and c's client has as many as there are for each. Unlike an eviction it costs the client no request.
func (s *seats) yields(c *conn) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seeking > 0 && s.again != nil && s.taken >= s.max &&
		c.seat.caller.connections*len(s.callers) >= s.taken-s.shares[streams]-s.shares[delays]
}

// leave gives c's seat back. A connection is closed more than once.
func (s *seats) leave(c *conn) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.seat.lingers {
		c.seat.lingers = false
		s.lingering--
	}
	s.free(c)
}

// linger gives the seat of c back before c is closed, when its last answer is out: net/http gives the client half a second to read that,
// and who sends nothing but garbage would have a seat for so long. Only half as many may linger as there are seats.
func (s *seats) linger(c *conn) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.seat.left || s.lingering >= s.max/2 {
		return
	}
	c.seat.lingers = true
	s.lingering++
	s.free(c)
}

func (s *seats) free(c *conn) {
	if c.seat.left {
		return
	}
	c.seat.left = true
	s.rise(c)
	s.taken--
	if cl := c.seat.caller; cl != nil {
		if cl.connections--; cl.connections == 0 {
			heap.Remove(&s.crowd, cl.at)
			delete(s.callers, cl.addr)
		}
	}
	if c.seat.going {
		s.going--
	}
	s.freed.Broadcast()
}

// sit puts c behind those that wait, unless there is something for it to do or it is on its way out.
func (s *seats) sit(c *conn) {
	if c.seat.busy > 0 || c.seat.going || c.seat.left {
		return
	}
	c.seat.waits, c.seat.since = true, time.Now()
	c.seat.caller.add(c)
	heap.Fix(&s.crowd, c.seat.caller.at)
	s.freed.Broadcast()
}

// rise takes c from those that wait, if it is one of them.
func (s *seats) rise(c *conn) {
	if !c.seat.waits {
		return
	}
	c.seat.waits = false
	c.seat.caller.remove(c)
	heap.Fix(&s.crowd, c.seat.caller.at)
}

// seated are those that wait.
func (s *seats) seated() (all []*conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cl := range s.crowd {
		for c := cl.longest; c != nil; c = c.seat.after {
			all = append(all, c)
		}
	}
	return all
}

// goes reports whether c was told to go: what its handler has is not to be answered.
func (s *seats) goes(c *conn) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.seat.going
}

// errCrowded is why a request was not answered, and its HTTP/2 stream reset.
var errCrowded = errors.New("too many requests at once on HTTP/2 connections")

// begin counts a request that a handler has got; end must follow, whatever it returns.
func (s *seats) begin(c *conn) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.seat.requests++
	c.seat.busy++
	s.rise(c)
	if c.seat.requests == 1 {
		return nil
	}
	s.taken++
	s.shares[streams]++
	if s.taken > s.max && s.going == 0 {
		s.evict()
	}
	if s.shares[streams] > s.most(streams) {
		return errCrowded
	}
	return nil
}

func (s *seats) end(c *conn) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.seat.requests > 1 {
		s.taken--
		s.shares[streams]--
		s.freed.Broadcast()
	}
	c.seat.requests--
	c.seat.busy--
	s.sit(c)
}

// wait runs what waits for c's client: reading its body, or writing its answer.
func (s *seats) wait(c *conn, do func() error) error {
	if s == nil {
		return do()
	}
	s.mu.Lock()
	c.seat.busy--
	s.sit(c)
	s.mu.Unlock()
	defer func() { // do may panic
		s.mu.Lock()
		defer s.mu.Unlock()
		c.seat.busy++
		s.rise(c)
	}()
	return do()
}

// enter takes one more of a share if there is one, and exit gives it back.
func (s *seats) enter(of share) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shares[of] >= s.most(of) {
		return false
	}
	s.shares[of]++
	return true
}

func (s *seats) exit(of share) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shares[of]--
}

// connections are how many seats are taken by connections, and how many connections had to go for others.
func (s *seats) connections() (open int, evicted uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken - s.shares[streams], s.evicted
}

// wanted reports whether somebody has been accepted and has no seat yet.
func (s *seats) wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seeking > 0
}
