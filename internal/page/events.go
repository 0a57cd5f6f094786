package page

import (
	"bytes"
	"net/http"
	"time"
)

const (
	// retry is for how many milliseconds a browser waits before it connects again, and after the run's end.
	retry, retryStopped = "1000", "3000"
	// patience is how long one write to a watcher may take, until it is given up.
	patience = 10 * time.Second
)

// serveEvents sends what happens as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): of
// all targets in brief, and of the one that the query names in full. Nothing is queued for a watcher: it takes what it has
// not got from the feeds that all share, whenever it is ready to.
func (p *Page) serveEvents(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var t *target
	if query.Has("target") {
		if t = p.byName[query.Get("target")]; t == nil { // byName never changes
			noTarget(w, query.Get("target"))
			return
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not hold it back
	if r.Method == http.MethodHead {
		return
	}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = query.Get("last_event_id")
	}
	watcher, begin, ok := p.watch(t, last)
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many are watching already; try again later", http.StatusServiceUnavailable)
		return
	}
	defer p.leave(watcher)
	s := stream{page: p, w: w, out: http.NewResponseController(w)}
	s.out.SetReadDeadline(time.Time{}) // where there is one, it is for requests, and this one lasts
	s.buffer.WriteString("retry: " + retry + "\n\n")
	if !s.send(append(begin, p.beat())...) {
		return
	}
	beat := time.NewTicker(p.opt.Beat)
	defer beat.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-p.stopped:
			s.buffer.WriteString("retry: " + retryStopped + "\n\n")
			s.send(append(p.next(watcher), p.stop())...)
			return
		case <-watcher.wake:
			if !s.send(p.next(watcher)...) {
				return
			}
		case <-beat.C:
			if !s.send(p.beat()) {
				return
			}
		}
	}
}

// beat says that the prober is there, and what its clock says.
func (p *Page) beat() message {
	now := time.Now()
	return message{event: "beat", view: beatView{ms(now.Sub(p.opt.Started)), now.UTC().Truncate(time.Microsecond)}}
}

// stop says that the run has ended.
func (p *Page) stop() message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return message{event: "stopped", view: *p.end}
}

// stream is the way to one watcher.
type stream struct {
	page   *Page
	w      http.ResponseWriter
	out    *http.ResponseController
	buffer bytes.Buffer
}

// send writes messages and reports whether the watcher took them in time.
func (s *stream) send(list ...message) bool {
	for _, m := range list {
		m.write(&s.buffer, s.page.opt.Run.ID) // a buffer takes everything
	}
	defer s.buffer.Reset()
	if err := s.out.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return false
	}
	if _, err := s.w.Write(s.buffer.Bytes()); err != nil {
		return false
	}
	return s.out.Flush() == nil
}
