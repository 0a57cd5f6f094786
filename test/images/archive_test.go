package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// An archive is what docker save writes, read back: https://github.com/moby/docker-image-spec, image JSON v1.2.
type archive struct {
	names  []string
	config imageConfig
	layers int
	size   int64            // of all layers, unpacked
	files  map[string]entry // by path without a leading slash
}

type imageConfig struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Config       struct {
		User         string
		Env          []string
		Entrypoint   []string
		Cmd          []string
		WorkingDir   string
		ExposedPorts map[string]struct{}
		Volumes      map[string]struct{}
		Labels       map[string]string
	} `json:"config"`
}

type entry struct {
	mode     fs.FileMode
	uid, gid int
	link     string
	content  []byte
}

func readArchive(t *testing.T, file string) archive {
	t.Helper()
	blobs := unpack(t, read(t, file))
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	decode(t, blobs["manifest.json"].content, &manifest)
	if len(manifest) != 1 {
		t.Fatalf("%s holds %d images", file, len(manifest))
	}
	a := archive{names: manifest[0].RepoTags, layers: len(manifest[0].Layers), files: map[string]entry{}}
	decode(t, blobs[manifest[0].Config].content, &a.config)
	for _, layer := range manifest[0].Layers {
		for name, e := range unpack(t, blobs[layer].content) {
			a.files[name] = e
			a.size += int64(len(e.content))
		}
	}
	return a
}

// scanArchive returns the manifest of an archive that is too large to be held in memory, and the paths in all its layers.
func scanArchive(t *testing.T, file string) (manifest string, names map[string]bool) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names = map[string]bool{}
	for r := tar.NewReader(f); ; {
		outer, err := r.Next()
		if errors.Is(err, io.EOF) {
			return manifest, names
		}
		if err != nil {
			t.Fatal(err)
		}
		if outer.Name == "manifest.json" {
			raw, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			manifest = string(raw)
		}
		if outer.Typeflag != tar.TypeReg || !strings.HasSuffix(outer.Name, ".tar") {
			continue
		}
		for layer := tar.NewReader(r); ; {
			inner, err := layer.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names[inner.Name] = true
		}
	}
}

func unpack(t *testing.T, packed []byte) map[string]entry {
	t.Helper()
	entries := map[string]entry{}
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		entries[h.Name] = entry{mode: h.FileInfo().Mode(), uid: h.Uid, gid: h.Gid, link: h.Linkname, content: content}
	}
}

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
}
