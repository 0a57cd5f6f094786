package report_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/report"
)

// hostile is what a target, a DNS server or a log could say to act on a terminal, a browser or GitHub.
var hostile = []string{
	"\x1b[2Jgone", "a|b", "`rm`", "```", "<script>alert(1)</script>", "**bold** __under__ ~~strike~~ _it_", "[link](http://evil.example)",
	"![pic](//evil.example/p.png)", "@everyone", "see #1 and gh-2", "https://evil.example", "www.evil.example", "a\nb\r\n# heading\n- item",
	"&lt;b&gt;", "\u202eright to left", "$x^2$", "\\", "\\|", "\\`", "<!-- comment", "\u009b31m", "日本語", "\xff\xfe", strings.Repeat("x", 5000),
}

// named puts a name in each place of a report that comes from outside.
func named(t *testing.T, name string) report.Document {
	d, _ := document(t, comparetest.Named("a cached address is given to a stranger"))
	text := written(t, d, report.AsJSON, 0)
	quoted, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"pod-httpd", "apache-pods.localcluster", "http://apache.localcluster", "storyrun12", "pod-prober", "httpd", "cached", "SIGTERM"} {
		text = strings.ReplaceAll(text, `"`+value+`"`, string(quoted))
		text = strings.ReplaceAll(text, value+" ", strings.Trim(string(quoted), `"`)+" ") // in sentences
	}
	d = report.Document{}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	d.Log = &report.Log{Lines: 3, Skipped: 2, Where: []report.Skip{{File: name, From: 1, To: 2, Why: name}}}
	d.Runs[0].Targets[0].Outages = []report.OtherOutage{{Approach: name, Why: name, For: report.Millis(time.Second)}}
	return d
}

func TestNothingFromOutsideActsOnATerminal(t *testing.T) {
	for _, name := range hostile {
		for _, f := range []report.Form{report.AsText, report.AsMarkdown, report.AsJSON} {
			for _, r := range written(t, named(t, name), f, 100) {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%q as %s: %q", name, f, r)
				}
			}
		}
	}
}

func TestNothingFromOutsideIsMarkup(t *testing.T) {
	// blocks are the beginnings of lines, which make the blocks of a text; tags are what is HTML in it.
	blocks := func(text string) string {
		return strings.Join(regexp.MustCompile("(?m)^(#+ |- |[|]|```|<.*$|$)").FindAllString(text, -1), "\n")
	}
	tags := func(text string) string {
		return strings.Join(regexp.MustCompile("<[^>]*>?").FindAllString(text, -1), "")
	}
	plain := written(t, named(t, "name"), report.AsMarkdown, 0)
	for _, name := range hostile {
		text := written(t, named(t, name), report.AsMarkdown, 0)
		if strings.Contains(name, "```") {
			text = strings.ReplaceAll(text, "\n````\n", "\n```\n") // the fence of what has a fence in it
		}
		if got, want := blocks(text), blocks(plain); got != want {
			t.Errorf("%q makes other blocks:\n%s", name, text)
		}
		prose := regexp.MustCompile("(?ms)^```\n.*?^```\n|^### .*?$") // but for code, in which nothing is markup
		if got, want := tags(prose.ReplaceAllString(text, "")), tags(prose.ReplaceAllString(plain, "")); got != want {
			t.Errorf("%q makes HTML: %s, want %s", name, got, want)
		}
	}
}

// FuzzAReportFromElsewhere is for --from: what comes may be anything.
func FuzzAReportFromElsewhere(f *testing.F) {
	whole := written(f, several(f), report.AsJSON, 0)
	for seed := range uint64(60) {
		f.Add(seed, uint8(seed), int(seed*7))
	}
	f.Fuzz(func(t *testing.T, seed uint64, damages uint8, width int) {
		var doc any
		if err := json.Unmarshal([]byte(whole), &doc); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		for range damages {
			doc = damaged(rng, doc)
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		var d report.Document
		json.Unmarshal(text, &d) // what of it can be read is read
		form := []report.Form{report.AsText, report.AsMarkdown, report.AsJSON}[seed%3]
		for _, r := range written(t, d, form, width) {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%q as %s", r, form)
			}
		}
		for _, text := range []string{"lost>0", "broken", "misrouted", "outage>1s", "recover>1s", "availability<50", "no-recreation"} {
			c, err := report.ParseCondition(text)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Met(&d); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// damaged puts something else in the place of one thing in a document.
func damaged(rng *rand.Rand, v any) any {
	others := []any{nil, -1.0, 0.0, 1.5, 3e12, -3e12, 1e300, "", "\x1b[31m", "wrong_pod", "settled", true, []any{}, map[string]any{}}
	if rng.IntN(20) > 0 {
		switch v := v.(type) {
		case map[string]any:
			if keys := slices.Sorted(maps.Keys(v)); len(keys) > 0 {
				key := keys[rng.IntN(len(keys))]
				v[key] = damaged(rng, v[key])
				return v
			}
		case []any:
			if len(v) > 0 {
				i := rng.IntN(len(v))
				if rng.IntN(6) == 0 {
					return slices.Delete(v, i, i+1)
				}
				v[i] = damaged(rng, v[i])
				return v
			}
		}
	}
	return others[rng.IntN(len(others))]
}
