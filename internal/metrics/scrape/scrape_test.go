package scrape_test

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

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

// What a Prometheus gets is the same whether it is gathered at once or streamed, zipped or not.
func TestAStreamIsWhatIsGatheredAtOnce(t *testing.T) {
	g := scrape.NewRegistry("prober", "v1.2.3")
	a, b := scrape.Counter("a_total", "Of a.", "name"), scrape.Gauge("b", "Of b.", "name")
	none := scrape.Gauge("none", "Of nobody.")
	var values []scrape.Value
	for _, name := range []string{"x", "y\n\""} {
		labels := []*dto.LabelPair{scrape.Label("name", name)}
		values = append(values, scrape.Value{Family: a, Labels: labels, Number: 1}, scrape.Value{Family: b, Labels: labels, Number: 2.5})
	}
	more := func(yield func(*dto.MetricFamily) error) error {
		return scrape.Group([]scrape.Family{a, none, b}, values, yield)
	}
	ask := func(encoding string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Accept-Encoding", encoding)
		scrape.Stream(g, more).ServeHTTP(w, r)
		return w
	}
	// ours are the lines that do not change by themselves.
	ours := func(text string) (lines []string) {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "callbyname_") {
				lines = append(lines, line)
			}
		}
		slices.Sort(lines)
		return lines
	}
	whole, _ := get(t, scrape.Whole(g, more), "")
	want := ours(whole)
	if len(want) != 3+2*4 {
		t.Fatalf("gathered: %q", want)
	}
	for encoding, zipped := range map[string]bool{"": false, "br, gzip;q=0": false, "deflate, gzip": true, "gzip ; q=0.5": true} {
		w := ask(encoding)
		body := w.Body.String()
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("for %q zipped: %v", encoding, got)
		} else if zipped {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(text)
		}
		if got := ours(body); !slices.Equal(got, want) {
			t.Errorf("for %q\n%q, want\n%q", encoding, got, want)
		}
	}
}
