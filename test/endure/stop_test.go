package endure

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The target closes kept connections that are idle for three seconds, so all of them during the stop.
func TestAProberThatWasStoppedForTenSecondsBlamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--idle-timeout=3s")
	log := logFile(t)
	p := start(t, prober(log, w.config("httpd"), "--interval=1s", "--timeout=900ms"))
	wellAfter(t, log.Name(), "httpd", 0, 3)
	before := hearFile(t, log.Name()).seq("httpd")
	p.pause(10 * time.Second)
	wellAfter(t, log.Name(), "httpd", before+1, 5)
	p.end(0, "")
	h := hearFile(t, log.Name())
	h.innocent(w.witness, "httpd")
	if told := h.paused(); told < 8*time.Second || told > 12*time.Second {
		t.Errorf("pauses of %v are told for a stop of 10s; %v", told, h.count("httpd", 0))
	}
}

// Stops of a length at which the process may as well have been slow, at any moment of a probe. The target closes connections that are
// idle for about as long as the time between two probes, so that many a close meets a stop.
func TestShortStopsAtAnyMomentBlameNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--idle-timeout=500ms", "--header-timeout=300ms", "--read-timeout=300ms", "--write-timeout=300ms")
	w.slow(40*time.Millisecond, 100*time.Millisecond)
	log := logFile(t)
	p := start(t, prober(log, w.config("httpd", "other"), "--interval=400ms", "--timeout=380ms"))
	wellAfter(t, log.Name(), "httpd", 0, 3)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	stops := 0
	for end := time.Now().Add(25 * time.Second); time.Now().Before(end); stops++ {
		time.Sleep(time.Duration(random.Int64N(int64(500 * time.Millisecond))))
		p.pause(50*time.Millisecond + time.Duration(random.Int64N(int64(850*time.Millisecond))))
	}
	before := hearFile(t, log.Name()).seq("httpd")
	wellAfter(t, log.Name(), "httpd", before+1, 5)
	p.end(0, "")
	h := hearFile(t, log.Name())
	h.innocent(w.witness, "httpd")
	h.innocent(w.witness, "other")
	t.Logf("%d stops, seed %d: %v", stops, seed, h.count("", 0))
	if h.count("", 0)["void starved"] == 0 {
		t.Error("no probe met a stop")
	}
}
