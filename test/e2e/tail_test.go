package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

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
	// mark is how many records came before what the test looks at. Only the test's own goroutine uses it.
	mark int
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

// open waits until a container runs and begins to read its log; the reading ends with the test. (Of a container that is made and
// does not run yet, a kubelet follows the log to its end at once, and that is nothing.)
func (s *space) open(pod, container string) io.ReadCloser {
	s.Helper()
	var stream io.ReadCloser
	s.await(patience, "the log of "+pod, func() string {
		p := s.pod(pod)
		s.hasImage(p)
		runs := func(c corev1.ContainerStatus) bool { return c.Name == container && c.State.Running != nil }
		if !slices.ContainsFunc(slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses), runs) {
			return container + " does not run"
		}
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
		if errors.Is(err, probelog.ErrForeign) {
			continue // what the prober says on its standard error is in the pod's log as well
		}
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
	if last := l.last(); run.Stop == nil {
		for n := len(replayed); n > len(l.logged) && replayed[n-1].Seq == last; n-- {
			replayed = replayed[:n-1]
		}
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

// wait waits until find finds something in what came since the mark, and returns it.
func wait[T any](l *tail, limit time.Duration, what string, find func(since []*probelog.Record) (T, bool)) T {
	l.Helper()
	var found T
	l.await(limit, what, func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		var ok bool
		if found, ok = find(l.records[l.mark:]); !ok {
			return "the log has no such thing"
		}
		return ""
	})
	return found
}

// steady waits until every approach was answered n rounds in a row, and sets the mark there: what the tests look at comes after.
func (l *tail) steady(n int) {
	l.Helper()
	l.mark += l.steadySince(n)
}

// steadySince is steady after the mark, which it leaves; it returns how many records came since.
func (l *tail) steadySince(n int) int {
	l.Helper()
	return wait(l, patience, "all approaches ok", func(since []*probelog.Record) (int, bool) {
		ok := 0
		for _, r := range slices.Backward(since) {
			switch {
			case r.Kind != probelog.RoundRecord:
			case slices.ContainsFunc(r.Judged, func(o probe.Outcome) bool { return o != probe.OK }):
				return 0, false
			default:
				ok++
			}
			if ok == n {
				return len(since), true
			}
		}
		return 0, false
	})
}

// isEvent reports whether a record is an event of a kind, of an approach or "" for any.
func isEvent(r *probelog.Record, kind compare.Kind, approach string) bool {
	return r.Kind == probelog.EventRecord && r.Event.Kind == kind && (approach == "" || r.Event.Approach == approach)
}

// event waits for the first event of a kind since the mark, of an approach or "" for any.
func (l *tail) event(limit time.Duration, kind compare.Kind, approach string) compare.Event {
	l.Helper()
	return wait(l, limit, string(kind)+" "+approach, func(since []*probelog.Record) (compare.Event, bool) {
		for _, r := range since {
			if isEvent(r, kind, approach) {
				return *r.Event, true
			}
		}
		return compare.Event{}, false
	})
}

// count is how many events of a kind there were since the mark, of an approach or "" for any.
func (l *tail) count(kind compare.Kind, approach string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, r := range l.records[l.mark:] {
		if isEvent(r, kind, approach) {
			n++
		}
	}
	return n
}

// answeredBy reports whether a record is a round in which that approach was answered by that pod.
func answeredBy(r *probelog.Record, approach string, uid types.UID) bool {
	i := slices.Index(r.Approaches, approach)
	return i >= 0 && r.Judged[i] == probe.OK && r.Round.Results[i].Who != nil && r.Round.Results[i].Who.UID == string(uid)
}

// row is what one approach came to in one round.
type row struct {
	compare.Moment
	outcome probe.Outcome
	result  *probe.Result
}

// rows are all those of an approach so far, and since the mark.
func (l *tail) rows(approach string) (all, since []row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := 0
	for i, r := range l.records {
		if k := slices.Index(r.Approaches, approach); k >= 0 {
			m := compare.Moment{Seq: r.Round.Seq, At: r.Round.At, Wall: r.Round.Wall}
			all = append(all, row{m, r.Judged[k], &r.Round.Results[k]})
			if i < l.mark {
				before++
			}
		}
	}
	return all, all[before:]
}

// sequence are the outcomes of an approach since the mark, repeated ones once with their number.
func (l *tail) sequence(approach string) string {
	var words []string
	_, rows := l.rows(approach)
	for n := 0; len(rows) > 0; rows = rows[n:] {
		for n = 1; n < len(rows) && rows[n].outcome == rows[0].outcome; n++ {
		}
		words = append(words, fmt.Sprintf("%s*%d", rows[0].outcome, n))
	}
	return strings.Join(words, " ")
}

// run is what the log says of the run.
func (l *tail) run() probelog.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.replay.Runs()[0].Run
}

// summary adds up the whole log so far.
func (l *tail) summary() compare.TargetSummary {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.replay.Runs()[0].Summary().Targets[0]
}

// last is the number of the last round; l.mu must be held.
func (l *tail) last() uint64 {
	for _, r := range slices.Backward(l.records) {
		if r.Kind == probelog.RoundRecord {
			return r.Round.Seq
		}
	}
	return 0
}
