package echo

import (
	"net/http"
	"sync"
)

const (
	// roomPerConnection is how much memory there is for what requests keep beyond modest, for each connection that there may be.
	roomPerConnection = 32 << 10
	// modest is how much of a request, headers and body, is kept without asking for room.
	modest = 4 << 10
	// growth is how many times as much memory a request takes than it is long, and mostGrowth in HTML.
	growth, mostGrowth = 4, 8
)

// room is memory that few requests need at once: what /echo keeps of a large request until its answer is out, and the answer. Who
// gets none has less of its body shown.
type room struct {
	mu   sync.Mutex
	free int64
}

// newRoom has room for one request at least, however large.
func newRoom(o Options) room {
	return room{free: max(int64(o.MaxConnections)*roomPerConnection, mostGrowth*int64(o.MaxHeader+maxShown))}
}

// take takes n bytes if there are so many.
func (r *room) take(n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.free < n {
		return false
	}
	r.free -= n
	return true
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += n
}

// reserve finds how many bytes of a request's body /echo may keep to show them. The caller calls done when the answer is out.
func (s *Server) reserve(r *http.Request) (shown int64, done func(), err error) {
	header, body := int64(headerSize(r)), int64(maxShown)
	if r.ContentLength >= 0 {
		body = min(body, r.ContentLength)
	}
	if header+body <= modest {
		return maxShown, func() {}, nil
	}
	// What came in, what it becomes in the format of the answer, and that format growing.
	need := growth * (header + body)
	if negotiate(r.Header["Accept"]) == html {
		need = mostGrowth * (header + body)
	}
	if s.room.take(need) {
		return maxShown, func() { s.room.give(need) }, nil
	}
	if header > modest {
		return 0, nil, s.busy("too many large requests at once")
	}
	return modest, func() {}, nil
}
