package cli

import (
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asSignalled) != "" {
		untilKilled()
		return
	}
	goleak.VerifyTestMain(m)
}

func flags() (*pflag.FlagSet, *time.Duration, *string) {
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	format := "json"
	delay := fs.Duration("drain-delay", 5*time.Second, "how long")
	fs.Var(LogFormat(&format), "log-format", "how to log")
	fs.Bool("version", false, "print the version")
	return fs, delay, &format
}

func environ(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

func TestAFlagWinsOverTheEnvironmentEvenWithItsDefault(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string
		env    []string
		delay  time.Duration
		format string
	}{
		{"neither", nil, nil, 5 * time.Second, "json"},
		{"the environment", nil, []string{"X_DRAIN_DELAY=7s", "X_LOG_FORMAT=text"}, 7 * time.Second, "text"},
		{"a flag", []string{"--drain-delay=8s"}, []string{"X_DRAIN_DELAY=7s"}, 8 * time.Second, "json"},
		{"a flag with its default", []string{"--drain-delay=5s"}, []string{"X_DRAIN_DELAY=7s"}, 5 * time.Second, "json"},
		{"a bad value that a flag hides", []string{"--drain-delay=5s"}, []string{"X_DRAIN_DELAY=soon"}, 5 * time.Second, "json"},
		{"another prefix", nil, []string{"Y_DRAIN_DELAY=7s", "DRAIN_DELAY=7s"}, 5 * time.Second, "json"},
		{"a version that is none of ours", nil, []string{"X_VERSION=2.4.62"}, 5 * time.Second, "json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs, delay, format := flags()
			if err := Parse(fs, "X_", tt.args, environ(tt.env...)); err != nil || *delay != tt.delay || *format != tt.format {
				t.Errorf("got %v, %v, %v", *delay, *format, err)
			}
		})
	}
}

func TestABadValueNamesWhereItCameFrom(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		env  []string
		want []string
	}{
		{"flag", []string{"--drain-delay=soon"}, nil, []string{`"soon"`, "--drain-delay"}},
		{"variable", nil, []string{"X_DRAIN_DELAY=soon"}, []string{`X_DRAIN_DELAY="soon"`, "--drain-delay"}},
		{"empty variable", nil, []string{"X_DRAIN_DELAY="}, []string{`X_DRAIN_DELAY=""`}},
		{"choice", []string{"--log-format=xml"}, nil, []string{`"xml"`, "--log-format", "must be json or text"}},
		{"unknown flag", []string{"--drian"}, nil, []string{"--drian"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs, _, _ := flags()
			err := Parse(fs, "X_", tt.args, environ(tt.env...))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%q lacks %q, or is more than a line", err, want)
				}
			}
		})
	}
	fs, _, _ := flags()
	if err := Parse(fs, "X_", []string{"--help"}, environ()); !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

func TestUsageNamesFlagsDefaultsAndTheEnvironment(t *testing.T) {
	fs, _, _ := flags()
	const want = `Usage: test [flags]

Flags:
      --drain-delay duration   how long (default 5s)
      --log-format json|text   how to log (default json)
      --version[=true|false]   print the version

Each flag but --help and --version can be set by an environment variable as well: --drain-delay is X_DRAIN_DELAY.
A flag on the command line wins.
`
	if got := Usage(fs, "X_", "Usage: test [flags]\n", "drain-delay"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestTheVersionIsWhatTheBuildKnows(t *testing.T) {
	setting := func(k, v string) debug.BuildSetting { return debug.BuildSetting{Key: k, Value: v} }
	for _, tt := range []struct {
		want string
		info debug.BuildInfo
	}{
		{"v1.2.3", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}},
		{"devel", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}},
		{"devel-0123456789ab+dirty", debug.BuildInfo{Settings: []debug.BuildSetting{
			setting("vcs.revision", "0123456789abcdef"), setting("vcs.modified", "true")}}},
	} {
		if got := sourceVersion(&tt.info); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if line := VersionLine("httpd"); !strings.HasPrefix(line, "httpd "+Version()+" (go") || !strings.HasSuffix(line, ")\n") {
		t.Errorf("got %q", line)
	}
}
