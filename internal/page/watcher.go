package page

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// watcher is somebody who is told of changes: of all targets in brief, and of one in full.
type watcher struct {
	target *target // nil for none
	n      uint64  // the last message that it has got
	wake   chan struct{}
}

// watch lets somebody watch, unless there are too many already. last is the id of the last message that came through to it,
// empty for none. The messages to begin with are those after that, or if these are not to be had a snapshot, after a reset when
// there was a last one.
func (p *Page) watch(t *target, last string) (w *watcher, begin []message, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.watchers) >= p.opt.Watchers {
		return nil, nil, false
	}
	w = &watcher{target: t, wake: make(chan struct{}, 1)}
	p.watchers[w], p.watched = struct{}{}, true
	if t != nil {
		if t.feed == nil {
			p.makeRoom()
			t.feed = &feed{most: maxMessages, floor: p.n}
		}
		t.feed.watchers++
	}
	run, number, _ := strings.Cut(last, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err == nil && run == p.opt.Run.ID && n <= p.n {
		w.n = n
		if begin, ok := p.news(w); ok {
			return w, begin, true
		}
	}
	switch {
	case last == "":
	case run == p.opt.Run.ID:
		begin = append(begin, reset("Too much happened meanwhile to be told one by one. This is how it is now."))
	default:
		begin = append(begin, reset("The prober was started anew. What it saw before stands in its log."))
	}
	return w, append(begin, p.snapshot(w)), true
}

// leave ends what watch began.
func (p *Page) leave(w *watcher) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.watchers, w)
	if w.target == nil {
		return
	}
	if f := w.target.feed; f != nil {
		f.watchers--
		f.left = w.target.seen.Last.At
	}
}

// next are the messages that w has not got, which it then has. Who is too far behind gets a reset and a snapshot.
func (p *Page) next(w *watcher) []message {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, ok := p.news(w)
	if ok {
		return list
	}
	return []message{reset("The connection is too slow for all that happens. This is how it is now."), p.snapshot(w)}
}

// reset says why a snapshot follows.
func reset(words string) message { return message{event: "reset", view: resetView{words}} }

// news are the messages after w.n; ok is false when they are gone.
func (p *Page) news(w *watcher) (list []message, ok bool) {
	list, ok = p.fleet.after(w.n)
	if !ok {
		return nil, false
	}
	list = slices.Clone(list)
	if w.target != nil {
		if w.target.feed == nil {
			return nil, false
		}
		own, ok := w.target.feed.after(w.n)
		if !ok {
			return nil, false
		}
		list = append(list, own...)
		slices.SortFunc(list, func(a, b message) int { return cmp.Compare(a.n, b.n) })
	}
	if len(list) > 0 {
		w.n = list[len(list)-1].n
	}
	return list, true
}

// snapshot is everything that w wants to know, as of now.
func (p *Page) snapshot(w *watcher) message {
	w.n = p.n
	v := snapshotView{statusView: p.status()}
	if w.target != nil {
		full := w.target.full()
		v.Target = &full
	}
	return message{n: p.n, event: "snapshot", view: v}
}

// makeRoom forgets feeds that nobody watches, when there are as many as may be watched at a time.
func (p *Page) makeRoom() {
	var idle []*target
	feeds := 0
	for i := range p.targets {
		t := &p.targets[i]
		if t.feed != nil {
			feeds++
			if t.feed.watchers == 0 {
				idle = append(idle, t)
			}
		}
	}
	for ; feeds >= p.opt.Watchers && len(idle) > 0; feeds-- {
		idle[0].feed = nil
		idle = idle[1:]
	}
}
