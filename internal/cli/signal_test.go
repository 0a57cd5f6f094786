package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// asSignalled makes the test binary a program that waits for a signal, says what it was, and hangs.
const asSignalled = "TEST_RUNS_AS_SIGNALLED"

func untilKilled() {
	ctx := UntilSignal()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println(context.Cause(ctx))
	time.Sleep(time.Minute)
}

func TestTheFirstSignalIsNamedAndTheSecondEndsTheProcess(t *testing.T) {
	for name, s := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exec.CommandContext(t.Context(), os.Args[0])
			c.Env = []string{asSignalled + "=1", "GOCOVERDIR=" + t.TempDir()}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(out)
			for _, want := range []string{"ready\n", name + "\n"} {
				if got, err := in.ReadString('\n'); err != nil || got != want {
					t.Fatalf("said %q, %v, want %q", got, err, want)
				}
				if err := c.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
			}
			var exit *exec.ExitError
			if err := c.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != s {
				t.Errorf("ended with %v, not by the signal", err)
			}
		})
	}
}
