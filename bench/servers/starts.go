package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"callbyname/bench/measure"
)

// settled is how long after its first answer a server is idle.
const settled = time.Second

// started is what a server showed of itself without a load.
type started struct {
	answered time.Duration
	memory   int64 // of all its processes, bytes; 0 when it was not looked at
}

// starts measures each server in the first of its configurations, when no other runs.
func (s *stand) starts(ctx context.Context, o options, out io.Writer) error {
	var names []string
	var sides []func(context.Context) (started, error)
	for _, c := range s.list {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
			sides = append(sides, c.look(true))
		}
	}
	first, err := measure.Interleave(ctx, 1, sides...)
	if err != nil {
		return err
	}
	sides = sides[:0]
	for _, name := range names {
		sides = append(sides, s.list[slices.IndexFunc(s.list, func(c contender) bool { return c.name == name })].look(false))
	}
	runs, err := measure.Interleave(ctx, o.starts, sides...)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Memory a second after the start, in MiB: RSS, and the sum of PSS where a server has several processes. The time from exec to the "+
		"end of the first answer, in ms, of %d starts.\n\n", o.starts)
	table := measure.NewTable("server", "memory, idle", "first answer")
	for i, name := range names {
		table.Row(name, fmt.Sprintf("%.1f", float64(first[i][0].memory)/(1<<20)),
			measure.Of(runs[i], func(s started) float64 { return float64(s.answered.Microseconds()) / 1000 }).Format("%.1f"))
	}
	return table.Write(out)
}

// look starts a server and stops it again, and looks at its memory in between if it is told to.
func (c contender) look(memory bool) func(context.Context) (started, error) {
	return func(ctx context.Context) (seen started, err error) {
		p, err := c.start(ctx)
		if err != nil {
			return started{}, err
		}
		seen.answered = p.Started
		if memory {
			time.Sleep(settled)
			seen.memory, err = resident(p.PID)
		}
		return seen, errors.Join(err, p.Stop())
	}
}

// resident is the memory that a server holds, in bytes.
func resident(pid int) (int64, error) {
	pids, err := measure.Tree(pid)
	if err != nil {
		return 0, err
	}
	m, err := measure.TreeMemory(pid)
	if len(pids) == 1 {
		return m.RSS, err
	}
	return m.PSS, err
}
