package main

import (
	"crypto/x509"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"callbyname/internal/probe"
)

// trustRoots gives the process CA roots for an image that has none; the system's win where there are any. It is called by who is about
// to speak TLS, since it takes a megabyte and some milliseconds; once, and before anything is verified.
var trustRoots = sync.OnceValue(func() error {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return fmt.Errorf("parsing the CA roots: %w", err)
		}
		if root.Constraint == nil {
			pool.AddCert(certificate)
		} else {
			pool.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	x509.SetFallbackRoots(pool)
	return nil
})

// speaksTLS reports whether one of the targets does.
func speaksTLS(targets []probe.Target) bool {
	return slices.ContainsFunc(targets, func(t probe.Target) bool { return t.URL.Scheme == "https" })
}
