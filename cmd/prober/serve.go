package main

import (
	"net/http"

	"callbyname/internal/page"
)

// routes are what is served on --listen.
func routes(live *page.Page) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", live.Handler())
	return mux
}
