package endure

import (
	"testing"
	"time"
)

// A limit like Kubernetes' cpu: 10m stops the process for most of every 100 ms, each time for less than it takes to call it stopped.
func TestAProberUnderATinyCPULimitBlamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	log := logFile(t)
	targets := []string{"httpd", "b", "c", "d", "e", "f", "g", "h"} // too many for the limit
	p := start(t, prober(log, w.config(targets...), "--interval=200ms", "--timeout=180ms"))
	wellAfter(t, log.Name(), "httpd", 0, 3)
	g := throttle(t, time.Millisecond)
	g.enter(p)
	throttled := hearFile(t, log.Name()).seq("httpd")
	time.Sleep(20 * time.Second) // under the limit
	g.lift()
	if n := g.periods(); n < 100 {
		t.Errorf("the limit was hit in %d periods of 200; the test wants a prober that is short of CPU", n)
	}
	lifted := hearFile(t, log.Name()).seq("httpd")
	wellAfter(t, log.Name(), "httpd", lifted+1, 5)
	p.end(0, "")
	h := hearFile(t, log.Name())
	for _, target := range targets {
		h.innocent(w.witness, target)
	}
	t.Logf("throttled after round %d, lifted after %d: %v", throttled, lifted, h.count("", 0))
}
