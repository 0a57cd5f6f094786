package endure

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
)

// The clock is set as by NTP on a machine that was wrong, and as by somebody who sets it wrong. A target that speaks TLS has a
// certificate that is good by the clock that the prober began with.
func TestAWallClockThatJumpsIsToldAndMeasuresNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cert, key := certificate(t)
	secure := freeAddr(t)
	w.pod(secure, "--tls-cert="+cert, "--tls-key="+key)
	log, listen := logFile(t), freeAddr(t)
	command := prober(log, w.config("httpd"), "--interval=500ms", "--timeout=450ms", "--listen="+listen.String(),
		fmt.Sprintf("--target=secure=https://%s:%d", host, secure.Port()))
	command.Env = append(os.Environ(), "SSL_CERT_FILE="+cert)
	p, clock := startUnder(t, command)
	jumps := []time.Duration{5 * time.Hour, -26 * time.Hour, 0, -50 * 365 * 24 * time.Hour, -3 * time.Hour}
	seq := uint64(0)
	for _, offset := range append([]time.Duration{0}, jumps...) {
		clock.set(offset)
		wellAfter(t, log.Name(), "httpd", seq+1, 4)
		wellAfter(t, log.Name(), "secure", seq+1, 4)
		seq = hearFile(t, log.Name()).seq("httpd")
	}
	if clock.asked.Load() == 0 {
		t.Error("the prober never asked for the time; the test moved nothing")
	}
	fetch(t, listen, "/")
	if metrics := fetch(t, listen, "/metrics"); !bytes.Contains(metrics, []byte(`callbyname_up{approach="ip",target="httpd"} 1`)) {
		t.Errorf("metrics:\n%s", metrics)
	}
	p.end(0, "")

	h := hearFile(t, log.Name())
	for _, target := range []string{"httpd", "secure"} {
		h.innocent(w.witness, target)
		var told []time.Duration
		for _, e := range h.events {
			if e.Target == target && e.Kind == compare.ClockChanged {
				told = append(told, e.Gap.Round(time.Minute))
			}
		}
		want := make([]time.Duration, len(jumps))
		for i, last := 0, time.Duration(0); i < len(jumps); i++ {
			want[i], last = jumps[i]-last, jumps[i]
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s: jumps by %v are told, want %v", target, told, want)
		}
	}
	if h.paused() > 0 && w.witness.lost(h.started, time.Now()) < time.Second {
		t.Errorf("pauses of %v are told", h.paused())
	}
	last := h.rounds[len(h.rounds)-1]
	if lies := h.started.Add(last.Round.At - 3*time.Hour).Sub(last.Round.Wall).Abs(); lies > time.Minute {
		t.Errorf("the last round was at %v, which is %v from what the clock said", last.Round.Wall, lies)
	}
	const want = "and its wall clock jumped by -3h00m"
	if text := strings.Join(strings.Fields(report(t, log.Name())), " "); strings.Count(text, want) != 2 || strings.Contains(text, "in -") {
		t.Errorf("%q does not stand twice in\n%s", want, text)
	}
}

// certificate is one for the target's name that is good for some hours, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{strings.TrimSuffix(host, ".")},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
