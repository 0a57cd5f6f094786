// Program helper is what the end-to-end tests need in a pod beside the product: a server that is not ours, a steady load, and
// something that cuts a pod off as a dead node would. It is one static program in an image of its own, which it writes itself.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"callbyname/test/image"
)

const usage = `usage: helper VERB

verbs:
  image FILE        write the image callbyname/e2e, with this very program in it; it must be static (CGO_ENABLED=0)
  stranger          serve "It works!" on port 80 and say nothing of who answers
  load [flags] URL  request the URL at a steady rate, and print as JSON what came of it
  wait              do nothing until SIGTERM
  mute              take eth0 down: no packet leaves this pod any more, and nobody is told
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "helper:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no verb\n%s", usage)
	}
	switch verb, rest := args[0], args[1:]; {
	case verb == "image" && len(rest) == 1:
		return writeImage(rest[0])
	case verb == "stranger" && len(rest) == 0:
		return stranger(ctx)
	case verb == "load":
		return load(ctx, rest, os.Stdout)
	case verb == "wait" && len(rest) == 0:
		<-ctx.Done()
		return nil
	case verb == "mute" && len(rest) == 0:
		return mute("eth0")
	}
	return fmt.Errorf("%q: not a verb with its arguments\n%s", args, usage)
}

// writeImage packs this program.
func writeImage(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	i := image.Image{
		Name: "docker.io/callbyname/e2e:latest", Files: map[string]string{"/helper": self}, Entrypoint: []string{"/helper"}, User: "65532:65532",
	}
	if err := i.Write(file); err != nil {
		return err
	}
	return file.Close()
}

// stranger is what an Apache is to the prober: it answers, and does not say who it is.
func stranger(ctx context.Context) error {
	server := http.Server{
		Addr: ":80", ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "It works!") }),
	}
	done := make(chan error, 1)
	go func() { done <- server.ListenAndServe() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		server.Close()
		<-done
		return nil
	}
}

// loadFlags are those of the verb load.
func loadFlags(o *options) *pflag.FlagSet {
	set := pflag.NewFlagSet("load", pflag.ContinueOnError)
	set.IntVar(&o.rate, "rate", 100, "requests a second, up to 2000")
	set.DurationVar(&o.lasts, "for", 10*time.Second, "how long, up to 2m")
	set.DurationVar(&o.timeout, "timeout", 5*time.Second, "for each request, its connection included")
	return set
}
