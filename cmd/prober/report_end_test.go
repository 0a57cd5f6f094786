package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

// interrupted runs prober report on a log that goes on, and interrupts it once it has read all but the last line of begin.
func interrupted(t *testing.T, begin, rest string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	in, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.WriteString(w, begin)
		io.WriteString(w, " ") // who takes this has dealt with the lines before
		interrupt()
		io.WriteString(w, "\n"+rest) // of these the first
	}()
	var out, errs bytes.Buffer
	code = runReport(ctx, args, environ(), in, &out, &errs)
	in.Close()
	<-done
	return code, out.String(), errs.String()
}

func TestWhatWasReadBeforeAnInterruptIsReported(t *testing.T) {
	lines := strings.SplitAfter(single(t).log, "\n")
	code, out, stderr := interrupted(t, strings.Join(lines[:9], ""), strings.Join(lines[9:], ""), "-o", "json")
	want := fmt.Sprintf(`"rounds": %d,`, strings.Count(strings.Join(lines[:10], ""), `"record":"round"`))
	if code != reportOK || !strings.Contains(stderr, "interrupted") || !strings.Contains(out, want) {
		t.Errorf("exit status %d, %s; no %s in %s", code, stderr, want, out)
	}
}

func TestALogThatWasNotReadToItsEndMeetsNoConditionOnlySoFar(t *testing.T) {
	s := single(t)
	lines := strings.SplitAfter(s.log, "\n")
	const so = "prober report: --fail-on: nothing is met so far, but the log was not read to its end\n"
	broke := 1 + len(strings.Split(s.log[:strings.Index(s.log, `"event":"broke"`)], "\n"))
	for _, tt := range []struct {
		read int
		code int
		want string
	}{
		{6, reportPart, so},
		{broke + 3, reportMet, "--fail-on ip:lost>0: httpd: ip lost "},
	} {
		code, out, stderr := interrupted(t, strings.Join(lines[:tt.read], ""), strings.Join(lines[tt.read:], ""), "--fail-on", "ip:lost>0")
		if code != tt.code || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, "interrupted") || !strings.Contains(out, "apache.localcluster") {
			t.Errorf("after %d lines: exit status %d, %s", tt.read, code, stderr)
		}
	}
	whole := zipped(t, s.log)
	gz := filepath.Join(files(t, map[string][]byte{"gz": whole[:len(whole)*3/4]}), "gz")
	for condition, want := range map[string]int{"misrouted": reportPart, "dns:lost>0": reportMet} {
		code, _, stderr := reported(t, "", gz, "--fail-on", condition)
		if code != want || strings.HasSuffix(stderr, so) != (want == reportPart) {
			t.Errorf("a stream that was cut, %s: exit status %d, want %d, %s", condition, code, want, stderr)
		}
	}
}

// A prober that is killed has no time for a last word; the next one, in the same container's log, goes on where it was.
func TestTheLogOfProbersThatWereKilledIsReported(t *testing.T) {
	t.Parallel()
	flags := answering(t, "127.0.0.1:0", nil)
	name := filepath.Join(t.TempDir(), "0.log")
	log, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	read, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	const kills = 5
	written := bufio.NewReader(read)
	for range kills {
		c := self(t, append(flags, "--interval=20ms", "--timeout=15ms", "--log-format=json")...)
		c.Stdout = log
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for left := 5 + rand.IntN(40); left > 0; {
			switch _, err := written.ReadString('\n'); err {
			case nil:
				left--
			case io.EOF:
				time.Sleep(time.Millisecond)
			default:
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.Wait()                     // it was killed
		io.Copy(io.Discard, written) // what it still wrote is not the next one's
	}
	all, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	type line struct{ Run, Record string }
	rounds, runs := map[string]int{}, []string{}
	for l := range bytes.Lines(all) {
		var rec line
		if json.Unmarshal(l, &rec) != nil {
			continue // the last one of a run, if it was cut
		}
		switch rec.Record {
		case "start":
			runs = append(runs, rec.Run)
		case "round":
			rounds[rec.Run]++
		}
	}
	d := document(t, "", name)
	if len(d.Runs) != kills || len(runs) > kills || d.Log.Skipped > kills || len(d.Together) != 1 {
		t.Fatalf("%d runs of %d, %+v, %d together", len(d.Runs), kills, *d.Log, len(d.Together))
	}
	for i, run := range d.Runs {
		if len(runs) == kills && run.ID != runs[i] {
			t.Errorf("run %d is %s, not %s", i, run.ID, runs[i])
		}
		got := int(run.Targets[0].Rounds)
		if got < rounds[run.ID] || got > rounds[run.ID]+1 || run.Unfollowed > 0 || !run.Stopped.IsZero() || run.Started.IsZero() {
			t.Errorf("%d rounds of run %s, whose log has %d: %+v", got, run.ID, rounds[run.ID], run)
		}
	}
}

func TestARunThatGoesOnInTheLineOfOneThatWasKilledIsReported(t *testing.T) {
	s := single(t)
	next := tell(t, comparetest.Named("a container restarts in place"), "storyrun34", probelog.All)
	lines := strings.SplitAfter(s.log, "\n")
	for _, cut := range []int{1, 20, 200} {
		log := strings.Join(lines[:len(lines)-4], "") + lines[len(lines)-4][:cut] + next.log
		d := document(t, log)
		if len(d.Runs) != 2 || d.Log.Skipped != 1 || !strings.Contains(d.Log.Where[0].Why, "the record is cut off in its middle") && cut > 20 {
			t.Fatalf("cut after %d bytes: %d runs, %+v", cut, len(d.Runs), *d.Log)
		}
		d.Runs = d.Runs[1:]
		d.Together = nil
		same(t, fmt.Sprintf("after a line of %d bytes", cut), d, next.live)
	}
}

func TestANodesOwnFilesAreReported(t *testing.T) {
	s := single(t)
	var b strings.Builder
	for line := range strings.Lines(s.log) {
		for len(line) > 500 {
			b.WriteString("2026-03-14T09:00:00.123456789Z stdout P " + line[:500] + "\n")
			line = line[500:]
		}
		b.WriteString("2026-03-14T09:00:00.123456789Z stdout F " + line)
	}
	d := document(t, b.String())
	same(t, "split lines", d, document(t, s.log))
	if d.Log.Skipped > 0 || d.Log.Lines <= strings.Count(s.log, "\n") {
		t.Errorf("%+v", *d.Log)
	}
}
