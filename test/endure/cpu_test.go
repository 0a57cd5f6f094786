package endure

import (
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A limit like Kubernetes' cpu: 10m stops the process for most of every 100 ms, each time for less than it takes to call it stopped.
func TestAProberUnderATinyCPULimitBlamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	log := logFile(t)
	targets := []string{"httpd", "b", "c", "d", "e", "f", "g", "h"} // too many for the limit
	p := start(t, prober(log, w.config(targets...), "--interval=400ms", "--timeout=360ms"))
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

// The prober shares one CPU with loops of the highest priority, which leave it a quarter of what it needs.
func TestAProberOnABusyCPUBlamesNobody(t *testing.T) {
	w := newWorld(t)
	log := logFile(t)
	targets := []string{"httpd", "b", "c", "d"}
	p := start(t, prober(log, w.config(targets...), "--interval=200ms", "--timeout=180ms"))
	wellAfter(t, log.Name(), "httpd", 0, 3)
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	for cpu := range len(allowed) * 64 {
		if allowed.IsSet(cpu) {
			one.Zero()
			one.Set(cpu) // the last one
		}
	}
	p.pin(&one)
	var loops []*process
	for range 4 {
		loop := exec.Command("/proc/self/exe")
		loop.Env = []string{helperEnv + "=spin", "GOMAXPROCS=1"}
		l := start(t, loop)
		l.pin(&one)
		if err := renice(l.cmd.Process.Pid, -20); err != nil {
			t.Fatal(err)
		}
		loops = append(loops, l)
	}
	time.Sleep(12 * time.Second) // on the busy CPU
	for _, l := range loops {
		l.signal(unix.SIGKILL)
		l.ended()
	}
	seq := hearFile(t, log.Name()).seq("httpd")
	wellAfter(t, log.Name(), "httpd", seq+1, 5)
	p.end(0, "")
	h := hearFile(t, log.Name())
	for _, target := range targets {
		h.innocent(w.witness, target)
	}
	t.Logf("busy up to round %d: %v", seq, h.count("", 0))
	if h.count("", 0)["void starved"] == 0 {
		t.Error("no probe met a lack of CPU")
	}
}
