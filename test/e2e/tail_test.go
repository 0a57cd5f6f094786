package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// tail is a prober's log, read from its first line on while it is written. The log is replayed as it comes.
type tail struct {
	*space
	pod  string
	done chan struct{} // closed at the end of the log

	mu      sync.Mutex
	text    bytes.Buffer
	err     error
	records []*probelog.Record
	replay  probelog.Replay
	// logged and replayed are the events that the log holds, and those that its rounds mean.
	logged, replayed []compare.Event
}

// Write keeps the text of the log.
func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *tail) raw() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// open waits until a container runs and begins to read its log; the reading ends with the test.
func (s *space) open(pod, container string) io.ReadCloser {
	s.Helper()
	var stream io.ReadCloser
	s.await(patience, "the log of "+pod, func() string {
		s.hasImage(s.pod(pod))
		var err error
		stream, err = s.client.CoreV1().Pods(s.name).GetLogs(pod, &corev1.PodLogOptions{Container: container, Follow: true}).Stream(s.Context())
		if err != nil {
			return err.Error()
		}
		return ""
	})
	return stream
}

// prober follows the JSON log of the prober in a pod. At the test's end the events that were logged must be those that the
// replay told.
func (s *space) prober(pod string) *tail {
	s.Helper()
	stream := s.open(pod, "prober")
	l := &tail{space: s, pod: pod, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		defer stream.Close()
		l.read(stream)
	}()
	s.tails = append(s.tails, l)
	s.Cleanup(func() {
		<-l.done
		l.check()
	})
	return l
}

func (l *tail) read(stream io.Reader) {
	for r := probelog.NewReader(io.TeeReader(stream, l)); ; {
		record, err := r.Next()
		if err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			if err != io.EOF && !errors.Is(err, context.Canceled) {
				l.err = err
			}
			return
		}
		l.take(record)
	}
}

func (l *tail) take(record *probelog.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, err := l.replay.Feed(record)
	l.err = errors.Join(l.err, err)
	l.records = append(l.records, record)
	l.replayed = append(l.replayed, o.Events...)
	if record.Kind == probelog.EventRecord {
		l.logged = append(l.logged, *record.Event)
	}
}

// check is the proof that the log says all: replayed, it gives the same events. The reading may have stopped between a round
// and its events, which then are missing at the end.
func (l *tail) check() {
	l.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		l.Errorf("reading the log of %s: %v", l.pod, l.err)
	}
	if len(l.replay.Runs()) != 1 || len(l.records) == 0 {
		l.Errorf("%d runs in %d records of %s", len(l.replay.Runs()), len(l.records), l.pod)
		return
	}
	run := l.replay.Runs()[0]
	replayed := l.replayed
	for n := len(replayed); run.Stop == nil && n > len(l.logged) && replayed[n-1].Seq == l.last().Seq; n-- {
		replayed = replayed[:n-1]
	}
	if logged, again := told(l, run.Run, l.logged), told(l, run.Run, replayed); logged != again || run.Skipped > 0 {
		l.Errorf("%s logged\n%sbut its rounds (%d skipped) mean\n%s", l.pod, logged, run.Skipped, again)
	}
	l.Logf("%s: %d records, %d events, the same when replayed", l.pod, len(l.records), len(l.logged))
}

// told are events as a log writes them.
func told(l *tail, run probelog.Run, events []compare.Event) string {
	var out bytes.Buffer
	log := probelog.NewJSON(&out, run)
	for _, e := range events {
		if err := log.Event(e); err != nil {
			l.Error(err)
		}
	}
	return out.String()
}

// last is the last round; l.mu must be held.
func (l *tail) last() *probe.Round {
	for _, r := range slices.Backward(l.records) {
		if r.Kind == probelog.RoundRecord {
			return r.Round
		}
	}
	return &probe.Round{}
}

// wait waits until the log holds what find looks for, and returns it. An empty what is not told.
func wait[T any](l *tail, limit time.Duration, what string, find func(l *tail) (T, bool)) T {
	l.Helper()
	var found T
	l.await(limit, what, func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		var ok bool
		if found, ok = find(l); !ok {
			return "the log has no such thing"
		}
		return ""
	})
	return found
}

// event waits for the n-th (from 1) event of a kind, of an approach or "" for any.
func (l *tail) event(limit time.Duration, n int, kind compare.Kind, approach string) compare.Event {
	l.Helper()
	return wait(l, limit, string(kind)+" "+approach, func(l *tail) (compare.Event, bool) {
		seen := 0
		for _, e := range l.logged {
			if e.Kind == kind && (approach == "" || e.Approach == approach) {
				if seen++; seen == n {
					return e, true
				}
			}
		}
		return compare.Event{}, false
	})
}

// count is how many events of a kind there are so far, of an approach or "" for any.
func (l *tail) count(kind compare.Kind, approach string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.logged {
		if e.Kind == kind && (approach == "" || e.Approach == approach) {
			n++
		}
	}
	return n
}

// row is what one approach came to in one round.
type row struct {
	seq     uint64
	at      time.Time
	outcome probe.Outcome
	result  *probe.Result
}

// rows are those of an approach, so far.
func (l *tail) rows(approach string) []row {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []row
	for _, r := range l.records {
		if r.Kind == probelog.RoundRecord {
			if i := slices.Index(r.Approaches, approach); i >= 0 {
				all = append(all, row{r.Round.Seq, r.Round.Wall, r.Judged[i], &r.Round.Results[i]})
			}
		}
	}
	return all
}

// steady waits until every approach was answered n rounds in a row.
func (l *tail) steady(n int) {
	l.Helper()
	wait(l, patience, "all approaches ok", func(l *tail) (bool, bool) {
		ok := 0
		for _, r := range slices.Backward(l.records) {
			if r.Kind != probelog.RoundRecord {
				continue
			}
			if slices.ContainsFunc(r.Judged, func(o probe.Outcome) bool { return o != probe.OK }) {
				return false, false
			}
			if ok++; ok == n {
				return true, true
			}
		}
		return false, false
	})
}
