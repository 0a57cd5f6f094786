package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const version = "v1.2.3-test"

// wanted is what an image holds.
var wanted = map[string]struct {
	limit int64 // bytes
	files map[string]entry
	ports []string
}{
	"httpd": {
		limit: 12e6,
		files: map[string]entry{"httpd": {mode: 0o755}},
		ports: []string{"80/tcp"},
	},
	"prober": {
		limit: 16e6,
		files: map[string]entry{
			"prober":       {mode: 0o755},
			"usr/":         {mode: fs.ModeDir | 0o755},
			"usr/bin/":     {mode: fs.ModeDir | 0o755},
			"usr/bin/curl": {mode: fs.ModeSymlink | 0o777, link: "/prober"},
		},
	},
}

func TestAnImageHoldsItsProgramAndNothingElse(t *testing.T) {
	buildable(t)
	for _, arch := range []string{"amd64", "arm64"} {
		dir := t.TempDir()
		if err := run(t.Context(), []string{"--out", dir, "--arch", arch, "--version", version}, io.Discard); err != nil {
			t.Fatal(err)
		}
		for _, program := range programs {
			t.Run(program+"/"+arch, func(t *testing.T) {
				a := readArchive(t, filepath.Join(dir, program+".tar"))
				checkConfig(t, a, program, arch)
				checkFiles(t, a, program)
				checkProgram(t, a.files[program].content, program, arch)
			})
		}
	}
}

func checkConfig(t *testing.T, a archive, program, arch string) {
	c := a.config.Config
	if !slices.Equal(a.names, []string{"docker.io/callbyname/" + program + ":latest"}) {
		t.Errorf("named %q", a.names)
	}
	if a.config.Architecture != arch || a.config.OS != "linux" {
		t.Errorf("made for %s/%s", a.config.OS, a.config.Architecture)
	}
	if c.User != "65532:65532" { // a number: without one the kubelet cannot tell that it is not root
		t.Errorf("user %q", c.User)
	}
	if !slices.Equal(c.Entrypoint, []string{"/" + program}) || c.Cmd != nil || c.Volumes != nil {
		t.Errorf("runs %q %q, volumes %v", c.Entrypoint, c.Cmd, c.Volumes)
	}
	if got := slices.Collect(maps.Keys(c.ExposedPorts)); !slices.Equal(got, wanted[program].ports) {
		t.Errorf("exposes %q", got)
	}
	// The build's environment stays behind.
	if slices.ContainsFunc(c.Env, func(v string) bool { return !strings.HasPrefix(v, "PATH=/usr/local/sbin:") }) {
		t.Errorf("environment %q", c.Env)
	}
	if c.Labels["org.opencontainers.image.version"] != version || c.Labels["org.opencontainers.image.title"] != "callbyname/"+program {
		t.Errorf("labels %q", c.Labels)
	}
}

func checkFiles(t *testing.T, a archive, program string) {
	want := wanted[program]
	if a.layers != 1 || a.size > want.limit {
		t.Errorf("%d bytes in %d layers", a.size, a.layers)
	}
	t.Logf("%.1f MB", float64(a.size)/1e6)
	for name, w := range want.files {
		if got, ok := a.files[name]; !ok || got.link != w.link || got.mode != w.mode || got.uid != 0 || got.gid != 0 {
			t.Errorf("%s: there %t, %v of %d:%d, link %q", name, ok, got.mode, got.uid, got.gid, got.link)
		}
	}
	for name, got := range a.files {
		if _, ok := want.files[name]; !ok {
			t.Errorf("%s is in the image, %v, %d bytes", name, got.mode, len(got.content))
		}
	}
}

// checkProgram holds the program against one that this machine makes in another place, in another environment: equal source
// makes equal bytes.
func checkProgram(t *testing.T, content []byte, program, arch string) {
	exe, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]; exe.Machine != machine {
		t.Errorf("machine %v", exe.Machine)
	}
	if slices.ContainsFunc(exe.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Error("not static")
	}
	if exe.Section(".symtab") != nil || exe.Section(".debug_info") != nil || exe.Section(".zdebug_info") != nil {
		t.Error("not stripped")
	}
	again := filepath.Join(t.TempDir(), program)
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X callbyname/internal/cli.version="+version, "-o", again, "./cmd/"+program)
	build.Dir = repo(t)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !bytes.Equal(read(t, again), content) {
		t.Errorf("the image's program is not the one that go build makes here")
	}
	if arch != runtime.GOARCH {
		return
	}
	file := filepath.Join(t.TempDir(), program)
	if err := os.WriteFile(file, content, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), file, "--version").CombinedOutput()
	if want := fmt.Sprintf("%s %s (%s, linux/%s)\n", program, version, runtime.Version(), arch); err != nil || string(out) != want {
		t.Errorf("--version: %q, %v; want %q", out, err, want)
	}
}

// What a builder sees is what skaffold dev watches: a save in any other file leaves the container, and the prober's pin.
func TestABuildSeesTheFilesThatItsProgramIsMadeOfAndNoOther(t *testing.T) {
	b := buildable(t)
	for _, program := range programs {
		text := "FROM scratch\n" + strings.Join(sourceCopies(instructions(t, b.repository, program)), "\n")
		dir := t.TempDir()
		file, packed := filepath.Join(dir, "Dockerfile"), filepath.Join(dir, "seen.tar")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := b.alone(t.Context(), func() error {
			return b.bud(t.Context(), "--file", file, "--tag", "docker-archive:"+packed+":seen", b.repository)
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"go.mod", "go.sum"}
		for _, files := range sourceFiles(t, b.repository, program) {
			want = append(want, files...)
		}
		seen := readArchive(t, packed).files
		for _, name := range want {
			if _, ok := seen[name]; !ok {
				t.Errorf("the build of %s does not see %s", program, name)
			}
		}
		for name, e := range seen {
			if !e.mode.IsDir() && !slices.Contains(want, name) {
				t.Errorf("the build of %s sees %s: name it in .dockerignore", program, name)
			}
		}
	}
}

func TestTheImageGolangCanBeHandedToDocker(t *testing.T) {
	buildable(t)
	file := filepath.Join(t.TempDir(), "golang.tar")
	if err := run(t.Context(), []string{"--golang", file}, io.Discard); err != nil {
		t.Fatal(err)
	}
	manifest, names := scanArchive(t, file)
	if !strings.Contains(manifest, `"RepoTags":["`+golang+`"]`) {
		t.Errorf("holds %s", manifest)
	}
	for _, name := range []string{"bin/go", "pkg/tool/linux_" + runtime.GOARCH + "/compile", "src/fmt/print.go", "go.env"} {
		if !names["usr/local/go/"+name] {
			t.Errorf("Go lacks %s", name)
		}
	}
	for _, name := range []string{"bin/sh", "bin/ln", "bin/mkdir", "etc/passwd", "tmp/"} {
		if !names[name] {
			t.Errorf("the system lacks %s", name)
		}
	}
}

func buildable(t *testing.T) *builder {
	t.Helper()
	b, err := newBuilder(t.Context(), io.Discard)
	if err != nil {
		t.Skip(err)
	}
	return b
}
