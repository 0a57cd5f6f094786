package scrape_test

import (
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"callbyname/internal/metrics/scrape"
)

// get is an answer to a scrape.
func get(t *testing.T, g prometheus.Gatherer, accept string) (body, contentType string) {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	scrape.Handler(g).ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String(), w.Header().Get("Content-Type")
}

func TestEveryProgramTellsItsBuildItsRuntimeAndItsProcess(t *testing.T) {
	body, _ := get(t, scrape.NewRegistry("prober", "v1.2.3"), "")
	build := `callbyname_build_info{goversion="` + runtime.Version() + `",program="prober",version="v1.2.3"} 1`
	for _, want := range []string{build, "go_goroutines ", "process_start_time_seconds "} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
}

func TestNativeHistogramsAreForWhoAsksForThemAndClassicOnesForAll(t *testing.T) {
	h := prometheus.NewHistogram(scrape.Seconds("answer_seconds", "How long."))
	h.Observe(0.003)
	r := prometheus.NewRegistry()
	r.MustRegister(h)
	body, kind := get(t, r, "")
	if !strings.Contains(body, `callbyname_answer_seconds_bucket{le="0.005"} 1`) || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("%s:\n%s", kind, body)
	}
	const proto = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	if body, kind = get(t, r, proto); !strings.Contains(kind, "encoding=delimited") || !strings.Contains(body, "callbyname_answer_seconds") {
		t.Errorf("%s:\n%q", kind, body)
	}
}

func TestALabelIsAlwaysText(t *testing.T) {
	const hostile = "pod\xff\xfe\"} 1\nother_metric 2"
	if got := scrape.Label("pod", hostile).GetValue(); got != "pod\ufffd\"} 1\nother_metric 2" {
		t.Errorf("got %q", got)
	}
}
