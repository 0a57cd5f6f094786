package supply

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var programs = []string{"httpd", "prober"}

// Two builds as the Dockerfiles make them, of the same source in two folders, the second with another home, time zone and file
// times. They share the build cache: to compile the standard library anew would take minutes. The images' own bytes are
// compared with a build outside of any image in test/images.
func TestTheSameSourceGivesTheSameBytesWhereverAndWheneverItIsBuilt(t *testing.T) {
	here := t.TempDir()
	there := filepath.Join(t.TempDir(), "a", "folder", "with a blank", "and-a-longer-name")
	home := t.TempDir()
	copySource(t, here)
	copySource(t, there)
	another := []string{"HOME=" + home, "TMPDIR=" + t.TempDir(), "TZ=Pacific/Kiritimati", "LANG=C", "USER=somebody", "SOURCE_DATE_EPOCH=1",
		"GOMODCACHE=" + goEnv(t, "GOMODCACHE"), "GOCACHE=" + goEnv(t, "GOCACHE")}
	for _, program := range programs {
		one := build(t, here, program, nil)
		two := build(t, there, program, another)
		if !bytes.Equal(one, two) {
			t.Errorf("%s: two builds differ", program)
		}
		checkPaths(t, program, one, here, root)
		checkPaths(t, program, two, there, home)
		checkInfo(t, program, one)
	}
}

// build makes a program as its Dockerfile does.
func build(t *testing.T, dir, program string, env []string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), program)
	line := "RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH " +
		`go build -trimpath -ldflags="-s -w -X callbyname/internal/cli.version=$VERSION" -o /image/` + program + " ./cmd/" + program
	text := strings.ReplaceAll(string(read(t, "Dockerfile."+program)), "\\\n", " ")
	if !slices.ContainsFunc(strings.Split(text, "\n"), func(s string) bool { return strings.Join(strings.Fields(s), " ") == line }) {
		t.Fatalf("Dockerfile.%s does not build with %q", program, line)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w -X callbyname/internal/cli.version=v1.2.3", "-o", out, "./cmd/"+program)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH, "GOWORK=off"), env...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s in %q: %v\n%s", program, dir, err, said)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// copySource copies what programs are made of, with the times of now.
func copySource(t *testing.T, to string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum", "cmd", "internal"} {
		from := filepath.Join(root, name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(from))
		} else if err = os.MkdirAll(to, 0o755); err == nil {
			err = os.WriteFile(filepath.Join(to, name), read(t, name), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkPaths looks for traces of the machine that built a program.
func checkPaths(t *testing.T, program string, content []byte, folders ...string) {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range append(folders, goEnv(t, "GOMODCACHE"), goEnv(t, "GOCACHE"), goEnv(t, "GOROOT")+"/src", filepath.Join(home, "go")) {
		path, err := filepath.Abs(folder)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(path)) {
			t.Errorf("%s holds the path %q of the machine that built it", program, path)
		}
	}
	if len(host) > 8 && bytes.Contains(content, []byte(host)) {
		t.Errorf("%s holds the name of the machine that built it, %q", program, host)
	}
}

// checkInfo is go version -m.
func checkInfo(t *testing.T, program string, content []byte) {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
		if strings.HasPrefix(s.Key, "vcs") {
			t.Errorf("%s: %s=%s, which an image is built without", program, s.Key, s.Value)
		}
	}
	for key, want := range map[string]string{"-trimpath": "true", "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": runtime.GOARCH, "-compiler": "gc"} {
		if settings[key] != want {
			t.Errorf("%s was built with %s=%q, not %q", program, key, settings[key], want)
		}
	}
	if info.GoVersion != runtime.Version() || info.Main.Path != "callbyname" || info.Path != "callbyname/cmd/"+program {
		t.Errorf("%s says that it is %s of %s, made with %s", program, info.Path, info.Main.Path, info.GoVersion)
	}
	asked := string(read(t, "go.mod"))
	for _, dep := range info.Deps {
		if dep.Replace != nil || dep.Sum == "" || !strings.Contains(asked, dep.Path+" "+dep.Version) {
			t.Errorf("%s holds %s %s, which is not what go.mod says, or has no checksum", program, dep.Path, dep.Version)
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
