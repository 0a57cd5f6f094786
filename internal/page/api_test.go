package page_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"callbyname/internal/compare/comparetest"
)

// The API is read by programs of others: what it says changes only on purpose.
func TestTheAPIsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for a clock that stands still
		s := play(t, comparetest.Named("a single pod is recreated with another IP"), nil)
		for file, path := range map[string]string{"status.json": "/api/v1/status", "target.json": "/api/v1/targets/httpd"} {
			var b bytes.Buffer
			if err := json.Indent(&b, s.get(path).Body.Bytes(), "", " "); err != nil {
				t.Fatal(err)
			}
			golden(t, file, b.String())
		}
	})
}

// Each field of the API stands in its documentation.
func TestTheAPIIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/page.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range []string{"status.json", "target.json"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([a-z0-9_]+)":`).FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	}
	for _, name := range []string{"stopped", "reason", "tails", "took_ms", "mixed", "void", "pending", "paused_ms", "withdrawn", "repin_after_ms",
		"snapshot", "reset", "fleet", "target", "round", "beat"} {
		names[name] = true
	}
	for name := range names {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/page.md does not tell of %s", name)
		}
	}
}

// The words for the outcomes are those of the documentation.
func TestWhatTheOutcomesMeanIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/page.md")
	if err != nil {
		t.Fatal(err)
	}
	for outcome, words := range show(options, nil).json(t, "/api/v1/status")["outcomes"].(map[string]any) {
		if row := fmt.Sprintf("| `%s` | %s |\n", outcome, words); !strings.Contains(string(doc), row) {
			t.Errorf("docs/page.md lacks %q", row)
		}
	}
}
