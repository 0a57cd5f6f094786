package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"slices"
	"time"

	"callbyname/bench/measure"
	"callbyname/bench/peers"
)

// begin starts all, the first one first, whose answer others give.
func (s *stand) begin(ctx context.Context) (all []*peers.Process, err error) {
	for i, c := range s.list {
		p, err := c.start(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, p)
		if i > 0 {
			continue
		}
		if err := s.copyAnswer(p.URL); err != nil {
			return all, err
		}
	}
	return all, nil
}

// copyAnswer writes down what a server answers.
func (s *stand) copyAnswer(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := httputil.DumpResponse(response, true)
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", url, err)
	}
	return s.write(s.answer(), string(text))
}

// requests measures what a request costs.
func (s *stand) requests(ctx context.Context, o options, out io.Writer) error {
	all, err := s.begin(ctx)
	defer func() {
		for _, p := range all {
			p.Stop()
		}
	}()
	if err != nil {
		return err
	}
	base := slices.IndexFunc(s.list, func(c contender) bool { return c.name == floor })
	sides := func(d time.Duration) (sides []func(context.Context) (load, error)) {
		for _, p := range all {
			sides = append(sides, func(ctx context.Context) (load, error) { return ask(ctx, p, d) })
		}
		return sides
	}
	if _, err := measure.Interleave(ctx, 1, sides(time.Second)...); err != nil { // to warm up
		return err
	}
	runs, err := measure.Interleave(ctx, o.rounds, sides(o.duration)...)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "`GET /` over %d kept connections, by wrk on the same machine, %d turns of %v each; access logs go to /dev/null. "+
		"CPU is the server's, in seconds for 100,000 requests.\n\n", connections, o.rounds, o.duration)
	table := measure.NewTable("server", "access log", "times "+floor, "CPU s", "requests/s")
	floorCPU := measure.Of(runs[base], load.per100k)
	for i, c := range s.list {
		cpu := measure.Of(runs[i], load.per100k)
		table.Row(c.name, c.log, cpu.Ratio(floorCPU).Format("%.2f"), cpu.Format("%.2f"), fmt.Sprintf("%.0f", measure.Of(runs[i], load.perSecond).Median()))
	}
	return table.Write(out)
}
