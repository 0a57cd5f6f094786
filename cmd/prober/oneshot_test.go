package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestOneShotCommandsAreCalledByNameOrByArgument(t *testing.T) {
	for _, test := range []struct {
		name   string
		argv   []string
		says   string // the beginning of standard output; empty for what is no such command
		status int
	}{
		{"prober curl", []string{"/prober", "curl", "--help"}, "Requests URLs and prints what they answer", 0},
		{"called curl", []string{"/usr/bin/curl", "--help"}, "Requests URLs and prints what they answer", 0},
		{"called curl, URL curl", []string{"curl", "curl", "--version"}, "curl, a part of prober,", 0},
		{"prober resolve", []string{"prober", "resolve", "127.0.0.1"}, "127.0.0.1 is an address itself\n", 0},
		{"prober curl that fails", []string{"prober", "curl", "-s", "foo://x"}, "", 1},
		{"prober", []string{"prober", "--help"}, "", -1},
		{"prober alone", []string{"prober"}, "", -1},
		{"nothing at all", nil, "", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			status, ok := oneshot(t.Context(), test.argv, strings.NewReader(""), &out, &errs)
			if ok != (test.status >= 0) || ok && status != test.status || !strings.HasPrefix(out.String(), test.says) || errs.Len() > 0 {
				t.Errorf("status %d, %t, %q, %q", status, ok, &out, &errs)
			}
		})
	}
}

func TestTheProgramIsCurlUnderThatName(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	curl := filepath.Join(t.TempDir(), "curl")
	if err := os.Symlink(self, curl); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(curl, "-sS", "foo://x")
	cmd.Env = append(os.Environ(), asProber+"=1")
	out, _ := cmd.CombinedOutput()
	const want = "curl: (1) Protocol \"foo\" not supported or disabled in libcurl\n"
	if string(out) != want || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit status %d, %q, want %q", cmd.ProcessState.ExitCode(), out, want)
	}
}
