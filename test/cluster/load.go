package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"callbyname/test/image"
)

// systemImages are the archives of the images that the cluster itself runs on.
func systemImages(bin string) ([][]byte, error) {
	var archives [][]byte
	for _, i := range []image.Image{
		{Name: pauseImage, Files: map[string]string{"/pause": filepath.Join(bin, "pause")},
			Entrypoint: []string{"/pause"}, User: "65535"},
		{Name: coreDNSImage, Files: map[string]string{"/coredns": filepath.Join(bin, "coredns")},
			Entrypoint: []string{"/coredns"}, User: "65532"},
	} {
		var buf bytes.Buffer
		if err := i.Write(&buf); err != nil {
			return nil, err
		}
		archives = append(archives, buf.Bytes())
	}
	return archives, nil
}

// importImage gives an archive to the machine's containerd, in the namespace that the kubelet uses. It goes
// through standard input because the machine does not see all of the host's files.
func (m *machine) importImage(ctx context.Context, archive io.Reader) error {
	cmd := m.command(ctx, "ctr", "--namespace", "k8s.io", "images", "import", "-")
	cmd.Stdin = archive
	if err := finish(cmd); err != nil {
		return fmt.Errorf("importing an image on %q: %w", m.name, err)
	}
	return nil
}

// load imports archives into every node.
func (c *cluster) load(ctx context.Context, files []string) error {
	found, err := machines(c.dir)
	if err != nil {
		return err
	}
	delete(found, controlName)
	if len(found) == 0 {
		return errors.New("no cluster is running: start one with up")
	}
	for _, file := range files {
		for _, m := range found {
			if err := importFile(ctx, m, file); err != nil {
				return err
			}
		}
		c.say("loaded %s into %d nodes", file, len(found))
	}
	return nil
}

func importFile(ctx context.Context, m *machine, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return m.importImage(ctx, f)
}
