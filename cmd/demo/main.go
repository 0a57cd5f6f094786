// Command demo tells in half a minute why pods are called by name and not by number, without a cluster: the real server
// as pods on loopback addresses, a real DNS server, the real prober.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"callbyname/internal/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr, lab.Options{}))
}
