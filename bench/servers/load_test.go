package main

import (
	"testing"
	"time"
)

const said = `Running 2s test @ http://127.0.0.1:8080/
  2 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   741.33us  502.05us   9.06ms   77.53%
    Req/Sec    22.60k     1.22k   24.90k    68.29%
  92184 requests in 2.10s, 67.77MB read
Requests/sec:  43893.68
Transfer/sec:     32.27MB
`

func TestWhatWrkSaysIsRead(t *testing.T) {
	requests, wall, err := told([]byte(said))
	if err != nil || requests != 92184 || wall != 2100*time.Millisecond {
		t.Errorf("%d requests in %v, %v", requests, wall, err)
	}
}

// A server that answers with errors is fast, and no peer.
func TestAnswersThatFailedAreNoFigure(t *testing.T) {
	for _, line := range []string{
		"  Socket errors: connect 0, read 3, write 0, timeout 0\n",
		"  Non-2xx or 3xx responses: 92184\n",
	} {
		if requests, _, err := told([]byte(said + line)); err == nil {
			t.Errorf("with %q: %d requests", line, requests)
		}
	}
	if _, _, err := told([]byte("unable to connect to 127.0.0.1:1 Connection refused\n")); err == nil {
		t.Error("a run without an answer is one")
	}
}

func TestCPUIsToldForAHundredThousandRequests(t *testing.T) {
	l := load{requests: 50000, wall: 2 * time.Second, cpu: 700 * time.Millisecond}
	if l.per100k() != 1.4 || l.perSecond() != 25000 {
		t.Errorf("%v s of CPU for 100,000 requests, %v requests in a second", l.per100k(), l.perSecond())
	}
}
