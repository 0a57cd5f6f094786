package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A process is one of a machine's.
type process struct {
	name   string
	memory int64 // proportional set size, in bytes: shared pages count once over all processes
}

// status shows the machines with their programs, and what the API server says of nodes and pods.
func (c *cluster) status(ctx context.Context) error {
	found, err := machines(c.dir)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		c.say("down")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "machine\tprogram\tMiB\t")
	var sum int64
	for _, name := range slices.Sorted(maps.Keys(found)) {
		processes, err := found[name].processes()
		if err != nil {
			return err
		}
		for _, p := range processes {
			fmt.Fprintf(table, "%s\t%s\t%d\t\n", name, p.name, p.memory>>20)
			sum += p.memory
		}
	}
	fmt.Fprintf(table, "\ttogether\t%d\t\n", sum>>20)
	if err := table.Flush(); err != nil {
		return err
	}
	version, err := kubernetesVersion(ctx)
	if err != nil {
		return err
	}
	if c.bin, err = programsDir(version); err != nil {
		return err
	}
	for _, what := range []string{"nodes", "pods"} {
		text, err := c.kubectl(ctx, nil, "get", what, "--all-namespaces", "-o", "wide", "--request-timeout=5s")
		if err != nil {
			return err
		}
		c.say("\n%s", strings.TrimSpace(text))
	}
	return nil
}

// processes lists what runs in the machine, the largest first, pause processes left out.
func (m *machine) processes() ([]process, error) {
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", m.pid))
	if err != nil {
		return nil, err
	}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var list []process
	for _, dir := range dirs {
		ns, err := os.Readlink(dir + "/ns/pid")
		if err != nil || ns != own {
			continue // ended since, or not ours
		}
		name, err := os.ReadFile(dir + "/comm")
		if err != nil {
			continue
		}
		if p := (process{name: strings.TrimSpace(string(name)), memory: memory(dir)}); p.name != "pause" {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b process) int { return cmp.Compare(b.memory, a.memory) })
	return list, nil
}

// memory is what the process in the given folder of /proc takes, or 0 if it has ended.
func memory(dir string) int64 {
	raw, err := os.ReadFile(dir + "/smaps_rollup")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "\nPss:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
