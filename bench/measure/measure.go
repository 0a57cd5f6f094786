// Package measure is what the benchmarks have in common: the CPU and the memory of a process as the kernel accounts them, runs
// that take turns, medians and ratios with their spread, and Markdown tables. What is run, and what the figures mean, is
// left to the programs. Linux only, as is /proc.
package measure

import (
	"context"
	"fmt"
	"slices"
)

// Interleave lets the sides take turns, A B C A B C ..., rounds times, so that what else happens on the machine meanwhile
// falls on all of them alike. The result holds each side's runs, in order: result[side][round].
func Interleave[F any](ctx context.Context, rounds int, sides ...func(context.Context) (F, error)) ([][]F, error) {
	runs := make([][]F, len(sides))
	for round := range rounds {
		for i, side := range sides {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			figures, err := side(ctx)
			if err != nil {
				return nil, fmt.Errorf("side %d in round %d: %w", i+1, round+1, err)
			}
			runs[i] = append(runs[i], figures)
		}
	}
	return runs, nil
}

// Sample is one figure, measured in several rounds, in their order.
type Sample []float64

// Of takes one figure out of all runs of a side.
func Of[F any, N ~int | ~int64 | ~float64](runs []F, figure func(F) N) Sample {
	s := make(Sample, len(runs))
	for i, run := range runs {
		s[i] = float64(figure(run))
	}
	return s
}

// Median is the middle of the sample, or the mean of the middle two. It is 0 of an empty sample.
func (s Sample) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// Spread is the smallest and the greatest of the sample: with the few rounds of a benchmark, nothing finer can be said.
func (s Sample) Spread() (low, high float64) {
	if len(s) == 0 {
		return 0, 0
	}
	return slices.Min(s), slices.Max(s)
}

// Ratio is how many times s is base, round by round, so that what disturbed both sides of a round cancels out. The two samples
// were taken in the same Interleave.
func (s Sample) Ratio(base Sample) Sample {
	r := make(Sample, min(len(s), len(base)))
	for i := range r {
		r[i] = s[i] / base[i]
	}
	return r
}

// Format is the median with the spread behind it, such as "1.38 (1.36–1.44)", all as the verb says. A sample of one is told
// without a spread.
func (s Sample) Format(verb string) string {
	median := fmt.Sprintf(verb, s.Median())
	if len(s) < 2 {
		return median
	}
	low, high := s.Spread()
	return fmt.Sprintf("%s ("+verb+"–"+verb+")", median, low, high)
}
