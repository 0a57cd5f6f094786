package dnsserver

import (
	"slices"
	"sync"
)

// maxHistory is how many questions are kept; the oldest go first.
const maxHistory = 4096

// Question is one question as it came in.
type Question struct {
	Name string // as it was spelled
	Type string // "A", "AAAA", ...; empty for a type without a name
	TCP  bool
	EDNS bool
}

// history is the questions in the order in which they came in.
type history struct {
	mu   sync.Mutex
	ring []Question
	next int // where the next one goes once the ring is full
}

func (h *history) add(q Question) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ring) < maxHistory {
		h.ring = append(h.ring, q)
		return
	}
	h.ring[h.next] = q
	h.next = (h.next + 1) % maxHistory
}

// Questions are the latest 4096 questions at most, oldest first.
func (s *Server) Questions() []Question {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	h := &s.history
	return slices.Concat(h.ring[h.next:], h.ring[:h.next])
}

// Forget empties the history.
func (s *Server) Forget() {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	s.history.ring, s.history.next = nil, 0
}
