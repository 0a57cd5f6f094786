// Command demo tells in half a minute why pods are called by name and not by number, without a cluster: the real server
// as pods on loopback addresses, a real DNS server, the real prober.
package main

import (
	"os"

	"callbyname/internal/cli"
)

func main() {
	os.Exit(run(cli.UntilSignal(), os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr, stage{}))
}
