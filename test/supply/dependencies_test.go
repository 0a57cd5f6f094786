// Package supply holds what docs/dependencies.md says of where the programs come from against what is so. It has tests only.
package supply

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

func TestEachDirectDependencyIsInTheDocumentAndNoOther(t *testing.T) {
	asked := map[string][]string{} // module: the folders whose go.mod asks for it
	for _, folder := range modules(t) {
		for _, module := range direct(t, folder) {
			asked[module] = append(asked[module], folder)
		}
	}
	told := map[string][]string{}
	for _, row := range rows(t, "Of the programs", "Of the tests") {
		if len(row) != 5 || slices.Contains(row, "") {
			t.Errorf("docs/dependencies.md: the row %q has an empty cell, or not five", row)
			continue
		}
		told[names(row[0])[0]] = names(row[1])
	}
	compare(t, asked, told)
}

func TestEachDebianPackageIsInTheDocumentAndNoOther(t *testing.T) {
	list := regexp.MustCompile(`(?ms)^packages=\(\n(.*?)^\)`).FindSubmatch(read(t, ".ci/run"))
	if list == nil {
		t.Fatal(".ci/run has no list of packages")
	}
	installed, told := map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(string(list[1])) {
		line, _, _ = strings.Cut(line, "#")
		for _, name := range strings.Fields(line) {
			installed[name] = nil
		}
	}
	for _, row := range rows(t, "Debian packages") {
		for _, name := range names(row[0]) {
			told[name] = nil
		}
	}
	compare(t, installed, told)
}

func TestEachToolIsInTheDocumentAndNoOther(t *testing.T) {
	run, told := map[string][]string{}, map[string][]string{}
	for _, tool := range regexp.MustCompile(`go run ([^\s@]+)@`).FindAllSubmatch(read(t, ".ci/run"), -1) {
		run[string(tool[1])] = nil
	}
	for _, row := range rows(t, "Tools") {
		told[names(row[0])[0]] = nil
	}
	compare(t, run, told)
}

// The page embeds what it shows; a package.json anywhere would be a dependency that this document says nothing of.
func TestThereIsNoNpmPackage(t *testing.T) {
	walk(t, func(path string) {
		if name := filepath.Base(path); name == "package.json" || name == "package-lock.json" {
			t.Errorf("%s: docs/dependencies.md says that there is none", path)
		}
	})
}

// compare tells what only one of two has, and where both name other places.
func compare(t *testing.T, got, told map[string][]string) {
	t.Helper()
	if len(got) == 0 {
		t.Error("nothing was found")
	}
	for name, where := range got {
		said, ok := told[name]
		if !ok {
			t.Errorf("docs/dependencies.md does not have %s, which is asked for by %q", name, where)
			continue
		}
		slices.Sort(where)
		slices.Sort(said)
		if !slices.Equal(where, said) {
			t.Errorf("docs/dependencies.md: %s is asked for by %q, not by %q", name, where, said)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if _, ok := got[name]; !ok {
			t.Errorf("docs/dependencies.md has %s, which nothing asks for", name)
		}
	}
}

// modules are the folders with a go.mod, the repository's own as ".".
func modules(t *testing.T) []string {
	t.Helper()
	var folders []string
	walk(t, func(path string) {
		if filepath.Base(path) == "go.mod" {
			folders = append(folders, filepath.ToSlash(filepath.Dir(path)))
		}
	})
	if len(folders) < 5 || !slices.Contains(folders, ".") {
		t.Fatalf("only %q have a go.mod", folders)
	}
	return folders
}

// walk calls f for each file of the repository, with its path there. What git keeps for itself, and what a test has as its
// data, is left out.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !d.IsDir() {
			inside, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			f(inside)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// direct are the modules that a go.mod asks for itself, those of its tools too, and without those of this repository.
func direct(t *testing.T, folder string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", filepath.Join(root, folder, "go.mod")).Output()
	if err != nil {
		t.Fatalf("reading the go.mod of %q: %v", folder, err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, r := range file.Require {
		tool := false
		for _, used := range file.Tool {
			tool = tool || strings.HasPrefix(used.Path+"/", r.Path+"/")
		}
		if own := r.Path == "callbyname" || strings.HasPrefix(r.Path, "callbyname/"); !own && (tool || !r.Indirect) {
			modules = append(modules, r.Path)
		}
	}
	return modules
}

// rows are the cells of the tables in chapters of docs/dependencies.md, without their heads.
func rows(t *testing.T, chapters ...string) [][]string {
	t.Helper()
	var all [][]string
	found := 0
	for chapter := range strings.SplitSeq(string(read(t, "docs/dependencies.md")), "\n## ") {
		title, text, _ := strings.Cut(chapter, "\n")
		if !slices.Contains(chapters, title) {
			continue
		}
		found++
		head := 2
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "|") {
				continue
			}
			if head > 0 {
				head--
				continue
			}
			var cells []string
			for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
				cells = append(cells, strings.TrimSpace(cell))
			}
			all = append(all, cells)
		}
	}
	if found != len(chapters) {
		t.Fatalf("docs/dependencies.md has not all of the chapters %q", chapters)
	}
	return all
}

var quoted = regexp.MustCompile("`([^`]+)`")

// names are what stands in backquotes.
func names(cell string) []string {
	found := []string{}
	for _, name := range quoted.FindAllStringSubmatch(cell, -1) {
		found = append(found, name[1])
	}
	if len(found) == 0 {
		found = append(found, cell)
	}
	return found
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
