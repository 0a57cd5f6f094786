package monitoring

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// prometheus is a server of Debian's package that scrapes twice a second.
type prometheus struct {
	t   *testing.T
	url string
}

// scraping starts one, with these rules and targets by job. Native says whether it asks for native histograms; then it has no
// classic ones.
func scraping(t *testing.T, native bool, rules string, jobs map[string][]string) *prometheus {
	t.Helper()
	config := "global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}\nrule_files: [rules.yml]\nscrape_configs:\n"
	for job, targets := range jobs {
		config += fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: [%s]}]}\n", job, strings.Join(targets, ", "))
	}
	var features []string
	if native {
		features = []string{"--enable-feature=native-histograms"}
	}
	return serve(t, config, rules, features...)
}

// serve starts a server with this configuration, whose rules are in rules.yml.
func serve(t *testing.T, config, rules string, features ...string) *prometheus {
	t.Helper()
	if _, err := exec.LookPath("prometheus"); err != nil {
		t.Fatalf("%v: apt-get install --no-install-recommends prometheus", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"prometheus.yml": config, "rules.yml": rules} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t, "127.0.0.1"))
	start(t, nil, "prometheus", append(features, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")...)
	p := &prometheus{t, "http://" + address}
	eventually(t, "Prometheus is ready", func() bool {
		res, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p
}

// ask is a call of Prometheus' API, https://prometheus.io/docs/prometheus/latest/querying/api/.
func (p *prometheus) ask(path string, query url.Values, data any) {
	p.t.Helper()
	res, err := http.Get(p.url + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Status != "success" {
		p.t.Fatalf("%s %v: %s %v %s", path, query, res.Status, err, answer.Error)
	}
}

type labels map[string]string

// sample is one element of an instant vector.
type sample struct {
	labels labels
	value  float64
}

// query is what an expression comes to now.
func (p *prometheus) query(expr string) []sample {
	p.t.Helper()
	var data struct {
		Result []struct {
			Metric labels
			Value  [2]any // time, and the value as text
		}
	}
	p.ask("query", url.Values{"query": {expr}}, &data)
	var all []sample
	for _, r := range data.Result {
		v, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			p.t.Fatalf("%s: %v", expr, err)
		}
		all = append(all, sample{r.Metric, v})
	}
	return all
}

// is reports whether an expression comes to one value, and that one.
func (p *prometheus) is(expr string, want float64) bool {
	p.t.Helper()
	got := p.query(expr)
	return len(got) == 1 && got[0].value == want
}

// firing are the alerts that fire now, as name{target approach reason instance}, as far as they have these labels.
func (p *prometheus) firing() []string {
	p.t.Helper()
	var data struct {
		Alerts []struct {
			Labels labels
			State  string
		}
	}
	p.ask("alerts", nil, &data)
	var all []string
	for _, a := range data.Alerts {
		if a.State != "firing" {
			continue
		}
		var about []string
		for _, l := range []string{"target", "approach", "reason"} {
			if v := a.Labels[l]; v != "" {
				about = append(about, v)
			}
		}
		all = append(all, strings.TrimPrefix(a.Labels["alertname"], "Callbyname")+"{"+strings.Join(about, " ")+"}")
	}
	slices.Sort(all)
	return all
}
