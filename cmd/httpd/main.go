// Command httpd is an HTTP server that says which pod answered and echoes requests: the part of an Apache pod in a tutorial
// about calling pods by name. Everything it does is in run and in package echo.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, signals, os.Stdout, os.Stderr))
}
