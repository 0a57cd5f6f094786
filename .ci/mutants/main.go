// Command mutants checks the tests: it breaks the code in ways that would make the product lie, one at a time, and each
// time the test that guards against it must fail. Run it from the top of the repository; nothing in the tree is touched
// (go test -overlay).
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mutant is one lie and the test that must catch it.
type mutant struct {
	name     string
	file     string // whose old, which stands there once, becomes new
	old, new string
	test     string // in the file's package
}

// patience is how long one test may take; a mutant that makes it hang is caught, too.
const patience = 2 * time.Minute

func main() {
	caught, missed := 0, 0
	for _, m := range slices.Concat(comparing, probing, telling, serving) {
		if err := m.try(); err != nil {
			missed++
			fmt.Printf("MISSED  %s: %v\n", m.name, err)
			continue
		}
		caught++
		fmt.Printf("caught  %s, by %s\n", m.name, m.test)
	}
	fmt.Printf("%d mutants caught, %d missed\n", caught, missed)
	if missed > 0 {
		os.Exit(1)
	}
}

// try returns nil if the mutant's test fails.
func (m mutant) try() error {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	if n := bytes.Count(source, []byte(m.old)); n != 1 {
		return fmt.Errorf("%s has %d places that read %q, and one is needed", m.file, n, m.old)
	}
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, bytes.Replace(source, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		return err
	}
	here, err := filepath.Abs(m.file)
	if err != nil {
		return err
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{here: changed}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-overlay", overlay, "-run", "^"+m.test+"$", "./"+filepath.Dir(m.file))
	test.WaitDelay = 10 * time.Second // for what a killed test leaves behind
	out, err := test.CombinedOutput()
	switch {
	case ctx.Err() != nil, strings.Contains(string(out), "--- FAIL: "+m.test):
		return nil
	case err != nil:
		return fmt.Errorf("the mutant was not tested: %w\n%s", err, out)
	case strings.Contains(string(out), "no tests to run"):
		return fmt.Errorf("there is no %s in %s", m.test, filepath.Dir(m.file))
	}
	return fmt.Errorf("%s passes", m.test)
}
