package main

import (
	"fmt"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"callbyname/internal/metrics/probes"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/page"
)

// routes are what is served on --listen.
func routes(live *page.Page, g prometheus.Gatherer, m *probes.Metrics) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", live.Handler())
	mux.Handle("GET /metrics", scrape.Stream(g, m.Families))
	return mux
}

// whereabouts says where a browser finds what ln serves. The localhost of a pod, which the variable that every container gets
// from its kubelet tells, is not that of whoever reads the pod's log.
func (o options) whereabouts(ln net.Listener, host string) string {
	if apiserver, _ := o.lookup("KUBERNETES_SERVICE_HOST"); apiserver == "" {
		return "at " + page.Address(ln)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String()) // it is one of TCP
	return fmt.Sprintf("in this pod: kubectl port-forward pod/%s %s (with -n and its namespace) brings it to http://localhost:%[2]s", host, port)
}
