// Package peers builds and runs the programs that callbyname is measured beside, and callbyname's own. A peer is a Go module
// of a fixed version, built in a module of its own with exactly the dependencies that it asks for, once, into a folder of the
// user's cache.
package peers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Program is a program of a Go module.
type Program struct {
	Module, Version string
	Package         string // below the module's path; empty for the module's own
}

// The peers.
var (
	Agnhost  = Program{"k8s.io/kubernetes", "v1.34.4", "test/images/agnhost"}
	Blackbox = Program{"github.com/prometheus/blackbox_exporter", "v0.27.0", ""}
	HTTPBin  = Program{"github.com/mccutchen/go-httpbin/v2", "v2.26.0", "cmd/go-httpbin"}
	HTTPEcho = Program{"github.com/hashicorp/http-echo", "v1.0.0", ""}
	Podinfo  = Program{"github.com/stefanprodan/podinfo", "v1.8.1-0.20250910200901-e86405a8674e", "cmd/podinfo"}
)

// String is the package's import path.
func (p Program) String() string {
	if p.Package == "" {
		return p.Module
	}
	return p.Module + "/" + p.Package
}

// Build builds the program unless that was done before, and returns where it is. The first time takes up to minutes.
func (p Program) Build(ctx context.Context) (path string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache: %w", err)
	}
	dir := filepath.Join(cache, "callbyname", "bench")
	path = filepath.Join(dir, filepath.Base(strings.TrimSuffix(p.String(), "/v2"))+"-"+p.Version)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	module, err := os.MkdirTemp(dir, "module-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(module)
	replaced, err := p.replacements(ctx, module)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("module peer\n\ngo 1.26.0\n\nrequire %s %s\n%s", p.Module, p.Version, replaced)
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte(text), 0o644); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "building %s %s, once\n", p, p.Version)
	built := filepath.Join(module, "program")
	if _, err := goCommand(ctx, module, "build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", built, p.String()); err != nil {
		return "", err
	}
	return path, os.Rename(built, path)
}

// staging is a line of Kubernetes' go.mod: modules that live in its own repository have no version there, and are published
// under the version that corresponds to Kubernetes' own.
var staging = regexp.MustCompile(`(?m)^\s*(k8s\.io/\S+) v0\.0\.0$`)

// replacements are the lines that a module needs whose own go.mod cannot be used by others as it is.
func (p Program) replacements(ctx context.Context, dir string) (string, error) {
	if p.Module != Agnhost.Module {
		return "", nil
	}
	where, err := goCommand(ctx, dir, "mod", "download", "-json", p.Module+"@"+p.Version)
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`"GoMod": "(.*)"`).FindStringSubmatch(where)
	if found == nil {
		return "", fmt.Errorf("finding the go.mod of %s in %q", p.Module, where)
	}
	text, err := os.ReadFile(found[1])
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, line := range staging.FindAllStringSubmatch(string(text), -1) {
		fmt.Fprintf(&b, "replace %s => %[1]s v0.%s\n", line[1], strings.TrimPrefix(p.Version, "v1."))
	}
	return b.String(), nil
}

// Own builds packages of this repository, such as callbyname/cmd/httpd, into a folder. The working directory must be in the
// module callbyname/bench.
func Own(ctx context.Context, dir string, packages ...string) error {
	_, err := goCommand(ctx, "", append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + "/"}, packages...)...)
	return err
}

func goCommand(ctx context.Context, dir string, args ...string) (stdout string, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off") // static, as in their images
	var errText bytes.Buffer
	cmd.Stderr = &errText
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, errText.Bytes())
	}
	return string(out), nil
}
