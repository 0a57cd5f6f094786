package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// sighting is a change of an object as the API server told it, with the time at which it was heard here. The API server's own
// timestamps have whole seconds, and an EndpointSlice has none.
type sighting[T metav1.Object] struct {
	at     time.Time
	object T
	gone   bool
}

// history is all that the API server told of a kind of objects in a namespace, in its order.
type history[T metav1.Object] struct {
	mu   sync.Mutex
	seen []sighting[T]
}

// follow begins a history, which goes on until the test ends. A watch that the server ends is begun again, and tells then what
// there is: that is no change.
func follow[T metav1.Object](t *testing.T, open func(context.Context, metav1.ListOptions) (watch.Interface, error)) *history[T] {
	t.Helper()
	w, err := open(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("watching: %v", err)
	}
	h := &history[T]{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			for event := range w.ResultChan() {
				if object, ok := event.Object.(T); ok {
					h.take(sighting[T]{time.Now(), object, event.Type == watch.Deleted})
				}
			}
			if t.Context().Err() != nil {
				return
			}
			if w, err = open(t.Context(), metav1.ListOptions{}); err != nil {
				return // the test ended meanwhile, or will miss what it waits for
			}
		}
	})
	t.Cleanup(running.Wait)
	return h
}

func (h *history[T]) take(s sighting[T]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, before := range h.seen {
		if before.object.GetUID() == s.object.GetUID() && before.object.GetResourceVersion() == s.object.GetResourceVersion() {
			return
		}
	}
	h.seen = append(h.seen, s)
}

// all are the sightings so far.
func (h *history[T]) all() []sighting[T] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen[:len(h.seen):len(h.seen)]
}

func (h *history[T]) String() string {
	var b strings.Builder
	for _, s := range h.all() {
		fmt.Fprintf(&b, "%s %s", s.at.Format("15:04:05.000"), s.object.GetName())
		if s.gone {
			b.WriteString(" gone")
		}
		if slice, ok := any(s.object).(*discoveryv1.EndpointSlice); ok {
			for _, e := range slice.Endpoints {
				c := e.Conditions
				fmt.Fprintf(&b, "  %v ready=%t serving=%t terminating=%t", e.Addresses, is(c.Ready), is(c.Serving), is(c.Terminating))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func is(condition *bool) bool { return condition != nil && *condition }
