package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"callbyname/bench/measure"
)

// The aim: a time is wrong by 5 % or 50 µs at most, whichever is more.
const (
	share = 0.05
	least = 50 * time.Microsecond
)

// What stands in a row that is no spell's.
const (
	allRows = -1 * time.Nanosecond
	floor   = -2 * time.Nanosecond
)

// writePhases prints a table for each load.
func writePhases(w io.Writer, tables []phaseTable) error {
	list := spells()
	for _, t := range tables {
		load := "the prober before all other processes, as on an idle machine"
		if t.busy > 0 {
			load = fmt.Sprintf("the prober at normal priority, beside %d processes that never sleep", t.busy)
		}
		if _, err := fmt.Fprintf(w, "Phases beside the kernel's stamps on the packets of the same probe; %s. Error is the prober's time "+
			"less the kernel's.\n\n", load); err != nil {
			return err
		}
		out := measure.NewTable("Delayed by", "Phase", "Probes", "Kernel, median", "Prober, median", "Error, median", "", "p95", "p99", "Within 5 % or 50 µs")
		total := 0
		for i, s := range list {
			total += len(t.pairs[i])
			for p := range phases {
				if s.phase == altogether || s.phase == p {
					row(out, s, p, t.pairs[i])
				}
			}
		}
		total += len(t.plain)
		for p := resolving; p <= waiting; p++ {
			row(out, spell{takes: floor}, p, t.plain)
		}
		var all []pair
		for _, pairs := range t.pairs {
			all = append(all, pairs...)
		}
		row(out, spell{takes: allRows}, altogether, all)
		if err := out.Write(w); err != nil {
			return err
		}
		if t.lost > 0 {
			if _, err := fmt.Fprintf(w, "%d probes of %d are left out: they failed, or their packets are not all there.\n\n", t.lost, total+t.lost); err != nil {
				return err
			}
		}
	}
	return nil
}

func row(out *measure.Table, s spell, p phase, pairs []pair) {
	if len(pairs) == 0 {
		return
	}
	kernel, prober, wrong := make([]time.Duration, len(pairs)), make([]time.Duration, len(pairs)), make([]time.Duration, len(pairs))
	within := 0
	for i, x := range pairs {
		kernel[i], prober[i] = x.kernel[p], x.prober[p]
		wrong[i] = prober[i] - kernel[i]
		if right(kernel[i], wrong[i]) {
			within++
		}
	}
	for _, sample := range [][]time.Duration{kernel, prober, wrong} {
		slices.Sort(sample)
	}
	name := s.takes.String()
	switch {
	case s.takes == allRows:
		name = "all of the prober's"
	case s.takes == floor:
		name = "nothing, plain system calls"
	case s.takes == 0:
		name = "nothing"
	}
	middle, median := quantile(kernel, 0.5), quantile(wrong, 0.5)
	percent := "-"
	if middle > 0 {
		percent = fmt.Sprintf("%.1f %%", 100*float64(median)/float64(middle))
	}
	out.Row(name, phaseNames[p], fmt.Sprint(len(pairs)), micro(middle), micro(quantile(prober, 0.5)), micro(median), percent,
		micro(quantile(wrong, 0.95)), micro(quantile(wrong, 0.99)), fmt.Sprintf("%.0f %%", 100*float64(within)/float64(len(pairs))))
}

// right reports whether a time that is wrong by so much is true enough.
func right(kernel, wrong time.Duration) bool {
	return wrong.Abs() <= max(least, time.Duration(share*float64(kernel)))
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
}
