package main

import (
	"bytes"
	"context"
	"flag"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/usage.txt anew")

// once runs the program where it ends by itself.
func once(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // so that one that starts all the same ends at once
	status = run(ctx, args, environ(env...), nil, &out, &errs)
	return status, out.String(), errs.String()
}

func TestHelpIsWhatTheGoldenFileSays(t *testing.T) {
	status, stdout, stderr := once(t, nil, "--help")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	golden := filepath.Join("testdata", "usage.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(stdout), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if stdout != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", stdout, want)
	}
}

func TestVersionGoesToStdout(t *testing.T) {
	// Docker's httpd image has this variable.
	status, stdout, stderr := once(t, []string{"HTTPD_VERSION=2.4.62"}, "--version")
	if status != 0 || !strings.HasPrefix(stdout, "httpd ") || strings.Count(stdout, "\n") != 1 || stderr != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

func TestBadInputIsOneClearLineAndStatus2(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		env  []string
		args []string
		want []string
	}{
		{"unknown flag", nil, []string{"--port=80"}, []string{"--port"}},
		{"argument", nil, []string{"serve"}, []string{`unexpected argument "serve"`}},
		{"no duration", nil, []string{"--drain-delay=soon"}, []string{"--drain-delay", `"soon"`}},
		{"no duration in the environment", []string{"HTTPD_DRAIN_DELAY=soon"}, nil, []string{`HTTPD_DRAIN_DELAY="soon"`}},
		{"negative delay", nil, []string{"--drain-delay=-1s"}, []string{"--drain-delay -1s: must be 0s or more"}},
		{"no timeout", nil, []string{"--read-timeout=0"}, []string{"--read-timeout 0s: must be more than 0s"}},
		{"no address", nil, []string{"--listen="}, []string{`--listen ""`, "must be an address to listen on"}},
		{"an escape", nil, []string{"--\x1b[31m"}, []string{"unknown flag: --?[31m"}},
		{"no body", nil, []string{"--max-body=0"}, []string{"--max-body 0", "must both be positive"}},
		{"no headers", []string{"HTTPD_MAX_HEADER=-5"}, nil, []string{"--max-header -5"}},
		{"fewer than no connections", nil, []string{"--max-connections=-1"}, []string{"--max-connections -1: must be 1 to 1048576, or 0"}},
		{"too many connections", nil, []string{"--max-connections=2000000"}, []string{"--max-connections 2000000: must be"}},
		{"log format", nil, []string{"--log-format=xml"}, []string{"--log-format", "must be json or text"}},
		{"log level", []string{"HTTPD_LOG_LEVEL=loud"}, nil, []string{`HTTPD_LOG_LEVEL="loud"`, "debug or info or warn or error"}},
		{"certificate without key", nil, []string{"--tls-cert=x"}, []string{"--tls-cert and --tls-key: must be given together"}},
		{"no such certificate", nil, []string{"--tls-cert=/nowhere", "--tls-key=/nowhere"}, []string{`--tls-cert "/nowhere"`, "no such file"}},
		{"no certificate", nil, []string{"--tls-cert", junk, "--tls-key", junk}, []string{"--tls-cert", "PEM"}},
		{"taken port", nil, []string{"--listen", taken.Addr().String(), "--admin-listen="},
			[]string{"--listen", taken.Addr().String(), "address already in use"}},
		{"taken admin port", nil, []string{"--listen=127.0.0.1:0", "--admin-listen", taken.Addr().String()},
			[]string{"--admin-listen", taken.Addr().String(), "address already in use"}},
		{"no address", nil, []string{"--listen=80"}, []string{`--listen "80": must be an address to listen on, such as :8080`}},
		{"an address of another machine", nil, []string{"--listen=203.0.113.9:0"}, []string{"--listen", "203.0.113.9"}},
		{"pod IP", []string{"POD_IP=10.244.0"}, []string{"--listen=127.0.0.1:0"}, []string{`POD_IP="10.244.0": must be IP addresses`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := once(t, tt.env, tt.args...)
			if status != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "httpd: ") {
				t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is not in %q", want, stderr)
				}
			}
		})
	}
}

func TestAPortThatNeedsRootSaysWhatHelps(t *testing.T) {
	// Ports below this one need root.
	first, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil || strings.TrimSpace(string(first)) == "0" {
		t.Skipf("on this machine no port needs root: %s, %v", first, err)
	}
	cmd := exec.Command(os.Args[0], "--listen=127.0.0.1:1", "--admin-listen=")
	cmd.Env = []string{"RUN_AS=nobody"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("%v: %s", err, out)
	}
	for _, want := range []string{"permission denied", "CAP_NET_BIND_SERVICE", "ip_unprivileged_port_start", "--listen :8080"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in %q", want, out)
		}
	}
}

func TestThereAreAsManyConnectionsAsMemoryAndFilesAllow(t *testing.T) {
	for _, tt := range []struct {
		memory int64
		files  uint64
		want   int
	}{
		{math.MaxInt64, math.MaxUint64, 20_000},
		{math.MaxInt64, 30_064, 20_000},
		{math.MaxInt64, 1024, 640},
		{50 << 20, 1 << 20, 400}, // manifests/configs/pod-httpd.yml
		{50 << 20, 256, 128},
		{1 << 20, 1024, 16},
		{math.MaxInt64, 70, 16},
		{math.MaxInt64 - 1, math.MaxUint64, 1 << 20},
	} {
		if got := roomFor(tt.memory, tt.files); got != tt.want {
			t.Errorf("%d bytes, %d files: %d, want %d", tt.memory, tt.files, got, tt.want)
		}
	}
}
