package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// golang is the image that the Dockerfiles start from, by its full name: so buildah finds it in the storage.
const golang = "docker.io/library/golang:1.26"

//go:embed Dockerfile.golang
var golangDockerfile []byte

// provide makes the image golang out of this machine's Go, unless the storage has it.
func (b *builder) provide(ctx context.Context) error {
	dir, err := os.MkdirTemp(b.scratch(), "golang-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	system := filepath.Join(dir, "system")
	key, err := b.system(system)
	if err != nil {
		return fmt.Errorf("gathering the image %s: %w", golang, err)
	}
	const label = "callbyname.golang"
	found, err := b.buildah(ctx, "images", "--quiet", "--filter", "label="+label+"="+key)
	if err != nil || found != "" {
		return err
	}
	fmt.Fprintf(b.out, "making the image %s from %s (once)\n", golang, b.goEnv["GOROOT"])
	file := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(file, golangDockerfile, 0o644); err != nil {
		return err
	}
	if err := b.bud(ctx, "--file", file, "--tag", golang, "--label", label+"="+key,
		"--build-context", "goroot="+b.goEnv["GOROOT"], system); err != nil {
		return err
	}
	_, err = b.buildah(ctx, "rmi", "--prune") // the one that had the name before
	return err
}

// system writes what the image has beside Go into dir: a shell, the one user, and this machine's ways to modules and the CA roots
// that it trusts. The key is another one when the image would be.
func (b *builder) system(dir string) (key string, err error) {
	shell, err := os.ReadFile(b.busybox)
	if err != nil {
		return "", err
	}
	roots, err := caRoots()
	if err != nil {
		return "", err
	}
	var env strings.Builder
	env.WriteString("GOTOOLCHAIN=local\n")
	for _, name := range sources {
		fmt.Fprintf(&env, "%s=%s\n", name, b.goEnv[name])
	}
	sum := sha256.New()
	fmt.Fprintln(sum, b.goEnv["GOVERSION"], b.goEnv["GOROOT"])
	sum.Write(golangDockerfile)
	for _, file := range []struct {
		path    string
		content []byte
		mode    fs.FileMode
	}{
		{"bin/busybox", shell, 0o755},
		{"etc/passwd", []byte("root:x:0:0:root:/root:/bin/sh\n"), 0o644},
		{"etc/ssl/certs/ca-certificates.crt", roots, 0o644},
		{"usr/local/go/go.env", []byte(env.String()), 0o644},
	} {
		target := filepath.Join(dir, file.path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, file.content, file.mode)); err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", file.path, len(file.content), file.content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// caRoots are this machine's, for the file in which Go looks first. None is no error: all modules may be in the cache.
func caRoots() ([]byte, error) {
	file := os.Getenv("SSL_CERT_FILE")
	if file == "" {
		file = "/etc/ssl/certs/ca-certificates.crt"
	}
	roots, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return roots, err
}
