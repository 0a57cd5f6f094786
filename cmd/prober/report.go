package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"callbyname/internal/cli"
	"callbyname/internal/report"
)

// The exit statuses of prober report.
const (
	reportOK   = 0
	reportMet  = 1 // a condition of --fail-on is met
	reportBad  = 2 // bad arguments, or nothing to report
	reportPart = 3 // no condition of --fail-on is met as far as the log was read, which is not to its end
)

const reportIntro = `Says which way of calling was broken, when, for how long and why: from the JSON log of one or more probers, or from a
prober that runs.

Usage:
  kubectl logs pod-prober | prober report
  prober report FILE...
  prober report --from http://localhost:8080

A FILE may be compressed with gzip, and "-" is the standard input. The log is that of prober --log-format json; lines that are
not the prober's are passed over, and counted. Files of one log that was rotated may be given in any order.

Flags:
%s
Conditions: ` + report.Conditions + `;
each may have an approach before it, as in dns:lost>0. Quote < and > from the shell.

The exit status is 0, or 1 when a condition of --fail-on is met, or 2 for bad arguments and when there is nothing to report, or 3
when no condition of --fail-on is met, but the log was not read to its end: it was interrupted, or what is compressed was cut.
`

// reportOptions are what the arguments of prober report say.
type reportOptions struct {
	files      []string
	from       string
	form       string
	failOn     []string
	conditions []report.Condition
}

func (o *reportOptions) flags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("prober report", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Usage = func() {}
	o.form = string(report.AsText)
	fs.VarP(cli.Choice(&o.form, "text", "markdown", "json"), "output", "o", "how to write the report: for a terminal, to paste into an issue,\nor for programs (docs/report.md)")
	fs.StringVar(&o.from, "from", "", "ask the prober that runs at this `URL`, its --listen address, instead of reading a log")
	fs.StringArrayVar(&o.failOn, "fail-on", nil, "exit with status 1 if this `CONDITION` is met; may be repeated")
	return fs
}

func parseReport(args []string) (o reportOptions, fs *pflag.FlagSet, err error) {
	fs = o.flags()
	if err := fs.Parse(args); err != nil {
		return o, fs, err
	}
	o.files = fs.Args()
	if o.from != "" && len(o.files) > 0 {
		return o, fs, fmt.Errorf("--from %q and the file %q: one of the two", o.from, o.files[0])
	}
	if fs.Changed("from") && o.from == "" {
		return o, fs, errors.New("--from is empty, and the URL of a prober belongs there")
	}
	for _, s := range o.failOn {
		c, err := report.ParseCondition(s)
		if err != nil {
			return o, fs, fmt.Errorf("--fail-on %q: %w", s, err)
		}
		o.conditions = append(o.conditions, c)
	}
	return o, fs, nil
}

// runReport is prober report. It returns the exit status.
func runReport(ctx context.Context, args []string, lookup func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	o, fs, err := parseReport(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprintf(stdout, reportIntro, fs.FlagUsages())
		return reportOK
	case err != nil:
		fmt.Fprintf(stderr, "prober report: %s; prober report --help shows what there is\n", cli.Clean(err))
		return reportBad
	}
	fail := func(err error) int {
		fmt.Fprintf(stderr, "prober report: %s\n", cli.Clean(err))
		return reportBad
	}
	d, err := o.document(ctx, stdin, stderr)
	if err != nil {
		return fail(err)
	}
	interrupted := ctx.Err() != nil
	if interrupted {
		fmt.Fprintln(stderr, "prober report: interrupted; this is what was read until then")
	}
	var out bytes.Buffer
	if err := d.Write(&out, report.Form(o.form), report.TextOptions{Width: cli.Columns(stdout, lookup), Colour: cli.Colour(stdout, lookup)}); err != nil {
		return fail(err)
	}
	if _, err := stdout.Write(out.Bytes()); err != nil {
		return fail(fmt.Errorf("writing the report: %w", err))
	}
	met, err := o.judge(&d, stderr)
	switch {
	case err != nil:
		return fail(err)
	case met:
		return reportMet
	case len(o.conditions) > 0 && (interrupted || d.Log != nil && d.Log.Cut):
		fmt.Fprintln(stderr, "prober report: --fail-on: nothing is met so far, but the log was not read to its end")
		return reportPart
	}
	return reportOK
}

// judge says which conditions are met.
func (o *reportOptions) judge(d *report.Document, stderr io.Writer) (any bool, err error) {
	for _, c := range o.conditions {
		met, err := c.Met(d)
		if err != nil {
			return false, fmt.Errorf("--fail-on %q: %w", c, err)
		}
		for _, where := range met {
			fmt.Fprintf(stderr, "prober report: --fail-on %s: %s\n", c, where)
			any = true
		}
	}
	return any, nil
}

// document is what there is to report.
func (o *reportOptions) document(ctx context.Context, stdin io.Reader, stderr io.Writer) (report.Document, error) {
	if o.from != "" {
		return fetchReport(ctx, o.from)
	}
	files := o.files
	if len(files) == 0 {
		if f, ok := stdin.(*os.File); ok {
			if _, terminal := cli.Terminal(f); terminal {
				return report.Document{}, errors.New("no log: give a FILE, pipe a log in, or ask a prober that runs with --from")
			}
		}
		files = []string{"-"}
	}
	return readReport(ctx, files, stdin, newProgress(stderr))
}
