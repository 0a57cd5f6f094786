package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"callbyname/internal/metrics/scrape"
	"callbyname/internal/page"
)

// routes are what is served on --listen.
func routes(live *page.Page, g prometheus.Gatherer) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", live.Handler())
	mux.Handle("GET /metrics", scrape.Handler(g))
	return mux
}
