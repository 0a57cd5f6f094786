// Package scrape is what the /metrics of both programs have in common: the registry with what every program tells, the handler,
// how a histogram of durations is cut, and samples whose values are kept elsewhere. What a prober's rounds say is in package
// probes, what httpd answered in package answers; docs/metrics.md lists it all.
package scrape

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Namespace begins the name of every metric of ours.
const Namespace = "callbyname"

// NewRegistry is a registry with what every program tells: its build, Go's runtime, and the process (Linux and Windows only).
func NewRegistry(program, version string) *prometheus.Registry {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: Namespace, Name: "build_info",
		Help:        "Which program this is, its version, and the Go version that it was built with. Always 1.",
		ConstLabels: prometheus.Labels{"program": program, "version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	r := prometheus.NewRegistry()
	r.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// atOnce is how many scrapes are answered at a time.
const atOnce = 4

// Handler answers scrapes of few values: text, or protobuf for a Prometheus that wants native histograms.
func Handler(g prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(g, promhttp.HandlerOpts{MaxRequestsInFlight: atOnce, ErrorHandling: promhttp.HTTPErrorOnError})
}

// Seconds are the options of a histogram of durations: native, and classic for a Prometheus without those. The classic
// buckets go from what loopback takes to the longest timeouts.
func Seconds(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: Namespace, Name: name, Help: help,
		Buckets:                         []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}
