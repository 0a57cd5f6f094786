package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"callbyname/internal/cli"
	"callbyname/internal/config"
	"callbyname/internal/probelog"
)

// The log is written before the metrics are told, and both before the next round: what a scrape says while a round's line
// is written is what the log said before.
func TestAScrapeSaysWhatTheLogSays(t *testing.T) {
	before, scrape, whole := scraped(t)
	for try := 1; try < 4 && starved(whole); try++ {
		before, scrape, whole = scraped(t)
	}
	var p probelog.Replay
	for r := probelog.NewReader(strings.NewReader(before)); ; {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Feed(rec); err != nil {
			t.Fatal(err)
		}
	}
	s := p.Runs()[0].Summary().Targets[0]
	want := []string{
		fmt.Sprintf(`callbyname_build_info{goversion="%s",program="prober",version="%s"} 1`, runtime.Version(), cli.Version()),
		fmt.Sprintf(`callbyname_rounds_total{target="httpd"} %d`, s.Rounds),
		fmt.Sprintf(`callbyname_recreations_total{target="httpd"} %d`, s.Recreated),
		fmt.Sprintf(`callbyname_dns_changes_total{target="httpd"} %d`, s.DNSChanges),
		`callbyname_tick_lateness_seconds_count 8`,
	}
	for _, a := range s.Approaches {
		want = append(want,
			fmt.Sprintf(`callbyname_probes_total{approach="%s",outcome="ok",target="httpd"} %d`, a.Name, a.Probes-a.Lost),
			fmt.Sprintf(`callbyname_lost_probes_total{approach="%s",target="httpd"} %d`, a.Name, a.Lost),
			fmt.Sprintf(`callbyname_outage_seconds_total{approach="%s",target="httpd"} %v`, a.Name, a.Out.Seconds()),
			fmt.Sprintf(`callbyname_probe_duration_seconds_count{approach="%s"} %d`, a.Name, a.Probes-a.Lost))
		for class, n := range a.Classes {
			want = append(want, fmt.Sprintf(`callbyname_probes_total{approach="%s",outcome="%s",target="httpd"} %d`, a.Name, class, n))
		}
	}
	for _, w := range want {
		if !strings.Contains(scrape, "\n"+w+"\n") {
			t.Errorf("%q is not in the scrape", w)
		}
	}
	if s.Rounds != 7 || s.Recreated != 1 || s.Approaches[0].Lost == 0 {
		t.Errorf("the story went another way: %+v", s)
	}
	if t.Failed() {
		t.Log(scrape)
	}
}

// scraped are the log of a recreation up to the line in which it was scraped, what the scrape said, and the whole log.
func scraped(t *testing.T) (before, scrape string, whole []byte) {
	t.Helper()
	l, pod := cluster(t)
	o, err := parse(append(calling(l), "--log-format=json"), environ())
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(o.file, o.given...)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, enough := until(t)
	rounds := 0
	out := &tape{}
	out.line = func(line string) {
		if !strings.Contains(line, `"record":"round"`) {
			return
		}
		switch rounds++; rounds {
		case 3:
			if err := l.Delete(pod); err != nil {
				t.Error(err)
			}
		case 5:
			if _, err := l.Recreate(pod); err != nil {
				t.Error(err)
			}
		case 8:
			before, scrape = out.all.String(), metricsOf(t, ln.Addr())
			enough()
		}
	}
	if err := watch(ctx, settings, o, ln, out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return before, scrape, out.all.Bytes()
}

func metricsOf(t *testing.T, a net.Addr) string {
	res, err := http.Get(fmt.Sprintf("http://%v/metrics", a))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s: %v, %s", res.Status, err, &body)
	}
	return body.String()
}
