// Command prober requests its targets by raw pod IP and by name, side by side in the same instant, and logs which way of
// addressing breaks when a pod is recreated, why, and for how long.
package main

import (
	"os"

	"callbyname/internal/cli"
)

func main() {
	ctx := cli.UntilSignal()
	if status, ok := oneshot(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr); ok {
		os.Exit(status)
	}
	thrift()
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}
