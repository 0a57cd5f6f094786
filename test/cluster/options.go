package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"
)

// options are what the flags say.
type options struct {
	nodes     int    // 1 to 9
	proxyMode string // iptables or nftables
	dnsCache  bool   // CoreDNS caches the cluster's own names too, for 30 s
	podPrefix int    // prefix length of each node's pod CIDR, 24 to 29
	dir       string // absolute; all state lies below it
}

func flags(o *options) *pflag.FlagSet {
	set := pflag.NewFlagSet("cluster", pflag.ContinueOnError)
	set.Usage = func() {}
	set.SortFlags = false
	set.IntVar(&o.nodes, "nodes", 2, "number of nodes, 1 to 9")
	set.StringVar(&o.proxyMode, "proxy-mode", "iptables", "kube-proxy's mode: iptables or nftables")
	set.BoolVar(&o.dnsCache, "dns-cache", false,
		"let CoreDNS cache the cluster's names for 30 s; kubeadm's default, and ours, is not to")
	set.IntVar(&o.podPrefix, "pod-prefix", 24,
		"prefix length of each node's pod CIDR, 24 to 29; with 29 a node has five pod IPs, which are soon reused")
	set.StringVar(&o.dir, "dir", "/var/lib/callbyname-cluster", "folder for all state, removed by down")
	return set
}

// parse returns the options and the verb with its arguments.
func parse(args []string) (options, []string, error) {
	var o options
	set := flags(&o)
	if err := set.Parse(args); err != nil {
		return options{}, nil, err
	}
	rest := set.Args()
	if len(rest) == 0 {
		return options{}, nil, errors.New("no verb: up, down, status or load")
	}
	switch verb := rest[0]; {
	case !slices.Contains([]string{"up", "down", "status", "load", "lookup"}, verb):
		return options{}, nil, fmt.Errorf("verb %q: not up, down, status or load", verb)
	case verb == "load" && len(rest) == 1:
		return options{}, nil, errors.New("load: no file named")
	case verb != "load" && verb != "lookup" && len(rest) > 1:
		return options{}, nil, fmt.Errorf("%s %q: takes no argument", verb, rest[1])
	}
	return o, rest, o.check()
}

func (o *options) check() error {
	if o.nodes < 1 || o.nodes > 9 {
		return fmt.Errorf("--nodes %d: not within 1 to 9", o.nodes)
	}
	switch o.proxyMode {
	case "iptables", "nftables":
	case "ipvs":
		return errors.New("--proxy-mode ipvs: not offered: many kernels are built without IPVS, and Kubernetes " +
			"is giving the mode up for nftables; take iptables or nftables")
	default:
		return fmt.Errorf("--proxy-mode %q: neither iptables nor nftables", o.proxyMode)
	}
	if o.podPrefix < 24 || o.podPrefix > 29 {
		return fmt.Errorf("--pod-prefix %d: not within 24 to 29", o.podPrefix)
	}
	// down removes this folder whole, so it must not be one that holds something else.
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return fmt.Errorf("--dir %q: %w", o.dir, err)
	}
	if filepath.Dir(dir) == "/" {
		return fmt.Errorf("--dir %q: too near the root for a folder that down removes", o.dir)
	}
	o.dir = dir
	return nil
}

// String is what makes one cluster unlike another, as flags; it is also how a running one is known again.
func (o options) String() string {
	s := fmt.Sprintf("--nodes=%d --proxy-mode=%s --pod-prefix=%d", o.nodes, o.proxyMode, o.podPrefix)
	if o.dnsCache {
		s += " --dns-cache"
	}
	return s
}
