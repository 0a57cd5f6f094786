package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"callbyname/internal/curl"
	"callbyname/internal/walk"
)

// oneshot runs the commands that do one thing and end: "prober curl", "prober resolve", "prober report", and curl when the program is called
// by that name, as in the prober's image. argv is all of os.Args. ok is false when it asks for none of them.
func oneshot(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) (status int, ok bool) {
	switch {
	case len(argv) > 0 && filepath.Base(argv[0]) == "curl":
		return runCurl(ctx, argv[1:], stdin, stdout, stderr), true
	case len(argv) > 1 && argv[1] == "curl":
		return runCurl(ctx, argv[2:], stdin, stdout, stderr), true
	case len(argv) > 1 && argv[1] == "resolve":
		return walk.Run(ctx, argv[2:], stdout, stderr), true
	case len(argv) > 1 && argv[1] == "report":
		return runReport(ctx, argv[2:], os.LookupEnv, stdin, stdout, stderr), true
	}
	return 0, false
}

func runCurl(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := trustRoots(); err != nil { // where it leads to TLS is known only when it is there
		fmt.Fprintf(stderr, "curl: %v\n", err)
		return exitFailed
	}
	return curl.Run(ctx, args, stdin, stdout, stderr)
}
