package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestADockerfileCopiesTheFoldersThatItsProgramImportsAndNoOther(t *testing.T) {
	root := repo(t)
	for _, program := range programs {
		want := []string{"COPY go.mod go.sum ./"}
		for folder := range sourceFiles(t, root, program) {
			want = append(want, "COPY "+folder+" "+folder)
		}
		got := sourceCopies(instructions(t, root, program))
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("Dockerfile.%s lacks %q", program, line)
			}
		}
		for _, line := range got {
			if !slices.Contains(want, line) {
				t.Errorf("Dockerfile.%s has %q, which %s does not need", program, line, program)
			}
		}
	}
}

func TestADockerfileAsksARegistryForTheBuildImageAlone(t *testing.T) {
	root := repo(t)
	directive := regexp.MustCompile(`(?im)^\s*#\s*(syntax|escape|check)\s*=`)
	for _, program := range programs {
		if found := directive.Find(read(t, filepath.Join(root, "Dockerfile."+program))); found != nil {
			t.Errorf("Dockerfile.%s has the directive %q", program, found)
		}
		var from []string
		for _, line := range instructions(t, root, program) {
			if strings.HasPrefix(line, "FROM ") {
				from = append(from, line)
			}
		}
		short := strings.TrimPrefix(golang, "docker.io/library/")
		want := []string{"FROM --platform=$BUILDPLATFORM " + short + " AS build", "FROM scratch"}
		if !slices.Equal(from, want) {
			t.Errorf("Dockerfile.%s builds\n%q, not\n%q", program, from, want)
		}
	}
}

// The image golang of that version is the one with the compiler that go.mod asks for.
func TestTheBuildImageIsOfTheVersionThatTheModuleAsksFor(t *testing.T) {
	line := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(read(t, filepath.Join(repo(t), "go.mod")))
	if line == nil || !strings.HasSuffix(golang, ":"+string(line[1])) {
		t.Errorf("go.mod says %q, the image is %s", line, golang)
	}
}

func repo(t *testing.T) string {
	t.Helper()
	root, err := repository(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// instructions are those of a program's Dockerfile, each on one line with single spaces.
func instructions(t *testing.T, root, program string) []string {
	t.Helper()
	var all []string
	text := strings.ReplaceAll(string(read(t, filepath.Join(root, "Dockerfile."+program))), "\\\n", " ")
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// sourceCopies are the instructions that copy out of the repository.
func sourceCopies(instructions []string) []string {
	var copies []string
	for _, line := range instructions {
		if verb, rest, _ := strings.Cut(line, " "); verb == "COPY" && !strings.HasPrefix(rest, "--from=") || verb == "ADD" {
			copies = append(copies, line)
		}
	}
	return copies
}

// sourceFiles are the repository's own files, of all systems and architectures, that a program is made of: by the folder of their
// package, both as paths in the repository.
func sourceFiles(t *testing.T, root, program string) map[string][]string {
	t.Helper()
	const format = `{{if and .Module .Module.Main}}{{$dir := .Dir}}` +
		`{{range .GoFiles}}{{$dir}} {{.}}{{"\n"}}{{end}}{{range .IgnoredGoFiles}}{{$dir}} {{.}}{{"\n"}}{{end}}` +
		`{{range .SFiles}}{{$dir}} {{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$dir}} {{.}}{{"\n"}}{{end}}{{end}}`
	files := map[string][]string{}
	for _, arch := range []string{"amd64", "arm64"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, "./cmd/"+program)
		list.Dir = root
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOWORK=off")
		list.Stderr = os.Stderr
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			dir, name, _ := strings.Cut(strings.TrimSpace(line), " ")
			folder, err := filepath.Rel(root, dir)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, name)
			if !strings.HasSuffix(name, "_test.go") && !slices.Contains(files[folder], file) {
				files[folder] = append(files[folder], file)
			}
		}
	}
	return files
}
