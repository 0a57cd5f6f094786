package config

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// nobody is a resolver that is never asked: a client is only made here.
type nobody struct{}

func (nobody) Lookup(context.Context, string, resolve.Family) (resolve.Answer, error) {
	return resolve.Answer{}, errors.New("nobody is asked")
}

// keepsItsPromises fails unless settings can work as they are, or the problems say where each one is.
func keepsItsPromises(t *testing.T, s Settings, err error, where *regexp.Regexp) {
	t.Helper()
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !where.MatchString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q names no place or is not printable", line)
			}
		}
		return
	}
	if s.Timeout < MinTimeout || s.Timeout >= s.Interval || s.Interval > MaxDuration || s.RepinAfter < 0 || s.EffectiveSettle() < 2*s.Interval {
		t.Errorf("durations do not fit: %+v", s)
	}
	if len(s.Targets) == 0 {
		t.Error("no target")
	}
	names := map[string]bool{}
	for _, target := range s.Targets {
		if names[target.Name] || target.Name == "" {
			t.Errorf("name %q", target.Name)
		}
		names[target.Name] = true
		if target.Pin.IsValid() && target.Pin.Port() == 0 {
			t.Errorf("pin %v", target.Pin)
		}
		works(t, target)
	}
	if text := strings.ReplaceAll(s.Describe(), "\n", ""); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q is not printable", text)
	}
}

// works asks package probe, which makes the request, and looks for a way to every pin.
func works(t *testing.T, target probe.Target) {
	t.Helper()
	names := map[string]bool{}
	pinned, byName := false, false
	for _, a := range target.Approaches {
		if names[a.Name] || a.Name == "" {
			t.Errorf("approach name %q", a.Name)
		}
		names[a.Name] = true
		if a.Pinned() {
			pinned = true
			if a.Cache != 0 || a.Headless {
				t.Errorf("%+v", a)
			}
		} else if dnsName(a.Host) {
			byName = true
		}
		if _, err := probe.NewClient(&target, &a, &probe.Options{Resolver: nobody{}, Timeout: 1}); err != nil {
			t.Error(err)
		}
	}
	if len(names) == 0 || pinned && !byName && !target.Pin.IsValid() {
		t.Errorf("target %q never gets anywhere: %+v", target.Name, target.Approaches)
	}
	for name := range target.Header {
		if name != http.CanonicalHeaderKey(name) {
			t.Errorf("header %q", name)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(example(f)))
	f.Add([]byte("targets: [{name: a, url: http://a, ip: '[fd00::1]:1', headers: {a: b}, statuses: [1-2]}]"))
	f.Add([]byte("interval: 1x\nbla: {}\n\t- a"))
	f.Add([]byte("targets:\n- &a\n  name: a\n  url: http://1.2.3.4\n  approaches: [ip, {name: b, address: pin, host: literal}]\n- *a\n---\n"))
	f.Add([]byte("a: &a [*a, *b]\n? [c]\n: !!binary d\n<<: *a"))
	f.Add([]byte("\xff\xfe\x00"))
	where := regexp.MustCompile(`^(.+/prober\.yaml:[1-9][0-9]*: .|no target; )`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(dir, "prober.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(file)
		keepsItsPromises(t, s, err, where)
	})
}

func FuzzTargetFlag(f *testing.F) {
	for _, s := range []string{
		"httpd=http://apache.localcluster", "httpd=http://apache.localcluster,ip=10.244.0.5:8080", "https://a.ns/?b=c,ip=[fd00::5]",
		"a=http://[fe80::1%25eth0]:80/#x", "=,=,ip=", "a=http://a.ns/%2C?%zz", "http://A%41:1", "a=http://xn--4ca.ns:080",
	} {
		f.Add(s)
	}
	where := regexp.MustCompile(`^--target ".*"(\.\.\.)?: .`)
	f.Fuzz(func(t *testing.T, s string) {
		settings, err := Load("", flag("target", s))
		keepsItsPromises(t, settings, err, where)
	})
}
