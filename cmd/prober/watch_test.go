package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// recreation deletes the lab's pod after round 2 and creates its successor after round 3.
func recreation(t *testing.T) (flags []string, after func(seq int)) {
	l, pod := cluster(t)
	return calling(l), func(seq int) {
		var err error
		switch seq {
		case 2:
			err = l.Delete(pod)
		case 3:
			_, err = l.Recreate(pod)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// lines calls after with the number of each JSON record of a round, and enough when the log tells of a recreation.
func lines(t *testing.T, after func(seq int), enough func()) func(string) {
	return func(line string) {
		var rec struct {
			Record, Event string
			Seq           int
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if rec.Record == "round" {
			after(rec.Seq)
		}
		if rec.Event == "recreated" {
			enough()
		}
	}
}

func TestARecreationIsLoggedAsItHappenedAndReadsBackTheSame(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"all", "changes"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			story := func() ([]byte, int, string) {
				flags, after := recreation(t)
				ctx, enough := until(t)
				return probing(ctx, t, lines(t, after, enough), append(flags, "--log-format=json", "--log-rounds="+mode)...)
			}
			log, code, stderr := story()
			for try := 1; try < 4 && starved(log); try++ {
				log, code, stderr = story()
			}
			if code != exitOK || stderr != "" {
				t.Errorf("exit status %d, %q", code, stderr)
			}
			h := hear(t, log)
			if first, last := h.kinds[0], h.kinds[len(h.kinds)-1]; first != probelog.StartRecord || last != probelog.StopRecord {
				t.Errorf("from %s to %s", first, last)
			}
			const want = "pinned dns, dns_changed dns, broke ip, broke dns, dns_changed dns, recovered dns, recreated, settled"
			if got := brief(h.logged); got != want {
				t.Errorf("events:\n%s\nwant:\n%s", got, want)
			}
			if got, want := told(t, h.run.Run, h.replayed), told(t, h.run.Run, h.logged); got != want || h.run.Skipped > 0 {
				t.Errorf("replayed (%d rounds skipped):\n%s\nlogged:\n%s", h.run.Skipped, got, want)
			}
			if h.stop.Reason != errEnough.Error() || h.stop.Lost != 0 {
				t.Errorf("stop: %+v", h.stop)
			}
			effects := map[string]compare.Effect{}
			for _, e := range h.logged[len(h.logged)-1].Recreation.Effects {
				effects[e.Approach] = e
			}
			if ip, dns := effects["ip"], effects["dns"]; ip.Verdict != compare.Broken || ip.Lost != 2 ||
				ip.Classes[0] != probe.ConnectTimeout || dns.Verdict != compare.Came || dns.Lost != 1 || dns.Classes[0] != probe.DNSNotFound {
				t.Errorf("effects %+v", effects)
			}
			if sum := h.run.Summary().Targets[0]; sum.Recreated != 1 || sum.Rounds != 4 || sum.Approaches[0].Lost != 2 || sum.Approaches[1].Lost != 1 {
				t.Errorf("summary %+v", sum)
			}
		})
	}
}

func TestQuietRoundsAreLeftOutAndCountAllTheSame(t *testing.T) {
	t.Parallel()
	ctx, enough := until(t)
	flags := answering(t, "127.0.0.1:0", func(n int64) {
		if n == 15 { // one in the first round, two in each further one
			enough()
		}
	})
	log, code, stderr := probing(ctx, t, nil,
		append(flags, "--interval=100ms", "--timeout=90ms", "--log-format=json", "--log-rounds=changes")...)
	h := hear(t, log)
	if code != exitOK || stderr != "" || len(h.rounds) > 3 {
		t.Errorf("exit status %d, %q, %d rounds:\n%s", code, stderr, len(h.rounds), log)
	}
	if sum := h.run.Summary().Targets[0]; sum.Rounds < 8 || sum.Approaches[1].Probes < 7 || sum.Approaches[1].Lost > 0 {
		t.Errorf("summary %+v", sum)
	}
}

// The figures of a row and of a table, and where they stand.
var (
	clock   = regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d)?`)
	date    = regexp.MustCompile(`\d{4}-\d\d-\d\d`)
	heading = regexp.MustCompile(`^prober .*`)
	latency = regexp.MustCompile(`\d+(\.\d+)?m?s( ±400ms)?`)
	port    = regexp.MustCompile(`(127\.0\.0\.\d|cluster\.local\.):\d+`)
	blanks  = regexp.MustCompile(` {2,}|-{3,}`)
	broken  = regexp.MustCompile(`\n +(\(apache)`) // where there was no room
	beneath = regexp.MustCompile(`\n +(ip: |dns: )`)
)

// shape is a text log without what differs from run to run.
func shape(log []byte) string {
	s := heading.ReplaceAllString(string(log), "prober VERSION, run ID on HOST, TIME")
	s = port.ReplaceAllString(clock.ReplaceAllString(date.ReplaceAllString(s, "DATE"), "TIME"), "$1:PORT")
	var out strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(line, "  every") {
			line = latency.ReplaceAllString(line, "SPAN")
		}
		out.WriteString(blanks.ReplaceAllString(line, "  "))
	}
	return beneath.ReplaceAllString(broken.ReplaceAllString(out.String(), " $1"), "  $1")
}

func TestTheTextLogOfARecreation(t *testing.T) {
	t.Parallel()
	log := textOfARecreation(t)
	for try := 1; try < 4 && starved(log); try++ {
		log = textOfARecreation(t)
	}
	golden(t, "recreation.txt", []byte(shape(log)))
}

// starved reports whether a prober had no CPU for a while, as its log says: then the story is another one.
func starved(log []byte) bool {
	return bytes.Contains(log, []byte("void")) && bytes.Contains(log, []byte("starved")) || bytes.Contains(log, []byte("nobody looked"))
}

func textOfARecreation(t *testing.T) []byte {
	t.Helper()
	flags, after := recreation(t)
	row := regexp.MustCompile(`^\S+  httpd #(\d) `)
	ctx, enough := until(t)
	log, code, stderr := probing(ctx, t, func(line string) {
		if m := row.FindStringSubmatch(line); m != nil {
			after(int(m[1][0] - '0'))
		}
		if strings.Contains(line, "pod recreated") {
			enough()
		}
	}, flags...)
	if code != exitOK || stderr != "" {
		t.Errorf("exit status %d, %q", code, stderr)
	}
	return log
}

// Skaffold and the like put something before each line.
func TestTheTextLogIsAsWideAsTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	for columns, want := range map[string]int{"80": 80, "": 120} {
		ctx, enough := until(t)
		out := &tape{line: func(line string) {
			if strings.Contains(line, "  httpd #1 ") {
				enough()
			}
		}}
		var errs bytes.Buffer
		if code := run(ctx, answering(t, "127.0.0.1:0", nil), environ("COLUMNS="+columns), out, &errs); code != exitOK {
			t.Fatalf("exit status %d: %s", code, &errs)
		}
		heading, _, _ := strings.Cut(out.all.String(), "\n\n")
		longest := 0
		for line := range strings.Lines(heading) {
			longest = max(longest, len(line)-len("\n"))
		}
		if longest > want || longest < want-15 {
			t.Errorf("COLUMNS=%q: the longest line has %d columns, want about %d:\n%s", columns, longest, want, heading)
		}
	}
}

// golden compares with a file that a person has read.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant (go test ./cmd/prober -update, if that is right):\n%s", name, got, want)
	}
}
