package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"callbyname/internal/cli"
	"callbyname/internal/config"
)

// prefix of the environment variables that stand for flags.
const prefix = "PROBER_"

const intro = `Requests targets by pod IP and by DNS name, side by side, and logs which of them breaks when a pod is recreated.

Usage:
  prober --target httpd=http://apache.localcluster
  prober --target httpd=http://apache.localcluster,ip=10.244.0.5
  prober --config prober.yaml
  prober curl [flags] URL          one request, as curl makes it (prober curl --help)
  prober resolve [flags] NAME      one name, along the search list (prober resolve --help)
  prober report [flags] [FILE...]  what its JSON log comes to (prober report --help)

A TARGET is [NAME=]URL[,ip=ADDR[:PORT]]. Its approach "ip" dials the pinned address, which is learned from the first pod
that the name leads to if ip= is left out; its approach "dns" resolves the URL's host for each probe.
`

// options are what the flags and the environment say.
type options struct {
	file           string // of --config, empty without
	check, version bool
	logFormat      string         // text or json
	logRounds      string         // all or changes
	listen         string         // address of the live page, empty for none
	given          []config.Given // what package config judges, in the order of the flags
	lookup         func(string) (string, bool)
}

// parse reads the flags, and the environment for flags that are not given.
func parse(args []string, lookup func(string) (string, bool)) (options, error) {
	o := options{lookup: lookup}
	fs := o.flags()
	inherited := map[string]bool{} // variables that took effect
	err := cli.Parse(fs, prefix, args, func(name string) (string, bool) {
		value, ok := lookup(name)
		inherited[name] = ok
		return value, ok
	})
	if err != nil {
		return o, err
	}
	if fs.Changed("config") && o.file == "" {
		return o, errors.New("--config is empty, and the name of a file belongs there")
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("argument %q belongs to no flag; a target is given as --target NAME=URL", fs.Arg(0))
	}
	fs.VisitAll(func(f *pflag.Flag) {
		value, ok := f.Value.(*judged)
		if !ok || !f.Changed {
			return
		}
		from, values := "--"+f.Name, value.values
		if name := cli.EnvName(prefix, f.Name); inherited[name] {
			from = name
			if words := strings.Fields(values[0]); value.repeats && len(words) > 0 {
				values = words
			}
		}
		for _, v := range values {
			o.given = append(o.given, config.Given{Key: f.Name, From: from, Value: v})
		}
	})
	return o, nil
}

// usage is the text of --help.
func usage() string {
	var o options
	return cli.Usage(o.flags(), prefix, intro, "repin-after")
}

// flags declares them all, in the order of the usage text; the defaults are those of package config.
func (o *options) flags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("prober", pflag.ContinueOnError)
	fs.SortFlags = false
	d := config.Defaults()
	duration := func(name, value, usage string) {
		fs.Var(&judged{kind: "duration", values: []string{value}}, name, usage)
	}
	fs.Var(&judged{kind: "TARGET", repeats: true}, "target", "what to probe; may be repeated")
	fs.StringVar(&o.file, "config", "", "YAML `FILE` with targets and settings; flags win over it, targets add up")
	fs.BoolVar(&o.check, "check-config", false, "say what the configuration comes to, or what is wrong with it, and exit")
	duration("interval", d.Interval.String(), "time between the rounds of a target")
	duration("timeout", d.Timeout.String(), "deadline of each probe, below the interval")
	duration("settle", d.Settle.String(), "how long a recreation is watched at most; raised to the longest cache\nand to two intervals")
	duration("repin-after", "0", "learn the pinned address anew this long after a recreation settled; 0 is never")
	fs.Var(&judged{kind: "ADDR[:PORT]", repeats: true}, "nameserver",
		"DNS server to ask instead of those in /etc/resolv.conf; may be repeated")
	o.logFormat, o.logRounds = "text", "all"
	fs.Var(cli.LogFormat(&o.logFormat), "log-format", "rows for people, or one JSON object a line")
	fs.Var(cli.Choice(&o.logRounds, "all", "changes"), "log-rounds", "log every round, or only rounds in which something changed")
	fs.StringVar(&o.listen, "listen", ":8080", "`ADDR` on which the live page and its API are served; empty for none")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	return fs
}

// judged is a flag whose text package config reads, so that flags and file pass the same checks.
type judged struct {
	kind    string
	values  []string // until set the default
	set     bool
	repeats bool
}

func (j *judged) Type() string   { return j.kind }
func (j *judged) String() string { return strings.Join(j.values, " ") }

func (j *judged) Set(s string) error {
	if !j.set || !j.repeats {
		j.values = nil
	}
	j.values, j.set = append(j.values, s), true
	return nil
}
