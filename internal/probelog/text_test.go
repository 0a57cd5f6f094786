package probelog_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file that a person has read.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

func TestTextIsForPeople(t *testing.T) {
	tests := map[string]struct {
		story string
		mode  probelog.Mode
		opt   probelog.TextOptions
	}{
		"two approaches":        {"a pod that says that it is not ready loses its names", probelog.All, probelog.TextOptions{}},
		"five approaches":       {"a single pod is recreated with another IP", probelog.All, probelog.TextOptions{}},
		"five in 80 columns":    {"a single pod is recreated with another IP", probelog.Changes, probelog.TextOptions{Width: 80}},
		"replicas":              {"one of three replicas is recreated", probelog.All, probelog.TextOptions{}},
		"a stranger, in colour": {"the old IP is given to a stranger after the recreation settled", probelog.Changes, probelog.TextOptions{Colour: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sc := story(t, test.story)
			run := runOf(sc, test.mode)
			var out bytes.Buffer
			rec := probelog.NewRecorder(run, probelog.NewText(&out, run, test.opt))
			rec.Start(comparetest.Start)
			at, wall := sc.Play(func(r probe.Round) []probe.Pin {
				o, err := rec.Observe(r)
				if err != nil {
					t.Fatal(err)
				}
				return o.Pins
			})
			rec.Stop(at, wall, "SIGTERM")
			golden(t, strings.NewReplacer(" ", "-", ",", "").Replace(name)+".txt", out.Bytes())
		})
	}
}

func story(t testing.TB, name string) comparetest.Scenario {
	t.Helper()
	for _, sc := range comparetest.Scenarios {
		if sc.Name == name {
			return sc
		}
	}
	t.Fatalf("no story %q", name)
	return comparetest.Scenario{}
}
