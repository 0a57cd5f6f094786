package main

import (
	"io"
	"os"
	"slices"
	"testing"
)

// TestMain makes the test's own program the pods, as the program itself is.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "--pods") {
		if err := servePods(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func here(t *testing.T) (*pods, func()) {
	t.Helper()
	p, err := startPods()
	if err != nil {
		t.Fatal(err)
	}
	return p, p.stop
}

func discard(t *testing.T) io.Writer {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	return null
}
