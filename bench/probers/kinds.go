package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"

	"callbyname/bench/measure"
)

// side is a way of probing all pods.
type side struct {
	name    string
	probers []prober
}

// kinds measures the two approaches that every target has, each beside the least that it could cost.
func kinds(ctx context.Context, o options, p *pods, out io.Writer) error {
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	for _, kind := range []struct {
		title, floor string
		byName       bool
	}{
		{"`ip`: a probe by a pinned address", "loop of dial, write, read", false},
		{"`dns`: a probe by a name that is resolved for it", "the loop, with two UDP exchanges", true},
	} {
		sides, err := sidesOf(p, kind.byName, kind.floor, log)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s, over a fresh connection, of an httpd that says who it is. CPU in µs for a probe, %d turns of %d probes: one after "+
			"the other, and %d goroutines flat out; the log goes to /dev/null.\n\n", kind.title, o.rounds, o.probes, goroutines)
		if err := beside(ctx, o, sides, out); err != nil {
			return err
		}
	}
	return nil
}

func sidesOf(p *pods, byName bool, floor string, log io.Writer) ([]side, error) {
	loop, client := side{name: floor}, side{name: "http.Client"}
	for i, at := range p.at {
		l := newBareLoop(at, hostOf(i))
		if byName {
			if err := l.named(p.dns, hostOf(i)); err != nil {
				return nil, err
			}
		}
		loop.probers = append(loop.probers, l.probe)
		client.probers = append(client.probers, newHTTPClient(at).probe)
	}
	sides := []side{loop}
	for _, mode := range []struct {
		name string
		much extent
	}{
		{"prober: the probe alone", alone},
		{"prober: compare and metrics", compared},
		{"prober: compare, metrics, JSON log of every round", logged},
	} {
		probers, err := followers(p, byName, mode.much, log)
		if err != nil {
			return nil, err
		}
		sides = append(sides, side{mode.name, probers})
	}
	if !byName { // it has no say in which server is asked
		sides = append(sides, client)
	}
	return sides, nil
}

// beside prints a table of sides of which the first is the floor.
func beside(ctx context.Context, o options, sides []side, out io.Writer) error {
	var cpu [2][]measure.Sample // by at once, then by side
	for atOnce := range cpu {
		var runs []func(context.Context) (float64, error)
		for _, s := range sides {
			runs = append(runs, func(ctx context.Context) (float64, error) {
				return turn(ctx, os.Getpid(), o.probes, atOnce == 1, s.probers)
			})
		}
		if _, err := measure.Interleave(ctx, 1, runs...); err != nil { // to warm up
			return err
		}
		figures, err := measure.Interleave(ctx, o.rounds, runs...)
		if err != nil {
			return err
		}
		for _, f := range figures {
			cpu[atOnce] = append(cpu[atOnce], measure.Sample(f))
		}
	}
	table := measure.NewTable("prober", "times the loop", "CPU µs", fmt.Sprintf("times, %d at once", goroutines), fmt.Sprintf("CPU µs, %d at once", goroutines))
	for i, s := range sides {
		row := []string{s.name}
		for atOnce := range cpu {
			row = append(row, cpu[atOnce][i].Ratio(cpu[atOnce][0]).Format("%.2f"), cpu[atOnce][i].Format("%.0f"))
		}
		table.Row(row...)
	}
	return table.Write(out)
}

// targetOf is a pod's URL by address.
func targetOf(at netip.AddrPort) string { return "http://" + at.String() + "/" }
