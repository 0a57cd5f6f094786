// Program cluster starts and stops a real Kubernetes on one Linux machine: etcd, the API server and its
// company, and two or more nodes with their own kubelet, containerd and kube-proxy, each in namespaces of
// its own. Nothing is pulled from a registry and nothing stays behind after down. It is made for the
// end-to-end tests: it has one control plane, no network policies, no storage and no way out to the Internet.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

const usage = `usage: go run ./cluster VERB [flags]

verbs:
  up           start the cluster, or say that it runs
  down         stop it and remove all that it left
  status       show its processes, nodes and memory
  load FILE... import image archives (docker save, OCI layout) into every node

flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	opts, rest, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		_, err := fmt.Fprint(out, usage, flags(&options{}).FlagUsages())
		return err
	}
	if err != nil {
		return err
	}
	verb, files := rest[0], rest[1:]
	if verb == "lookup" { // run by checkDNS inside a node; not for people
		return lookup(ctx, files)
	}
	if os.Geteuid() != 0 {
		return errors.New("namespaces, mounts and cgroups need root")
	}
	c := &cluster{options: opts, out: out}
	switch verb {
	case "up":
		return c.alone(ctx, func() error { return c.up(ctx) })
	case "down":
		return c.alone(ctx, func() error { return c.down(ctx) })
	case "status":
		return c.status(ctx)
	default:
		return c.load(ctx, files)
	}
}
