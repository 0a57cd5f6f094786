package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// clock is the time by two clocks: the wall clock, and one that began with it and cannot be set.
type clock struct {
	wall time.Time
	mono time.Time
}

func startClock() *clock {
	now := time.Now()
	return &clock{wall: now.Round(0), mono: now}
}

// unset is what the wall clock would say if nobody had set it since the clock began.
func (c *clock) unset() time.Time { return c.wall.Add(time.Since(c.mono)) }

// verification verifies the certificate of a server for a name, as crypto/tls does, but that it must be good by one of the two
// clocks only: who sets the prober's clock does not make the target's certificate expire. One that expires while the prober
// runs does so by both, if later by as long as the machine was suspended: the second clock stands still then.
func (c *Client) verification(name string) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		certificates := state.PeerCertificates
		options := x509.VerifyOptions{DNSName: name, Roots: c.options.RootCAs, CurrentTime: time.Now(), Intermediates: x509.NewCertPool()}
		for _, further := range certificates[1:] {
			options.Intermediates.AddCert(further)
		}
		_, err := certificates[0].Verify(options)
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			options.CurrentTime = c.clock.unset()
			if _, again := certificates[0].Verify(options); again == nil {
				return nil
			}
		}
		if err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: certificates, Err: err}
		}
		return nil
	}
}
