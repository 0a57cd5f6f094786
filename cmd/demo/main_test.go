package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbyname/internal/cli"
	"callbyname/internal/lab"
)

var update = flag.Bool("update", false, "rewrite testdata")

// asDemo makes the test binary the program itself, so that main is tested too.
const asDemo = "TEST_RUNS_AS_DEMO"

func TestMain(m *testing.M) {
	if os.Getenv(asDemo) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// self is the command that runs the test binary as the demo.
func self(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), name, args...)
	c.Env = []string{asDemo + "=1", "GOCOVERDIR=" + t.TempDir()}
	return c
}

func environ(string) (string, bool) { return "", false }

// show runs the demo within this process, with a stdin that has ended.
func show(ctx context.Context, on stage, args ...string) (out string, code int, stderr string) {
	var stdout, errs bytes.Buffer
	code = run(ctx, args, environ, strings.NewReader(""), &stdout, &errs, on)
	return stdout.String(), code, errs.String()
}

// inOrder reports the first of some texts that does not come after the ones before.
func inOrder(s string, texts ...string) (missing string) {
	for _, text := range texts {
		_, rest, ok := strings.Cut(s, text)
		if !ok {
			return text
		}
		s = rest
	}
	return ""
}

// chapters are what the demo says of its own accord and the events that it rests on, in their order.
var chapters = []string{
	"\n(1) One pod runs", "the IP to call is 127.0.0.2:", "\n    => The name leads to pod-httpd, and 127.0.0.2 is its number.",
	"\n(2) The container", "pod-httpd restarted in place", "\n    => pod-httpd answers from the same number, 127.0.0.2,",
	"\n(3) The pod is deleted", "pod recreated: pod-httpd 127.0.0.2 -> 127.0.0.3", "what recreation 1 did:",
	"\n    => ip is broken:", "\n       dns came back after", "\n       cached came back", "\n       keepalive came back",
	"\n(4) The old number", "now it is misrouted", "\n    => ip gets answers again", "they come from stranger",
	"stopped (the story is over)", "1 MISROUTED", "1 recovered",
}

func TestTheStoryIsToldToItsEnd(t *testing.T) {
	t.Parallel()
	out, code, stderr := show(t.Context(), stage{}, "--interval=200ms")
	if missing := inOrder(out, chapters...); code != exitOK || stderr != "" || missing != "" {
		t.Errorf("exit status %d, %q, lacks %q:\n%s", code, stderr, missing, out)
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colour without a terminal")
	}
	said := regexp.MustCompile(`(?m)^(\(\d\)|    =>).*(\n {4,7}\S.*)*`).FindAllString(out, -1)
	if len(said) != 8 {
		t.Errorf("%d sentences of the story's own: %q", len(said), said)
	}
	for _, text := range said {
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > plainWidth {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
	}
}

func TestWithoutARecreationTheDemoSaysThatTheLessonDidNotOccur(t *testing.T) {
	t.Parallel()
	out, code, stderr := show(t.Context(), stage{lab: lab.Options{NeverRecreate: true}}, "--interval=100ms")
	missing := inOrder(out, "(3) The pod is deleted", "=> The lesson did not occur: no pod was recreated",
		"stopped (the lesson did not occur)", "No recreation was seen")
	if code != exitFailed || stderr != "" || missing != "" || strings.Contains(out, "(4)") {
		t.Errorf("exit status %d, %q, lacks %q:\n%s", code, stderr, missing, out)
	}
}

// listening calls heard with each text that is written: a row, an event, or a paragraph of the story's own.
type listening struct {
	all   bytes.Buffer
	heard func(text string)
}

func (l *listening) Write(p []byte) (int, error) {
	l.heard(string(p))
	return l.all.Write(p)
}

func TestAnInterruptedDemoStillCompares(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancelCause(t.Context())
	var interrupted time.Time
	out := &listening{heard: func(text string) {
		if interrupted.IsZero() && strings.Contains(text, "CONNECT_TIMEOUT") { // in the middle of the recreation
			interrupted = time.Now()
			interrupt(errors.New("SIGINT"))
		}
	}}
	var stderr bytes.Buffer
	code := run(ctx, []string{"--interval=200ms"}, environ, strings.NewReader(""), out, &stderr, stage{})
	took := time.Since(interrupted)
	if code != exitFailed || stderr.Len() > 0 || took > 2*time.Second {
		t.Errorf("exit status %d after %v, %s", code, took, &stderr)
	}
	if missing := inOrder(out.all.String(), "stopped (SIGINT)", "approach", "keepalive"); missing != "" {
		t.Errorf("lacks %q:\n%s", missing, &out.all)
	}
}

func TestEachStepWaitsForEnter(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stdin, enter := io.Pipe()
	var stderr bytes.Buffer
	var prompts, pressed, steps, rows int
	out := &listening{heard: func(text string) {
		switch {
		case strings.Contains(text, "Press Enter"):
			prompts++
			rows = 0
		case strings.HasPrefix(strings.TrimSpace(text), "("):
			if steps++; steps != pressed+1 {
				t.Errorf("step %d after Enter was pressed %d times", steps, pressed)
			}
		case strings.Contains(text, "  httpd #"):
			if rows++; rows == 3 && prompts > pressed {
				pressed++
				enter.Write([]byte("\n"))
			}
		}
	}}
	code := run(ctx, []string{"--interval=100ms", "--wait"}, environ, stdin, out, &stderr, stage{})
	enter.Close()
	if missing := inOrder(out.all.String(), chapters...); code != exitOK || stderr.Len() > 0 || missing != "" || prompts != 3 {
		t.Errorf("exit status %d, %q, %d prompts, lacks %q:\n%s", code, &stderr, prompts, missing, &out.all)
	}
}

func TestUsage(t *testing.T) {
	out, code, stderr := show(t.Context(), stage{}, "--help")
	golden := filepath.Join("testdata", "usage.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out != string(want) || code != exitOK || stderr != "" {
		t.Errorf("exit status %d, %q, got:\n%s\nwant (go test ./cmd/demo -update, if that is right):\n%s", code, stderr, out, want)
	}
}

func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"version", []string{"--version"}, exitOK, cli.VersionLine("demo"), ""},
		{"too fast", []string{"--interval=99ms"}, exitUsage, "", "demo: --interval 99ms: must be from 100ms to 1m; demo --help shows what there is\n"},
		{"too slow", []string{"--interval=61s"}, exitUsage, "", "demo: --interval 1m1s: must be from 100ms to 1m; demo --help shows what there is\n"},
		{"no duration", []string{"--interval=fast"}, exitUsage, "", `demo: invalid argument "fast" for "--interval" flag: ` +
			`must be a duration like "30s" or "5m"; demo --help shows what there is` + "\n"},
		{"unknown", []string{"--fast"}, exitUsage, "", "demo: unknown flag: --fast; demo --help shows what there is\n"},
		{"argument", []string{"fast"}, exitUsage, "", `demo: argument "fast" belongs to no flag; demo --help shows what there is` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, code, stderr := show(t.Context(), stage{}, tt.args...)
			if code != tt.code || out != tt.stdout || stderr != tt.stderr {
				t.Errorf("exit status %d, %q, %q", code, out, stderr)
			}
		})
	}
}

// An audience that sees it beside something else, or with something before each line, gets whole lines too.
func TestTheStoryIsAsWideAsTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancelCause(t.Context())
	out := &listening{heard: func(text string) {
		if strings.Contains(text, "  httpd #1 ") {
			interrupt(errors.New("SIGINT"))
		}
	}}
	narrow := func(name string) (string, bool) { return "80", name == "COLUMNS" }
	run(ctx, []string{"--interval=100ms", "--listen="}, narrow, strings.NewReader(""), out, io.Discard, stage{})
	heading, _, _ := strings.Cut(out.all.String(), "  httpd #1 ")
	longest := 0
	for line := range strings.Lines(heading) {
		longest = max(longest, len(line)-len("\n"))
	}
	if longest > 80 || longest < 70 || !strings.Contains(heading, "(1)") {
		t.Errorf("the longest line has %d columns:\n%s", longest, heading)
	}
}
