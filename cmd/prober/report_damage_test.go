package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

func TestDamageIsSaidAndTheRestIsReported(t *testing.T) {
	s := single(t)
	lines := strings.SplitAfter(strings.TrimSpace(s.log), "\n")
	whole := document(t, s.log)
	last := len(lines)
	for name, tt := range map[string]struct {
		log         string
		lines, skip int
		where       string
		same        bool
		cut         bool
	}{
		"whole": {s.log, last, 0, "[]", true, false},
		"interleaved with other lines": {"I1123 starting\n" + strings.Join(lines[:5], "") + "\n{\"level\":\"info\"}\nGET / 200\n" + strings.Join(lines[5:], ""),
			last + 4, 3, "[{ 1 1 not a record of the prober} { 8 9 not a record of the prober}]", true, false},
		"with kubectl's prefix": {"[pod/prober-x/prober] " + strings.Join(lines, "[pod/prober-x/prober] "), last, 0, "[]", true, false},
		"cut in a line":         {strings.Join(lines[:last-2], "") + lines[last-2][:120], last - 1, 1, fmt.Sprintf("[{ %d %[1]d state: the record is cut off in its middle}]", last-1), false, false},
		"cut at a line's begin": {strings.Join(lines[:last-2], "") + lines[last-2][:20], last - 1, 1, fmt.Sprintf("[{ %d %[1]d the record is cut off in its middle}]", last-1), false, false},
		"a damaged round":       {strings.Join(lines[:7], "") + strings.Replace(lines[7], `"outcome":"`, `"outcome":"x`, 1) + strings.Join(lines[8:], ""), last, 1, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t, tt.log)
			var where []string
			for _, s := range d.Log.Where {
				where = append(where, fmt.Sprintf("{%s %d %d %s}", s.File, s.From, s.To, s.Why))
			}
			if d.Log.Lines != tt.lines || d.Log.Skipped != tt.skip || tt.where != "" && "["+strings.Join(where, " ")+"]" != tt.where {
				t.Errorf("%+v, want %d lines, %d skipped, %s", *d.Log, tt.lines, tt.skip, tt.where)
			}
			if tt.same {
				same(t, name, d, whole)
			} else if got, want := d.Runs[0].Targets[0].Rounds, whole.Runs[0].Targets[0].Rounds; got < want-1 {
				t.Errorf("%d rounds of %d", got, want)
			}
		})
	}
}

func TestOnlyTheFirstSkippedLinesAreNamed(t *testing.T) {
	s := single(t)
	d := document(t, strings.ReplaceAll(s.log, "\n", "\nnoise\n"))
	if n := strings.Count(s.log, "\n"); d.Log.Skipped != n || len(d.Log.Where) != maxSkips {
		t.Errorf("%d skipped of %d, %d named", d.Log.Skipped, n, len(d.Log.Where))
	}
	_, text, _ := reported(t, strings.ReplaceAll(s.log, "\n", "\nnoise\n"))
	if want := fmt.Sprintf("and %d more", d.Log.Skipped-maxSkips); !strings.Contains(text, want) {
		t.Errorf("no %q in %s", want, text)
	}
}

func TestACompressedLogIsReportedAsFarAsItCanBeRead(t *testing.T) {
	s := single(t)
	whole := zipped(t, s.log)
	flipped := func(at int) []byte {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0xff
		return damaged
	}
	for name, log := range map[string][]byte{
		"cut":                whole[:len(whole)*3/4],
		"damaged":            flipped(len(whole) * 3 / 4),
		"another checksum":   flipped(len(whole) - 8), // RFC 1952, 2.3.1: the last eight bytes are that and the size
		"something after it": append(bytes.Clone(whole), "\x00\x00garbage, not gzip"...),
	} {
		d := document(t, "", filepath.Join(files(t, map[string][]byte{"log": log}), "log"))
		if !d.Log.Cut || d.Runs[0].Targets[0].Rounds == 0 {
			t.Errorf("%s: %+v", name, d.Log)
		}
	}
	same(t, "by the standard input", document(t, string(whole)), document(t, s.log))
}

func TestWhatCannotBeReportedIsSaidInALine(t *testing.T) {
	s := single(t)
	var text bytes.Buffer
	log := probelog.NewText(&text, s.run, probelog.TextOptions{})
	log.Start(comparetest.Start)
	round := probe.Round{Target: "httpd", Seq: 1, Wall: comparetest.Start, Results: make([]probe.Result, 5)}
	judged := make([]compare.Judged, 5)
	for i := range judged {
		round.Results[i].Outcome, judged[i].Outcome = probe.OK, probe.OK
	}
	if err := log.Round(round, judged); err != nil {
		t.Fatal(err)
	}
	heading, row, _ := strings.Cut(text.String(), "\n\n")
	lines := strings.SplitAfter(s.log, "\n")
	dir := t.TempDir()
	empty := filepath.Join(files(t, map[string][]byte{"empty": nil}), "empty")
	for name, tt := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"a text log's heading":   {heading + "\n", nil, "this is a log in the text form"},
		"a text log's row":       {row, nil, "prober report --from http://localhost:8080"},
		"a text log of a pod":    {"[pod/prober] " + row, nil, "--log-format json"},
		"nothing":                {"", nil, "the log is empty"},
		"something else":         {"a\nb\n", nil, "no log of a prober: of 2 lines none is a record of prober --log-format json\n"},
		"a part of a line":       {"a\n" + lines[0][:200] + "\nb", nil, "of 3 lines none is a record of prober --log-format json; line 2: start: the record is cut off in its middle\n"},
		"a part of two files":    {lines[0][:200], []string{empty, "-"}, "; -, line 1: start: the record is cut off in its middle\n"},
		"rounds alone":           {lines[1] + lines[5], nil, "no start or state record"},
		"a later schema":         {strings.Replace(lines[0], `"schema":1`, `"schema":2`, 1), nil, "written by a newer prober"},
		"no such file":           {"", []string{filepath.Join(dir, "none")}, "no such file or directory"},
		"no such file of two":    {"", []string{filepath.Join(dir, "none"), "-"}, "no such file or directory"},
		"a directory":            {"", []string{dir}, "is a directory"},
		"a flag":                 {s.log, []string{"--since", "1h"}, "unknown flag: --since"},
		"a form":                 {s.log, []string{"-o", "yaml"}, "must be text or markdown or json"},
		"a condition":            {s.log, []string{"--fail-on", "slow"}, `--fail-on "slow": must be one of broken, misrouted`},
		"an approach":            {s.log, []string{"--fail-on", "dsn:broken"}, `there is no approach "dsn"; there are cached, dns, headless, ip, keepalive`},
		"a log and a prober":     {"", []string{"--from", "http://localhost:1", "log"}, "one of the two"},
		"no URL":                 {"", []string{"--from", ""}, "--from is empty"},
		"something that is none": {"", []string{"--from", "localhost:8080"}, `--from "localhost:8080": must be the URL of a prober`},
		"a damaged gzip":         {"\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", nil, "gzip: invalid header"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := reported(t, tt.stdin, tt.args...)
			if code != reportBad || !strings.HasPrefix(stderr, "prober report: ") || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit status %d, %q, want %q", code, stderr, tt.want)
			}
		})
	}
}

// A log may hold anything, a record that is well written and yet of no use too.
func TestARecordThatCannotBeFollowedIsSkipped(t *testing.T) {
	s := single(t)
	lines := strings.SplitAfter(s.log, "\n")
	state := lines[slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, `"record":"state"`) })]
	short := regexp.MustCompile(`("config":\{.*?"approaches":\[)\{"name":"ip"\},`).ReplaceAllString(state, "$1")
	if short == state {
		t.Fatalf("no approach to leave out in %s", state)
	}
	alone := document(t, short)
	if len(alone.Runs) != 1 || alone.Log.Skipped != 1 || alone.Runs[0].Targets[0].Rounds != 0 {
		t.Errorf("%d runs, %+v", len(alone.Runs), alone.Log)
	}
	before := document(t, short+s.log)
	if before.Log.Skipped == 0 || before.Runs[0].ID != s.run.ID {
		t.Errorf("%+v of %+v", before.Log, before.Runs)
	}
}
