// Package monitoring holds manifests/overlays/monitoring to what it promises: its alerts and the queries of its dashboard are run
// by a real Prometheus that scrapes a real prober and real httpd through a recreation, on loopback. It needs Debian's package
// prometheus. It is a module of its own: what it needs to know of the Prometheus Operator's kinds is nobody else's affair.
//
// Go's test cache does not look at files outside the module, and these are: go test -count=1 .
package monitoring
