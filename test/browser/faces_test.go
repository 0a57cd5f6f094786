package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"callbyname/internal/report"
)

// get fetches what the API says.
func get[T any](t testing.TB, address string) (v T) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", address, r.Status, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("GET %s: %v", address, err)
	}
	return v
}

// status is what /api/v1/status says, as far as the page shows it.
type status struct {
	Run     struct{ Run string }
	Targets []struct{ Target, Words, State string }
}

// full is what /api/v1/targets says of one, as far as the page shows it.
type full struct {
	Target, URL string
	Lesson      string
	Lines       []struct{ Subject, Words, Why string }
	Approaches  []struct {
		Approach, How, Calls, State, Words, Lane, Latency string
		Who                                               *struct{ Words, Since string }
		DNS                                               *struct{ Words, TTL, Clock string }
		Probes, Lost                                      int
	}
	Lanes []struct {
		Stretches []struct{ State, Outcome, Pod string }
	}
	Recreations []struct {
		N                      int
		Headline, Words, Clock string
		Effects                []struct{ Approach, Words, Cause string }
		Happenings             []struct {
			After string
			Words []string
		}
	}
	Events []struct{ Clock, Sentence string }
}

// agree waits until the page shows what the API says at the same time, and returns the first point on which they differ
// if it never does. A round may come in between: then both are asked anew.
func agree(b *tab, base, target string) {
	b.Helper()
	var differ string
	defer func() {
		if differ != "" {
			b.Logf("the page (%s) differs from the API: %s", b.guise.name, differ)
		}
	}()
	eventually(b, "the page shows what the API says", func() bool {
		s := b.shows()
		f := get[full](b, base+"/api/v1/targets/"+url.PathEscape(target))
		differ = f.differs(s)
		for _, brief := range get[status](b, base+"/api/v1/status").Targets {
			if brief.Target == target && s.News != brief.Words && differ == "" {
				differ = fmt.Sprintf("in brief: %q, not %q", s.News, brief.Words)
			}
		}
		return differ == ""
	})
}

// differs says in what a page shows something else; empty for in nothing.
func (f full) differs(s shown) string {
	var lines, events []string
	for _, l := range f.Lines {
		lines = append(lines, strings.TrimSuffix(l.Subject+": "+l.Words+", "+l.Why, ", "))
	}
	for _, e := range slices.Backward(f.Events) {
		events = append(events, e.Clock+" "+e.Sentence)
	}
	switch {
	case s.Title != f.Target+" "+f.URL:
		return fmt.Sprintf("title %q, not %q", s.Title, f.Target+" "+f.URL)
	case !slices.Equal(s.Lines, lines):
		return fmt.Sprintf("lines %q, not %q", s.Lines, lines)
	case s.Lesson != f.Lesson:
		return fmt.Sprintf("lesson %q, not %q", s.Lesson, f.Lesson)
	case !slices.Equal(s.Events, events):
		return fmt.Sprintf("events %q, not %q", s.Events, events)
	case len(s.Lanes) != len(f.Approaches) || len(s.Changes) != len(f.Recreations):
		return fmt.Sprintf("%d lanes, %d recreations", len(s.Lanes), len(s.Changes))
	}
	for i, a := range f.Approaches {
		l, way := s.Lanes[i], s.Ways[a.Approach]
		want := map[string]string{"calls": a.Calls, "lost": fmt.Sprintf("%d of %d calls", a.Lost, a.Probes), "latency": a.Latency}
		if a.DNS != nil {
			want["dns"], want["dns-more"] = a.DNS.Words, fmt.Sprintf("%s, asked %s", a.DNS.TTL, a.DNS.Clock)
		}
		if a.Who != nil && a.State == "ok" {
			want["who"] = a.Who.Words
		}
		for column, text := range want {
			if way[column] != text {
				return fmt.Sprintf("%s: %s %q, not %q", a.Approach, column, way[column], text)
			}
		}
		if l.Approach != a.Approach || l.State != a.State || l.Words != a.Words || l.How != a.How || l.Label != fmt.Sprintf("%s: %s. %s", a.Approach, a.Words, a.Lane) {
			return fmt.Sprintf("lane %+v, not %+v", l, a)
		}
	}
	for i, r := range f.Recreations {
		if d := r.N - s.Changes[len(s.Changes)-1-i].N; d != 0 {
			return fmt.Sprintf("recreation %d stands where %d should", r.N-d, r.N)
		}
		var verdicts, steps, causes []string
		for _, e := range r.Effects {
			verdicts = append(verdicts, e.Approach+" "+e.Words)
			causes = append(causes, e.Approach+" "+e.Cause)
		}
		for _, h := range r.Happenings {
			steps = append(steps, h.After+" "+strings.Join(h.Words, " "))
		}
		c := s.Changes[len(s.Changes)-1-i]
		if !slices.Equal(c.Verdicts, verdicts) || !strings.HasPrefix(c.Title, r.Headline) {
			return fmt.Sprintf("recreation %d %q %q, not %q %q", r.N, c.Title, c.Verdicts, r.Headline, verdicts)
		}
		if c.Open && (!slices.Equal(c.Steps, steps) || !slices.Equal(c.Causes, causes)) {
			return fmt.Sprintf("recreation %d %q %q, not %q %q", r.N, c.Steps, c.Causes, steps, causes)
		}
	}
	return ""
}

// logged are the events that a text log tells of the target httpd, without their clocks' fractions.
func logged(text string) (events []string) {
	line := regexp.MustCompile(`(?m)^(\d\d:\d\d:\d\d)(?:\.\d+)?  httpd: (.*)$`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		events = append(events, m[1]+" "+m[2])
	}
	return events
}

// total is a row of the comparison that ends a text log.
type total struct{ address, probes, lost string }

// totals are those of the last comparison of a text log.
func totals(text string) map[string]total {
	rows := map[string]total{}
	row := regexp.MustCompile(`(?m)^  (\w+) +(\S+:\d+|[a-z.]+) +(\d+) +(\d+) +\d+ +[\d.]+%`)
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		rows[m[1]] = total{m[2], m[3], m[4]}
	}
	return rows
}

// caused are the causes that `prober report` would give, by approach, of the last recreation.
func caused(t testing.TB, base string) map[string]string {
	t.Helper()
	causes := map[string]string{}
	d := get[report.Document](t, base+"/api/v1/report?o=json")
	for _, r := range d.Runs[0].Targets[0].Recreations {
		for _, e := range r.Effects {
			causes[e.Approach] = e.Cause
		}
	}
	return causes
}
