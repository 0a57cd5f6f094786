package main

import (
	"context"
	"crypto/x509"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// An image from scratch has no CA roots: a process in it has ours as soon as it is to speak TLS, and does without them else.
func TestWhoSpeaksTLSHasCARootsWhereTheMachineHasNone(t *testing.T) {
	const child = "ROOTS_TEST_URL"
	if url := os.Getenv(child); url != "" {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if status := run(ctx, []string{"--target", "t=" + url, "--listen="}, os.LookupEnv, io.Discard, os.Stderr); status != exitOK {
			t.Fatalf("exit status %d", status)
		}
		pool, err := x509.SystemCertPool()
		if want := url[:5] == "https"; err != nil || pool.Equal(x509.NewCertPool()) == want {
			t.Errorf("for %s there are CA roots: %v, want %v; %v", url, !want, want, err)
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"http://httpd.test", "https://httpd.test"} {
		c := exec.Command(self, "-test.run=^"+t.Name()+"$")
		none := t.TempDir()
		c.Env = []string{child + "=" + url, "SSL_CERT_DIR=" + none, "SSL_CERT_FILE=" + filepath.Join(none, "none"), "GOCOVERDIR=" + none}
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}
