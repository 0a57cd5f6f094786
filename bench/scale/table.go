package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"callbyname/bench/measure"
)

func (r row) rate() float64  { return float64(r.probes) / r.took.Seconds() }
func (r row) cores() float64 { return r.cpu.Seconds() / r.took.Seconds() }

// missed is the share of rounds that were skipped, in percent.
func (r row) missed() float64 { return 100 * float64(r.skipped) / float64(max(r.kept+r.skipped, 1)) }

// base is what a prober has for what does not depend on the number of its targets, in bytes.
const base = 20 << 20

func tabulate(w io.Writer, rows []row) error {
	table := measure.NewTable("targets", "probes/s", "cores", "CPU a probe", "RSS", "over 20 MB, a target", "Go's heap", "ticks late, p99",
		"probe, p99", "rounds skipped", "void", "lost")
	for _, r := range rows {
		table.Row(fmt.Sprint(r.targets), fmt.Sprintf("%.0f", r.rate()), fmt.Sprintf("%.2f", r.cores()),
			fmt.Sprint((r.cpu / time.Duration(max(r.probes, 1))).Round(time.Microsecond)), megabytes(r.memory.RSS),
			fmt.Sprintf("%.1f KB", max(float64(r.memory.RSS-base), 0)/float64(r.targets)/1024), megabytes(int64(r.heap)),
			within(r.late), within(r.slow), fmt.Sprintf("%.2f %%", r.missed()), fmt.Sprint(r.void), fmt.Sprint(r.lost))
	}
	return table.Write(w)
}

func megabytes(b int64) string { return fmt.Sprintf("%.1f MB", float64(b)/(1<<20)) }

// within is a bucket's bound.
func within(seconds float64) string {
	if math.IsInf(seconds, 1) {
		return "over 10s"
	}
	return fmt.Sprint("≤ ", time.Duration(seconds*float64(time.Second)))
}

// check is about the measurement, not about what it comes to.
func (r row) check() error {
	if r.probes == 0 || r.cpu == 0 || r.memory.RSS == 0 || r.late < 0 || r.slow < 0 {
		return errors.New("nothing was measured")
	}
	return nil
}
