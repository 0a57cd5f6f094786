package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// program makes a file to pack.
func program(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unpack returns the files of an archive, and the names of all its entries in their order.
func unpack(t *testing.T, archive []byte) (map[string]string, []string) {
	t.Helper()
	files := map[string]string{}
	var names []string
	in := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
	}
}

// blob returns the blob that d describes, and decodes it into v unless that is nil.
func blob(t *testing.T, files map[string]string, d descriptor, v any) string {
	t.Helper()
	content, ok := files["blobs/sha256/"+strings.TrimPrefix(d.Digest, "sha256:")]
	if !ok {
		t.Fatalf("no blob %s", d.Digest)
	}
	if digest([]byte(content)) != d.Digest || int64(len(content)) != d.Size {
		t.Fatalf("blob %s: digest %s and %d bytes, not what the descriptor says: %+v",
			d.Digest, digest([]byte(content)), len(content), d)
	}
	if v != nil {
		if err := json.Unmarshal([]byte(content), v); err != nil {
			t.Fatal(err)
		}
	}
	return content
}

func TestEveryDescriptorLeadsToItsBlobDownToTheProgram(t *testing.T) {
	i := Image{
		Name:       "registry.invalid/a/b:1",
		Files:      map[string]string{"/opt/bin/b": program(t, "two"), "/a": program(t, "one")},
		Entrypoint: []string{"/a", "-v"},
		User:       "65532",
	}
	var out bytes.Buffer
	if err := i.Write(&out); err != nil {
		t.Fatal(err)
	}
	files, _ := unpack(t, out.Bytes())
	if got := files["oci-layout"]; got != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout: %q", got)
	}
	var idx index
	if err := json.Unmarshal([]byte(files["index.json"]), &idx); err != nil {
		t.Fatal(err)
	}
	if len(idx.Manifests) != 1 || idx.Manifests[0].Annotations["io.containerd.image.name"] != i.Name {
		t.Fatalf("index: %+v", idx)
	}
	var m manifest
	blob(t, files, idx.Manifests[0], &m)
	var c config
	blob(t, files, m.Config, &c)
	if c.Architecture != runtime.GOARCH || c.OS != "linux" || c.Config.User != i.User ||
		!slices.Equal(c.Config.Entrypoint, i.Entrypoint) {
		t.Errorf("config: %+v", c)
	}
	if len(m.Layers) != 1 || !slices.Equal(c.RootFS.DiffIDs, []string{m.Layers[0].Digest}) {
		t.Fatalf("layers %+v, diff IDs %v", m.Layers, c.RootFS.DiffIDs)
	}
	content, order := unpack(t, []byte(blob(t, files, m.Layers[0], nil)))
	if want := []string{"a", "opt/", "opt/bin/", "opt/bin/b"}; !slices.Equal(order, want) {
		t.Errorf("layer holds %q, not %q", order, want)
	}
	if content["a"] != "one" || content["opt/bin/b"] != "two" {
		t.Errorf("layer's files: %q", content)
	}
}

func TestEqualInputGivesEqualBytes(t *testing.T) {
	i := Image{
		Name:       "a:1",
		Files:      map[string]string{"/b": program(t, "b"), "/a": program(t, "a"), "/d/c": program(t, "c")},
		Entrypoint: []string{"/a"},
	}
	var first, second bytes.Buffer
	if err := errors.Join(i.Write(&first), i.Write(&second)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two archives of one image differ")
	}
}

func TestWhatCannotBeAnImageIsRefused(t *testing.T) {
	file := program(t, "x")
	for name, i := range map[string]Image{
		"no name":        {Files: map[string]string{"/a": file}, Entrypoint: []string{"/a"}},
		"no files":       {Name: "a:1", Entrypoint: []string{"/a"}},
		"no entrypoint":  {Name: "a:1", Files: map[string]string{"/a": file}},
		"relative path":  {Name: "a:1", Files: map[string]string{"a": file}, Entrypoint: []string{"/a"}},
		"path leads out": {Name: "a:1", Files: map[string]string{"/../a": file}, Entrypoint: []string{"/a"}},
		"folder":         {Name: "a:1", Files: map[string]string{"/": file}, Entrypoint: []string{"/a"}},
		"missing file":   {Name: "a:1", Files: map[string]string{"/a": file + ".not"}, Entrypoint: []string{"/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := i.Write(io.Discard); err == nil {
				t.Error("written")
			}
		})
	}
}

// full is a disk with no room left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAFailedWriteIsReported(t *testing.T) {
	i := Image{Name: "a:1", Files: map[string]string{"/a": program(t, "x")}, Entrypoint: []string{"/a"}}
	if err := i.Write(full{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("error %v", err)
	}
}
