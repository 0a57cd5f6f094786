package page

import (
	"fmt"
	"io"
	"time"
)

// What a feed keeps for watchers that are behind or come back.
const (
	maxMessages = 240 // of one target
	maxNews     = 4   // of the overview, times the number of targets
	maxBytes    = 1 << 20
	// lingers is how long a feed that nobody watches is kept, for whoever lost the connection.
	lingers = time.Minute
	// fullEvery is after how many rounds a watcher gets everything anew, so that nothing in a browser grows.
	fullEvery = 240
)

// message is one server-sent event.
type message struct {
	n     uint64 // 0 for one that is no place to resume from
	event string
	// data is JSON without a line end, rendered once for all who watch; nil while view is still to be rendered, for one.
	data []byte
	view any
}

// write writes the message as a server-sent event, whose id tells the run and the place in it.
func (m message) write(w io.Writer, run string) error {
	id := ""
	if m.n > 0 {
		id = fmt.Sprintf("id: %s-%d\n", run, m.n)
	}
	data := m.data
	if data == nil {
		data = encode(m.view)
	}
	_, err := fmt.Fprintf(w, "%sevent: %s\ndata: %s\n\n", id, m.event, data)
	return err
}

// feed is the last messages on one subject, in the order of their numbers.
type feed struct {
	most     int // messages
	messages []message
	bytes    int
	floor    uint64 // all messages with a higher number are there
	rounds   int
	// recreations are those of the target as they were sent last, by number.
	recreations map[int][]byte
	watchers    int
	left        time.Duration // when the last watcher went, on the run's clock
}

func (f *feed) add(m message) {
	f.messages = append(f.messages, m)
	f.bytes += len(m.data)
	drop := 0
	for len(f.messages)-drop > f.most || f.bytes > maxBytes && len(f.messages)-drop > 1 {
		f.bytes -= len(f.messages[drop].data)
		f.floor = f.messages[drop].n
		drop++
	}
	if drop > 0 {
		kept := copy(f.messages, f.messages[drop:])
		clear(f.messages[kept:])
		f.messages = f.messages[:kept]
	}
}

// after are the messages with a higher number than n; ok is false when some of them are gone.
func (f *feed) after(n uint64) (list []message, ok bool) {
	if n < f.floor {
		return nil, false
	}
	i := len(f.messages)
	for i > 0 && f.messages[i-1].n > n {
		i--
	}
	return f.messages[i:], true
}

// last is the number of the last message, or that from which on the feed is complete.
func (f *feed) last() uint64 {
	if len(f.messages) == 0 {
		return f.floor
	}
	return f.messages[len(f.messages)-1].n
}

// forgotten reports whether nobody has watched for long.
func (f *feed) forgotten(now time.Duration) bool { return f.watchers == 0 && now-f.left > lingers }
