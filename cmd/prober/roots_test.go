package main

import (
	"context"
	"crypto/x509"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An image from scratch has no CA roots: a process in it has ours as soon as it is to speak TLS, and does without them else.
func TestWhoSpeaksTLSHasCARootsWhereTheMachineHasNone(t *testing.T) {
	const child = "ROOTS_TEST_ARGS"
	if args := strings.Fields(os.Getenv(child)); len(args) > 0 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // before anything is sent
		if _, ok := oneshot(ctx, args, strings.NewReader(""), io.Discard, io.Discard); !ok {
			if status := run(ctx, args[1:], os.LookupEnv, io.Discard, os.Stderr); status != exitOK {
				t.Fatalf("exit status %d", status)
			}
		}
		pool, err := x509.SystemCertPool()
		if want := strings.Contains(args[len(args)-1], "https"); err != nil || pool.Equal(x509.NewCertPool()) == want {
			t.Errorf("%v: there are CA roots: %v, want %v; %v", args, !want, want, err)
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"prober --listen= --target=t=http://httpd.test", "prober --listen= --target=t=https://httpd.test",
		"prober report --from=https://prober.test", "prober curl https://httpd.test", "curl https://httpd.test",
	} {
		c := exec.Command(self, "-test.run=^"+t.Name()+"$")
		none := t.TempDir()
		c.Env = []string{child + "=" + args, "SSL_CERT_DIR=" + none, "SSL_CERT_FILE=" + filepath.Join(none, "none"), "GOCOVERDIR=" + none}
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}
