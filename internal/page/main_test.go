package page_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/page"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

var update = flag.Bool("update", false, "rewrite testdata")

func TestMain(m *testing.M) {
	time.Local = time.UTC // times of day are local ones
	goleak.VerifyTestMain(m)
}

// shown is a run that is shown on a page.
type shown struct {
	*page.Page
	tracker *compare.Tracker
	targets []probe.Target
	opt     page.Options
}

// show makes a page for targets, with what change does to its options.
func show(opt compare.Options, change func(*page.Options), targets ...probe.Target) *shown {
	s := &shown{tracker: compare.NewTracker(targets, opt), targets: targets}
	s.opt = page.Options{
		Run:     probelog.Run{ID: "run1", Version: "v1.2.3", Host: "node-a", System: "linux/amd64", Targets: targets, Timeout: opt.Interval / 2, Options: opt},
		Started: comparetest.Start, Tracker: s.tracker,
	}
	if change != nil {
		change(&s.opt)
	}
	s.Page = page.New(s.opt)
	return s
}

// observe hands a round to the tracker and to the page.
func (s *shown) observe(t testing.TB, r probe.Round) []probe.Pin {
	t.Helper()
	o, err := s.tracker.Observe(r)
	if err != nil {
		t.Fatal(err)
	}
	s.Observe(r, o)
	return o.Pins
}

// play plays a story to its end, calling after each round, if that is not nil.
func play(t testing.TB, sc comparetest.Scenario, after func(*shown, probe.Round)) *shown {
	t.Helper()
	s := show(sc.Options(), nil, sc.Target())
	sc.Play(func(r probe.Round) []probe.Pin {
		pins := s.observe(t, r)
		if after != nil {
			after(s, r)
		}
		return pins
	})
	return s
}

// get asks the page for a path.
func (s *shown) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// json is what the API says, as generic values.
func (s *shown) json(t testing.TB, path string) map[string]any {
	t.Helper()
	w := s.get(path)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// golden compares a text with a file, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (go test ./internal/page -update, if that is right): got\n%s", name, got)
	}
}
