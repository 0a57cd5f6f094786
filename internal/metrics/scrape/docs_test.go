package scrape_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/echo"
	"callbyname/internal/identity"
	"callbyname/internal/metrics/answers"
	"callbyname/internal/metrics/probes"
	"callbyname/internal/metrics/scrape"
	"callbyname/internal/probe"
)

// everything is what both programs expose once everything has happened to them.
func everything(t *testing.T) []*dto.MetricFamily {
	t.Helper()
	registry := scrape.NewRegistry("both", "v1")
	var targets []probe.Target
	for i, sc := range comparetest.Scenarios {
		target := sc.Target()
		target.Name = strings.Repeat("t", i+1)
		targets = append(targets, target)
	}
	m := probes.New(targets, time.Second, time.Second/2)
	m.Late(time.Millisecond)
	registry.MustRegister(m)
	for i, sc := range comparetest.Scenarios {
		tr := compare.NewTracker(targets[i:i+1], sc.Options())
		sc.Play(func(r probe.Round) []probe.Pin {
			r.Target = targets[i].Name
			for k := range r.Results {
				d := time.Millisecond
				r.Results[k].Phases = probe.Phases{Resolve: d, Connect: d, TLS: d, Write: d, FirstByte: d, Read: d}
			}
			o, err := tr.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			m.Observe(r, o)
			return o.Pins
		})
	}
	answered := answers.New(identity.Identity{Name: "pod-httpd"})
	answered.Observe(echo.Record{Method: "GET", Route: "/", Status: 200})
	server := echo.New(echo.Options{})
	defer server.Close()
	registry.MustRegister(answered, answers.StateOf(server))

	families, err := scrape.Whole(registry, m.Families).Gather()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
		return strings.HasPrefix(f.GetName(), "go_") || strings.HasPrefix(f.GetName(), "process_")
	})
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEachMetricIsInTheDocumentAndViceVersa(t *testing.T) {
	var got, want []string
	for _, f := range everything(t) {
		labels := map[string]bool{}
		for _, m := range f.Metric {
			for _, l := range m.Label {
				labels["`"+l.GetName()+"`"] = true
			}
		}
		got = append(got, row(f.GetName(), strings.ToLower(f.GetType().String()), labels))
	}
	for _, r := range regexp.MustCompile("(?m)^\\| `(callbyname_\\w+)` \\| (\\w+) \\| (.*?) *\\| \\S").FindAllStringSubmatch(document(t), -1) {
		labels := map[string]bool{}
		for l := range strings.SplitSeq(r[3], ", ") {
			labels[l] = true
		}
		delete(labels, "")
		want = append(want, row(r[1], r[2], labels))
	}
	slices.Sort(got)
	slices.Sort(want)
	for _, r := range got {
		if !slices.Contains(want, r) {
			t.Errorf("exposed and not in docs/metrics.md: %s", r)
		}
	}
	for _, r := range want {
		if !slices.Contains(got, r) {
			t.Errorf("in docs/metrics.md and not exposed: %s", r)
		}
	}
	if len(slices.Compact(want)) != len(got) {
		t.Errorf("%d metrics, %d rows", len(got), len(want))
	}
}

func row(name, kind string, labels map[string]bool) string {
	var names []string
	for l := range labels {
		names = append(names, l)
	}
	slices.Sort(names)
	return name + " " + kind + " " + strings.Join(names, ", ")
}

// The values of closed sets stand in the document, or in docs/log.md, which it links to.
func TestEachValueOfALabelIsInTheDocuments(t *testing.T) {
	log, err := os.ReadFile("../../../docs/log.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range everything(t) {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				switch name, value := l.GetName(), l.GetValue(); name {
				case "outcome", "reason", "phase", "route", "method":
					if !strings.Contains(document(t)+string(log), "`"+value+"`") {
						t.Errorf("%s: %s=%s is in no document", f.GetName(), name, value)
					}
				}
			}
		}
	}
}

func TestNamesFollowTheConventions(t *testing.T) {
	problems, err := promlint.NewWithMetricFamilies(everything(t)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
