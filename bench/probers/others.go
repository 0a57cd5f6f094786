package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"callbyname/bench/measure"
	"callbyname/bench/peers"
)

// others measures whole probers: this one with its log of every round, Prometheus' blackbox_exporter, and a shell with curl.
func others(ctx context.Context, o options, p *pods, out io.Writer) error {
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	own, err := followers(p, false, logged, log)
	if err != nil {
		return err
	}
	blackbox, err := startBlackbox(ctx)
	if err != nil {
		return err
	}
	defer blackbox.Stop()
	kept := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: goroutines}}
	defer kept.CloseIdleConnections()
	var scrapes []prober
	for _, at := range p.at {
		scrapes = append(scrapes, scrape(kept, blackbox.URL+"probe?"+url.Values{"module": {"http_2xx"}, "target": {targetOf(at)}}.Encode()))
	}
	var runs []func(context.Context) (float64, error)
	for _, atOnce := range []bool{false, true} {
		runs = append(runs,
			func(ctx context.Context) (float64, error) { return turn(ctx, os.Getpid(), o.probes, atOnce, own) },
			func(ctx context.Context) (float64, error) { return turn(ctx, blackbox.PID, o.probes, atOnce, scrapes) })
	}
	runs = append(runs, func(ctx context.Context) (float64, error) { return curl(ctx, targetOf(p.at[0]), o.curls) })
	figures, err := measure.Interleave(ctx, o.rounds, runs...)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Whole probers: the same probe by `ip` over a fresh connection. CPU in µs for a probe; of blackbox_exporter that of its process, "+
		"asked over a kept connection; of the loop of curl that of the shell and its children.\n\n")
	table := measure.NewTable("prober", "times prober", "CPU µs", fmt.Sprintf("times, %d at once", goroutines), fmt.Sprintf("CPU µs, %d at once", goroutines))
	sample := func(i int) measure.Sample { return measure.Sample(figures[i]) }
	for i, name := range []string{"prober: compare, metrics, JSON log of every round", "blackbox_exporter " + peers.Blackbox.Version} {
		table.Row(name, sample(i).Ratio(sample(0)).Format("%.2f"), sample(i).Format("%.0f"),
			sample(i+2).Ratio(sample(2)).Format("%.2f"), sample(i+2).Format("%.0f"))
	}
	table.Row("curl in a loop of the shell", sample(4).Ratio(sample(0)).Format("%.1f"), sample(4).Format("%.0f"), "", "")
	return table.Write(out)
}

// scrape makes blackbox_exporter probe once, as Prometheus does.
func scrape(client *http.Client, url string) prober {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		return succeeded(text)
	}
}

// startBlackbox runs it with the module that its own example has for this.
func startBlackbox(ctx context.Context) (*peers.Process, error) {
	program, err := peers.Blackbox.Build(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "probers-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // it reads the file at its start
	config := filepath.Join(dir, "blackbox.yml")
	if err := os.WriteFile(config, []byte("modules:\n  http_2xx:\n    prober: http\n    http:\n      preferred_ip_protocol: ip4\n"), 0o644); err != nil {
		return nil, err
	}
	port, err := peers.FreePort()
	if err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	return peers.Start(ctx, "http://"+address+"/", nil, program, "--config.file", config, "--web.listen-address", address)
}

// curl is a shell that calls curl n times, as in a readiness script.
func curl(ctx context.Context, url string, n int) (float64, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", `i=0; while [ $i -lt "$2" ]; do curl --silent --fail --output /dev/null "$1" || exit; i=$((i+1)); done`,
		"sh", url, strconv.Itoa(n))
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("curl in a shell: %w\n%s", err, out)
	}
	return micros(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()) / float64(n), nil
}

// succeeded reads what blackbox_exporter says of a probe.
func succeeded(text []byte) error {
	for line := range bytes.Lines(text) {
		if string(bytes.TrimSpace(line)) == "probe_success 1" {
			return nil
		}
	}
	return fmt.Errorf("blackbox_exporter could not probe: %.2000s", text)
}
