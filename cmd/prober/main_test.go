package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"callbyname/internal/cli"
)

var update = flag.Bool("update", false, "rewrite testdata/usage.txt")

// asProber makes the test binary the program itself, so that main is tested too.
const asProber = "TEST_RUNS_AS_PROBER"

func TestMain(m *testing.M) {
	if os.Getenv(asProber) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// environ is an environment of NAME=value pairs. Unless one of them says where, no page is served, since tests run side by side.
func environ(pairs ...string) func(string) (string, bool) {
	pairs = append(pairs, noPage)
	return func(name string) (string, bool) {
		i := slices.IndexFunc(pairs, func(p string) bool { return strings.HasPrefix(p, name+"=") })
		if i < 0 {
			return "", false
		}
		return pairs[i][len(name)+1:], true
	}
}

const noPage = "PROBER_LISTEN="

// file is a configuration in a directory that the test then works in.
func file(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("prober.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUsage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"--help"}, environ(), &stdout, &stderr); code != exitOK || stderr.Len() > 0 {
		t.Errorf("exit status %d, %s", code, &stderr)
	}
	golden := filepath.Join("testdata", "usage.txt")
	if *update {
		if err := os.WriteFile(golden, stdout.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); got != string(want) {
		t.Errorf("got:\n%s\nwant (go test ./cmd/prober -update, if that is right):\n%s", got, want)
	}
}

func TestWhatIsSaidAndTheExitStatus(t *testing.T) {
	const config = `
interval: 2s
targets: [{name: httpd, url: http://apache.localcluster}]
`
	described := func(settings, targets string) string {
		return "the configuration is valid\n" + settings + ", never repin, DNS by /etc/resolv.conf\n" + targets
	}
	const httpd = `target httpd: GET http://apache.localcluster, success is 200-399
  ip   the IP of the first pod that a name leads to
  dns  apache.localcluster:80, resolved for each probe
`
	for _, tt := range []struct {
		name           string
		args, env      []string
		code           int
		stdout, stderr string
	}{
		{name: "nothing", code: exitUsage,
			stderr: "no target; the simplest use is: prober --target httpd=http://apache.localcluster\n"},
		{name: "a target", args: []string{"--target", "httpd=http://apache.localcluster", "--check-config"},
			stdout: described("every 1s, timeout 900ms, settle 30s", httpd)},
		{name: "a target from the environment", env: []string{"PROBER_TARGET=httpd=http://apache.localcluster", "PROBER_CHECK_CONFIG=true"},
			stdout: described("every 1s, timeout 900ms, settle 30s", httpd)},
		{name: "two targets from the environment", args: []string{"--check-config"},
			env: []string{"PROBER_TARGET=httpd=http://apache.localcluster  b=http://b.ns,ip=10.0.0.1"},
			stdout: described("every 1s, timeout 900ms, settle 30s", httpd+`target b: GET http://b.ns, success is 200-399
  ip   10.0.0.1:80 whatever happens
  dns  b.ns:80, resolved for each probe
`)},
		{name: "a file", args: []string{"--config", "prober.yaml", "--check-config"},
			stdout: described("every 2s, timeout 900ms, settle 30s", httpd)},
		{name: "the environment over the file", args: []string{"--config", "prober.yaml", "--check-config"},
			env:    []string{"PROBER_INTERVAL=3s"},
			stdout: described("every 3s, timeout 900ms, settle 30s", httpd)},
		{name: "a flag over the environment, though it is the default", args: []string{"--config=prober.yaml", "--check-config", "--interval=1s"},
			env:    []string{"PROBER_INTERVAL=3s"},
			stdout: described("every 1s, timeout 900ms, settle 30s", httpd)},
		{name: "a flag hides what is wrong in the environment", args: []string{"--config=prober.yaml", "--check-config", "--interval=1s"},
			env:    []string{"PROBER_INTERVAL=x"},
			stdout: described("every 1s, timeout 900ms, settle 30s", httpd)},
		{name: "settling is raised", args: []string{"--config=prober.yaml", "--check-config", "--settle=1s"},
			stdout: described("every 2s, timeout 900ms, settle 4s (raised from 1s: at least the longest cache and two intervals)", httpd)},
		{name: "a wrong variable is named", env: []string{"PROBER_INTERVAL=x", "PROBER_TARGET=a=http://a.ns b=ftp://b.ns", "PROBER_NAMESERVER=10.0.0.1 ns"}, code: exitUsage,
			stderr: `PROBER_TARGET "b=ftp://b.ns": url "ftp://b.ns" has the scheme ftp; only http and https can be probed
PROBER_INTERVAL: "x" is not a duration; write it like 1s or 500ms
PROBER_NAMESERVER: "ns" is not an IP address; write it like 10.96.0.10 or [fd00::a]:53
`},
		{name: "an empty variable is a value", env: []string{"PROBER_TARGET="}, code: exitUsage,
			stderr: `PROBER_TARGET "": url "" does not begin with http://; write it like http://apache.localcluster` + "\n"},
		{name: "a flag is not split", args: []string{"--target", "a=http://a.ns b=http://b.ns"}, code: exitUsage,
			stderr: `--target "a=http://a.ns b=http://b.ns": url "http://a.ns b=http://b.ns" holds a blank or a character outside ASCII at byte 12; ` +
				"percent-encode it, or in a host write punycode\n"},
		{name: "unknown flag", args: []string{"--targets", "a"}, code: exitUsage,
			stderr: "prober: unknown flag: --targets; prober --help shows what there is\n"},
		{name: "argument", args: []string{"http://a.ns"}, code: exitUsage,
			stderr: `prober: argument "http://a.ns" belongs to no flag; a target is given as --target NAME=URL; prober --help shows what there is` + "\n"},
		{name: "an empty file name", args: []string{"--target=http://a.ns", "--config="}, code: exitUsage,
			stderr: "prober: --config is empty, and the name of a file belongs there; prober --help shows what there is\n"},
		{name: "log format", args: []string{"--log-format", "xml"}, code: exitUsage,
			stderr: `prober: invalid argument "xml" for "--log-format" flag: must be json or text; prober --help shows what there is` + "\n"},
		{name: "log rounds", env: []string{"PROBER_LOG_ROUNDS=none"}, code: exitUsage,
			stderr: `prober: environment variable PROBER_LOG_ROUNDS="none": invalid argument "none" for "--log-rounds" flag: must be all or changes; ` +
				"prober --help shows what there is\n"},
		{name: "version", args: []string{"--version", "--interval", "x"}, stdout: cli.VersionLine("prober")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file(t, config)
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), tt.args, environ(tt.env...), &stdout, &stderr)
			if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("exit status %d, want %d\nstdout: %q\nwant:   %q\nstderr: %q\nwant:   %q",
					code, tt.code, &stdout, tt.stdout, &stderr, tt.stderr)
			}
		})
	}
}

func TestLogOptionsReachTheProgram(t *testing.T) {
	for _, tt := range []struct {
		name      string
		args, env []string
		format    string
		rounds    string
	}{
		{"default", nil, nil, "text", "all"},
		{"environment", nil, []string{"PROBER_LOG_FORMAT=json", "PROBER_LOG_ROUNDS=changes"}, "json", "changes"},
		{"flags", []string{"--log-format=text", "--log-rounds=all"}, []string{"PROBER_LOG_FORMAT=json", "PROBER_LOG_ROUNDS=changes"}, "text", "all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parse(tt.args, environ(tt.env...))
			if err != nil || o.logFormat != tt.format || o.logRounds != tt.rounds {
				t.Errorf("got %+v, %v", o, err)
			}
		})
	}
}

func TestEveryFlagIsDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(doc), "\n")
	var o options
	o.flags().VisitAll(func(f *pflag.Flag) {
		row := slices.IndexFunc(rows, func(r string) bool { return strings.HasPrefix(r, "| `--"+f.Name) })
		switch {
		case row < 0:
			t.Errorf("--%s has no row in docs/config.md", f.Name)
		case f.Name == "version":
		case !strings.Contains(rows[row], "`"+cli.EnvName(prefix, f.Name)+"`"),
			f.DefValue != "" && !strings.Contains(rows[row], "`"+f.DefValue+"`"):
			t.Errorf("--%s: %q lacks the variable or the default %q", f.Name, rows[row], f.DefValue)
		}
	})
}

func TestTheProcessTakesArgumentsEnvironmentAndStreams(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name           string
		args, env      []string
		code           int
		stdout, stderr string
	}{
		{"version", []string{"--version"}, nil, exitOK, "prober ", ""},
		{"valid", []string{"--check-config"}, []string{"PROBER_TARGET=a=http://a.ns"}, exitOK, "the configuration is valid\n", ""},
		{"not valid", nil, []string{"PROBER_TARGET=a=http://a.ns", "PROBER_TIMEOUT=1s"}, exitUsage, "", "PROBER_TIMEOUT: timeout 1s is not below"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := exec.CommandContext(t.Context(), self, tt.args...)
			c.Env = append(tt.env, asProber+"=1", noPage, "GOCOVERDIR="+t.TempDir())
			var stdout, stderr bytes.Buffer
			c.Stdout, c.Stderr = &stdout, &stderr
			if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			if code := c.ProcessState.ExitCode(); code != tt.code || !strings.HasPrefix(stdout.String(), tt.stdout) ||
				!strings.HasPrefix(stderr.String(), tt.stderr) || (tt.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("exit status %d, want %d\nstdout: %s\nstderr: %s", code, tt.code, &stdout, &stderr)
			}
		})
	}
}
