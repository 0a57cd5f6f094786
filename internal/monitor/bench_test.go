//go:build linux

package monitor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"callbyname/internal/probe"
)

const serverEnv = "MONITOR_TEST_SERVER" // not empty: be the server of benchmarks

// serve answers one request per connection, prints its address first, and ends with its input.
func serve() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		l.Close()
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			return nil
		}
		go func() {
			defer c.Close()
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n")
			}
		}()
	}
}

// startServer starts the server in a process of its own, so that its CPU time is not counted with the prober's.
func startServer(b *testing.B) netip.AddrPort {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line := bufio.NewScanner(out)
	line.Scan()
	addr, err := netip.ParseAddrPort(line.Text())
	if err != nil {
		b.Fatal(err)
	}
	return addr
}

// instant is a Prober that costs nothing.
type instant struct{}

func (instant) Probe(context.Context, netip.AddrPort) probe.Result {
	return probe.Result{Outcome: probe.OK}
}
func (instant) Close() error { return nil }

// request is a Prober that does what every probe has to: dial, write, read a response.
type request struct{}

func (request) Close() error { return nil }

func (request) Probe(ctx context.Context, pin netip.AddrPort) probe.Result {
	start := time.Now()
	c, err := net.DialTimeout("tcp", pin.String(), 900*ms)
	if err != nil {
		return probe.Result{Outcome: probe.Other, Detail: err.Error()}
	}
	defer c.Close()
	c.SetDeadline(start.Add(900 * ms))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err != nil {
		return probe.Result{Outcome: probe.Other, Detail: err.Error()}
	}
	return probe.Result{Outcome: probe.OK, Total: time.Since(start)}
}

// manyTargets are n targets of two approaches each, all pinned to addr.
func manyTargets(n int, addr netip.AddrPort) []probe.Target {
	ts := make([]probe.Target, n)
	for i := range ts {
		ts[i] = probe.Target{Name: fmt.Sprint(i), Pin: addr, Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns"}}}
	}
	return ts
}

func newMonitor(b *testing.B, n int, addr netip.AddrPort, p Prober, o Options) *Monitor {
	m, err := New(manyTargets(n, addr), func(*probe.Target, *probe.Approach) (Prober, error) { return p, nil }, o)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// cpuTime is the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no way to fail but a wrong argument
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// together is how many targets of BenchmarkRound tick together.
const together = 16

// BenchmarkRound compares a round of two probes, with calling the probers.
func BenchmarkRound(b *testing.B) {
	addr := startServer(b)
	for _, p := range []Prober{instant{}, request{}} {
		b.Run(fmt.Sprintf("%T/direct", p), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Probe(b.Context(), addr)
				p.Probe(b.Context(), addr)
			}
		})
		b.Run(fmt.Sprintf("%T/goroutines", p), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i += together {
				var wg sync.WaitGroup
				for range 2 * together {
					wg.Go(func() { p.Probe(b.Context(), addr) })
				}
				wg.Wait()
			}
		})
		b.Run(fmt.Sprintf("%T/monitor", p), func(b *testing.B) {
			m := newMonitor(b, together, addr, p, Options{Interval: time.Second, Timeout: 900 * ms})
			r := newRun(time.Minute, together)
			defer r.workers.end()
			r.sentinel.awake = true // and its goroutine would wake now and then
			b.ReportAllocs()
			for i := 0; i < b.N; i += together {
				now := time.Now()
				for _, t := range m.targets {
					r.begin(b.Context(), t, now)
				}
				for range m.targets {
					t := <-r.done
					if o := t.round.Results[1].Outcome; o != probe.OK {
						b.Fatal(o, t.round.Results[1].Detail)
					}
					t.busy.Store(false)
				}
			}
		})
	}
}

// timed runs m for d and reports CPU time per probe, how late its ticks were and how long its probes took.
func timed(b *testing.B, m *Monitor, d time.Duration) {
	offset := make(map[string]time.Duration) // of a target's ticks within the interval
	for n := range m.slots.groups {
		from, to := m.slots.members(n)
		for _, t := range m.targets[from:to] {
			offset[t.name] = m.slots.at(n).Truncate(time.Microsecond)
		}
	}
	var late, took []time.Duration
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	before := cpuTime()
	err := m.Run(ctx, func(r probe.Round) []probe.Pin {
		late = append(late, (r.At-offset[r.Target])%m.slots.interval)
		for _, x := range r.Results {
			if x.Outcome != probe.OK {
				b.Error(x.Outcome, x.Reason, x.Detail)
			}
			took = append(took, x.Total)
		}
		return nil
	})
	used := cpuTime() - before
	if err != nil {
		b.Fatal(err)
	}
	micro := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	slices.Sort(late)
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(took))/d.Seconds(), "probes/s")
	b.ReportMetric(micro(used)/float64(len(took)), "cpu-µs/probe")
	b.ReportMetric(micro(late[len(late)/2]), "late-p50-µs")
	b.ReportMetric(micro(late[len(late)*99/100]), "late-p99-µs")
	b.ReportMetric(micro(late[len(late)-1]), "late-max-µs")
	b.ReportMetric(micro(took[len(took)/2]), "probe-p50-µs")
	b.ReportMetric(micro(took[len(took)*99/100]), "probe-p99-µs")
}

// BenchmarkGroups makes 200 probes a second, by groups of different sizes. Run it with -benchtime=1x.
func BenchmarkGroups(b *testing.B) {
	addr := startServer(b)
	for _, groups := range []int64{100, 50, 25, 12, 6, 3, 1} {
		b.Run(fmt.Sprintf("targets=%d", 100/groups), func(b *testing.B) {
			m := newMonitor(b, 100, addr, request{}, Options{Interval: time.Second, Timeout: 900 * ms})
			m.slots = slotsOf(100, groups, time.Second)
			timed(b, m, 5*time.Second)
		})
	}
}

// BenchmarkThousands ticks 2,000 targets of two approaches each second. Run it with -benchtime=1x.
func BenchmarkThousands(b *testing.B) {
	addr := startServer(b)
	for _, p := range []Prober{instant{}, request{}} {
		b.Run(fmt.Sprintf("%T", p), func(b *testing.B) {
			timed(b, newMonitor(b, 2000, addr, p, Options{Interval: time.Second, Timeout: 900 * ms}), 5*time.Second)
		})
	}
}

// BenchmarkIdle is what a single target costs whose probes cost nothing: the ticks and the sentinel. Run it with -benchtime=1x.
func BenchmarkIdle(b *testing.B) {
	m := newMonitor(b, 1, netip.AddrPort{}, instant{}, Options{Interval: time.Second, Timeout: 900 * ms})
	timed(b, m, 5*time.Second)
}
