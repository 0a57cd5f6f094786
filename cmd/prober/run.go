package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/spf13/pflag"

	"callbyname/internal/cli"
	"callbyname/internal/config"
	"callbyname/internal/page"
)

// The exit statuses of prober.
const (
	exitOK     = 0
	exitFailed = 1 // it could not do its work
	exitUsage  = 2 // it was told something wrong, and started nothing
)

// run is the whole program but for what only a process has. It returns the exit status.
func run(ctx context.Context, args []string, lookup func(string) (string, bool), stdout, stderr io.Writer) int {
	o, err := parse(args, lookup)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(stdout, usage())
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "prober: %s; prober --help shows what there is\n", cli.Clean(err))
		return exitUsage
	case o.version:
		fmt.Fprint(stdout, cli.VersionLine("prober"))
		return exitOK
	}
	settings, err := config.Load(o.file, o.given...)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	if o.check {
		fmt.Fprint(stdout, "the configuration is valid\n", settings.Describe())
		return exitOK
	}
	thriftOf(settings.Targets)
	if speaksTLS(settings.Targets) {
		err = trustRoots()
	}
	var ln net.Listener
	if err == nil {
		ln, err = page.Listen(o.listen)
	}
	if err != nil {
		fmt.Fprintf(stderr, "prober: %s\n", cli.Clean(err))
		return exitUsage
	}
	if err := watch(ctx, settings, o, ln, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "prober: %s\n", cli.Clean(err))
		return exitFailed
	}
	return exitOK
}
