package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"callbyname/internal/cli"
	"callbyname/internal/report"
)

const (
	// reportPath is where a prober that runs serves its report.
	reportPath = "/api/v1/report"
	// fetchTimeout bounds the whole of a fetch, maxReport its bytes.
	fetchTimeout = 30 * time.Second
	maxReport    = 256 << 20
)

// fetchReport asks a prober that runs. It takes the report as JSON and writes it here, so that times are those of the reader's
// clock, lines as wide as the reader's terminal, and conditions can be judged.
func fetchReport(ctx context.Context, from string) (report.Document, error) {
	d, err := fetch(ctx, from)
	if err != nil {
		return d, fmt.Errorf("--from %q: %w", from, err)
	}
	return d, nil
}

func fetch(ctx context.Context, from string) (d report.Document, err error) {
	base, err := url.Parse(from)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return d, errors.New("must be the URL of a prober, as in http://localhost:8080")
	}
	if err := trustRoots(); err != nil { // http may lead to https
		return d, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	u := base.JoinPath(reportPath)
	u.RawQuery = "o=json"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return d, err
	}
	req.Header.Set("User-Agent", "callbyname-prober/"+cli.Version())
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return d, errors.Unwrap(err) // without the method and the URL, which is said already
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return d, fmt.Errorf("%s on %s: is that the --listen address of a prober?", res.Status, reportPath)
	}
	body := io.LimitedReader{R: res.Body, N: maxReport + 1}
	if err := json.NewDecoder(&body).Decode(&d); err != nil {
		if body.N <= 0 {
			return d, fmt.Errorf("the report is larger than %d bytes", maxReport)
		}
		return d, fmt.Errorf("the answer is no report: %w", err)
	}
	if d.Schema < 1 || d.Schema > report.Schema {
		return d, fmt.Errorf("a report of schema %d; this program reads up to %d", d.Schema, report.Schema)
	}
	return d, nil
}
