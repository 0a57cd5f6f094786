package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheImageGolangTakesTheMachinesWaysToModulesAlong(t *testing.T) {
	b := golangBuilder(t, nil)
	dir := t.TempDir()
	if _, err := b.system(dir); err != nil {
		t.Fatal(err)
	}
	env := string(read(t, filepath.Join(dir, "usr/local/go/go.env")))
	for _, want := range []string{"GOPROXY=https://proxy.invalid\n", "GOSUMDB=off\n", "GOTOOLCHAIN=local\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("no %q in %q", want, env)
		}
	}
	if roots := read(t, filepath.Join(dir, "etc/ssl/certs/ca-certificates.crt")); string(roots) != "roots" {
		t.Errorf("CA roots %q", roots)
	}
}

func TestTheImageGolangIsMadeAnewWhenWhatItIsMadeOfChanges(t *testing.T) {
	key := func(changed map[string]string) string {
		t.Helper()
		key, err := golangBuilder(t, changed).system(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	before := key(nil)
	if again := key(nil); again != before {
		t.Errorf("%s, then %s, of the same", before, again)
	}
	for _, name := range []string{"GOVERSION", "GOROOT", "GOPROXY", "shell", "roots"} {
		if key(map[string]string{name: "another"}) == before {
			t.Errorf("another %s, and the same key", name)
		}
	}
}

// golangBuilder has a shell, CA roots and settings of Go that are as said, unless changed.
func golangBuilder(t *testing.T, changed map[string]string) *builder {
	t.Helper()
	values := map[string]string{"GOVERSION": "go1.26.0", "GOROOT": "/usr/local/go", "GOPROXY": "https://proxy.invalid",
		"GOSUMDB": "off", "shell": "shell", "roots": "roots"}
	maps.Copy(values, changed)
	dir := t.TempDir()
	for _, name := range []string{"shell", "roots"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(values[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SSL_CERT_FILE", filepath.Join(dir, "roots"))
	return &builder{busybox: filepath.Join(dir, "shell"), goEnv: values}
}
