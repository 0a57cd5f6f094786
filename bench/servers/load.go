package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"callbyname/bench/measure"
	"callbyname/bench/peers"
)

// load is what a server did under wrk for a while.
type load struct {
	requests int64
	wall     time.Duration
	cpu      time.Duration // of the server's processes
}

// per100k is the CPU time in seconds per 100,000 requests.
func (l load) per100k() float64 { return l.cpu.Seconds() / float64(l.requests) * 1e5 }

func (l load) perSecond() float64 { return float64(l.requests) / l.wall.Seconds() }

// connections are kept open, each with one request at a time.
const connections = 32

var (
	wrkTotal  = regexp.MustCompile(`(\d+) requests in ([0-9.]+)(ms|s|m),`)
	wrkFailed = regexp.MustCompile(`Non-2xx or 3xx responses: .*|Socket errors: .*`)
)

// ask has wrk ask as fast as it can. An answer that is not 200 or 300 is an error.
func ask(ctx context.Context, p *peers.Process, d time.Duration) (load, error) {
	before, err := measure.TreeCPU(p.PID)
	if err != nil {
		return load{}, err
	}
	out, err := exec.CommandContext(ctx, "wrk", "--threads", "2", "--connections", strconv.Itoa(connections), "--duration",
		fmt.Sprintf("%.0fs", d.Seconds()), "--header", "User-Agent: curl/8.5.0", "--header", "Accept: */*", p.URL).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk %s: %w\n%s", p.URL, err, out)
	}
	after, err := measure.TreeCPU(p.PID)
	if err != nil {
		return load{}, err
	}
	requests, wall, err := told(out)
	if err != nil {
		return load{}, fmt.Errorf("wrk %s: %w", p.URL, err)
	}
	return load{requests: requests, wall: wall, cpu: after - before}, nil
}

// told reads what wrk says of a run.
func told(out []byte) (requests int64, wall time.Duration, err error) {
	if failed := wrkFailed.Find(out); failed != nil {
		return 0, 0, fmt.Errorf("not every request was answered: %s", failed)
	}
	total := wrkTotal.FindSubmatch(out)
	if total == nil {
		return 0, 0, fmt.Errorf("no total in what it says: %s", out)
	}
	if requests, err = strconv.ParseInt(string(total[1]), 10, 64); err != nil {
		return 0, 0, err
	}
	if requests == 0 {
		return 0, 0, fmt.Errorf("no request was answered: %s", out)
	}
	wall, err = time.ParseDuration(string(total[2]) + string(total[3]))
	return requests, wall, err
}
