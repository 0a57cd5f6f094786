package e2e

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/recreation.txt anew")

// The log that the tutorial's reader watches, around a recreation. What is another one each time is replaced by a word, and what
// the network decides is left open: see shape.
func TestTheTextLogTellsARecreationToAPerson(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "configs")
	s.awaitLog("pod-prober", "prober", `(?m)^\S+ +httpd #\d\d+ +ip \S+:80 +ok .*$`)
	old := s.recreate()
	s.awaitLog("pod-prober", "prober", `(?m)^ +dns +recovered .*$`)
	log := s.kubectl("logs", "pod-prober")
	got := shape(t, log, map[string]string{
		old.Status.PodIP: "OLD", s.pod("pod-httpd").Status.PodIP: "NEW", s.service("apache").Spec.ClusterIP: "SERVICE",
	})
	const path = "testdata/recreation.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the log\n%s\nhas the shape (go test -update, if it is right)\n%s\nnot\n%s", log, got, want)
	}
}

// shape is what is the same each time in a log, from the last row before the pod is gone to the verdicts:
//   - Times, durations, numbers and addresses are words, columns are two spaces apart, and what is repeated stands once.
//   - How the pod's absence is felt is GONE, its class CLASSES and its cause CAUSE: the network decides which of the three in
//     gone it is, and whether it becomes another, which would be a line of its own and is left out.
//   - Until the name is back, ip and dns may break in the same round or one after the other. There, rows come before sentences,
//     and of the rows those count in which both are out.
//   - A row that a starved prober left void says nothing.
func shape(t *testing.T, log string, addresses map[string]string) string {
	t.Helper()
	story := log
	for address, word := range addresses {
		story = regexp.MustCompile(`\b`+quote(address)+`\b`).ReplaceAllString(story, word)
	}
	lines := words(story)
	isRow := func(l string) bool { return strings.HasPrefix(l, "TIME  httpd #N  ") }
	first := slices.IndexFunc(lines, func(l string) bool {
		return isRow(l) && strings.Contains(l, "ip OLD:80  ") && strings.Contains(l, "GONE")
	})
	back := slices.Index(lines, "dns: pod-httpd NEW")
	verdicts := slices.Index(lines, "TIME  httpd: what recreation 1 did:")
	if first < 1 || back < first || verdicts < back || !isRow(lines[first-1]) || !isRow(lines[back-1]) {
		t.Fatalf("no rows around the time when the pod was gone in\n%s", log)
	}
	out := slices.DeleteFunc(slices.Clone(lines[first:back-1]), func(l string) bool {
		return isRow(l) && strings.Count(l, "GONE") < 2
	})
	slices.Sort(out)
	end := verdicts + 4 // with the table's head and the two approaches
	lines = slices.Concat(lines[first-1:first], out, lines[back-1:end])
	return strings.Join(slices.Compact(lines), "\n") + "\n"
}

// words are the lines of a log with words for what is another each time.
func words(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		for _, r := range []struct{ pattern, by string }{
			{`\b\d\d:\d\d:\d\d\b`, "TIME"},
			{`#\d+`, "#N"},
			{`\b\d+(\.\d+)?m?s\b`, "D"},
			{`\b\d+ probes? lost( and \d+ void)?`, "N probes lost"},
			{`(BROKEN|recovered)  +\d+`, "$1  N"},
			{`nobody is at \S+, no route to host|\S+ did not take the connection in time|\S+ refused the connection`, "CAUSE"},
			{`; by IP the pod answers, .*`, ""},
			{`\b(NO_ROUTE|CONNECT_TIMEOUT|REFUSED)\b`, "GONE"},
			{`\b(no_route|connect_timeout|refused)\b(, (no_route|connect_timeout|refused)\b)*`, "CLASSES"},
			{` {2,}`, "  "},
		} {
			line = regexp.MustCompile(r.pattern).ReplaceAllString(line, r.by)
		}
		row, who, found := strings.Cut(line, "  dns: ") // who answered stands beneath the row where there is no room
		if !strings.Contains(row, "void") && !strings.Contains(row, "is still out") {
			lines = append(lines, row)
		}
		if found {
			lines = append(lines, "dns: "+who)
		}
	}
	return lines
}
