package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// UntilSignal is a context that the first SIGINT or SIGTERM ends, with the signal's name as its [context.Cause]. From then on
// nobody handles them: a further one ends the process at once. It is for main, and lasts as long as the process.
func UntilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := <-signals
		signal.Stop(signals)
		cancel(errors.New(unix.SignalName(s.(syscall.Signal))))
	}()
	return ctx
}
