package resolve

import (
	"context"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// maxTried is how many questions an Answer lists.
const maxTried = 64

// grace is how long a lookup that has one family's addresses at least waits for the other's: the resolution delay of RFC
// 8305, section 3. It waits longer, as long again as the first took, for a server that is slow with both.
const grace = 50 * time.Millisecond

// ask puts the open questions to the servers in order until they are settled: as many rounds as resolv.conf has
// attempts, each server with the time that glibc grants it, but no more than its share of what the deadline leaves: divided
// by the servers left in the round, so that a silent first one leaves time for the next. Within its turn nothing is sent
// to a server again, and a reply that comes after it is lost, as it is with glibc. The server that settled something is the
// first to be asked for the rest of the lookup.
func (l *lookup) ask(ctx context.Context, qs []question) {
	defer giveUp(qs)
	first, rounds := l.first, l.config.attempts
	if l.config.tcp {
		rounds = 1 // as glibc has it
	}
	for round := range rounds {
		for i := range l.servers {
			now := time.Now()
			until := now.Add(l.patience(round))
			if deadline, limited := ctx.Deadline(); limited {
				until = earlier(until, now.Add(deadline.Sub(now)/time.Duration(len(l.servers)-i)))
			}
			if ctx.Err() != nil || !now.Before(until) {
				return
			}
			at := (first + i) % len(l.servers)
			before := unsettled(qs)
			l.exchange(ctx, l.servers[at], qs, until)
			after := unsettled(qs)
			if after < before {
				l.first = at
			}
			if after == 0 || enough(qs) {
				return
			}
		}
	}
}

// patience is how long glibc waits for one server (send_dg in resolv/res_send.c): the timeout, doubled with each
// further round and then shared by the servers, at least a second.
func (l *lookup) patience(round int) time.Duration {
	p := l.config.timeout << round
	if round > 0 {
		p /= time.Duration(len(l.servers))
	}
	return max(p, time.Second)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func unsettled(qs []question) int {
	n := 0
	for i := range qs {
		if qs[i].state == open {
			n++
		}
	}
	return n
}

// enough reports whether one of the questions is.
func enough(qs []question) bool {
	for i := range qs {
		if qs[i].enough() {
			return true
		}
	}
	return false
}

// giveUp ends the questions that no server settled.
func giveUp(qs []question) {
	for i := range qs {
		q := &qs[i]
		if q.state != open {
			continue
		}
		q.state = failed
		if q.kind == "" { // time was up before any server was asked
			q.trouble(netip.AddrPort{}, Timeout, "", context.DeadlineExceeded)
		}
	}
}

// exchange puts the open questions to one server, both over one socket, and again over TCP what came back truncated.
func (l *lookup) exchange(ctx context.Context, server netip.AddrPort, qs []question, until time.Time) {
	began := time.Now()
	if enough(qs) {
		until = earlier(until, began.Add(grace))
	}
	for i := range qs {
		q := &qs[i]
		if q.waiting = q.state == open; !q.waiting {
			continue
		}
		q.plain, q.truncated, q.try = false, false, -1
		if len(l.answer.Tried) < maxTried {
			q.try = len(l.answer.Tried)
			l.answer.Tried = append(l.answer.Tried, Try{Name: q.name, Type: dns.TypeToString[q.qtype()], Server: server})
		}
	}
	c := conversation{lookup: l, server: server, qs: qs, began: began, until: until, tcp: l.config.tcp}
	c.run(ctx)
	for i := range qs {
		qs[i].waiting = qs[i].truncated
	}
	if c.waiting() {
		c.tcp, c.stray = true, false
		if enough(qs) {
			c.until = c.graceEnd()
		}
		c.run(ctx)
	}
}
