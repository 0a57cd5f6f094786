package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestABadCommandLineBuildsNothingAndSaysWhy(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing to write", nil, "--out"},
		{"an argument", []string{"--out", "x", "httpd"}, `"httpd"`},
		{"an architecture that has no image", []string{"--out", "x", "--arch", "386"}, `"386"`},
		{"an unknown flag", []string{"--tag", "x"}, "--tag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v does not name %s", err, tt.want)
			}
		})
	}
}

func TestAMissingToolIsNamedWithItsPackage(t *testing.T) {
	const packages = "apt-get install --no-install-recommends buildah busybox-static"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		there map[string]string // name to the program behind it
		want  string
	}{
		{"buildah", nil, "no buildah"},
		{"busybox", map[string]string{"buildah": self}, "no busybox"},
		{"a static busybox", map[string]string{"buildah": self, "busybox": "/bin/ls"}, "not static"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, program := range tt.there {
				if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", dir)
			_, err := tools()
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), packages) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestABuildWaitsForAnotherUntilItIsToldToStop(t *testing.T) {
	b := &builder{store: t.TempDir()}
	other, err := os.Open(b.store)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	err = b.alone(ctx, func() error {
		t.Error("built beside another")
		return nil
	})
	if !errors.Is(err, stopped) {
		t.Errorf("%v", err)
	}
}

func TestAnArchiveThatFailsLeavesTheOneBefore(t *testing.T) {
	target := filepath.Join(t.TempDir(), "new", "httpd.tar")
	b := &builder{out: io.Discard}
	write := func(content string, err error) func(string) error {
		return func(file string) error { return errors.Join(os.WriteFile(file, []byte(content), 0o644), err) }
	}
	if err := b.archive(target, write("whole", nil)); err != nil {
		t.Fatal(err)
	}
	if err := b.archive(target, write("ha", io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(target))
	if got := read(t, target); string(got) != "whole" || len(left) != 1 || err != nil {
		t.Errorf("%q, %v, %v", got, left, err)
	}
}
