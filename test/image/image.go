// Package image writes container images that hold little more than a static program, as tar archives
// in the OCI image layout, so that a cluster without a registry can import them. It neither compresses
// nor builds on a base image: what users get is built by the Dockerfiles.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"sort"
	"strings"
)

// An Image is what an archive is to hold.
type Image struct {
	// Name is the full reference, registry and tag included ("docker.io/callbyname/pause:1"): it is
	// stored as it stands, and the kubelet asks for the full form.
	Name string
	// Files maps absolute paths in the image to files on this machine, which all become executable
	// by everybody. Their folders are made.
	Files map[string]string
	// Entrypoint is the command, with its arguments.
	Entrypoint []string
	// User is numeric, as in "65532"; empty means root.
	User string
}

// Media types of https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md.
const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar"
)

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

type config struct {
	Architecture string      `json:"architecture"`
	OS           string      `json:"os"`
	Config       execution   `json:"config"`
	RootFS       filesystems `json:"rootfs"`
}

type execution struct {
	User       string   `json:"User,omitempty"`
	Entrypoint []string `json:"Entrypoint"`
}

type filesystems struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// Write writes the archive for the architecture of the running program. Equal input gives equal bytes.
func (i Image) Write(w io.Writer) error {
	if i.Name == "" || len(i.Files) == 0 || len(i.Entrypoint) == 0 {
		return errors.New("image: name, files and entrypoint are needed")
	}
	layer, err := i.layer()
	if err != nil {
		return fmt.Errorf("image %q: %w", i.Name, err)
	}
	blobs := [][]byte{layer}
	store := func(mediaType string, v any) (descriptor, error) {
		raw, err := json.Marshal(v)
		blobs = append(blobs, raw)
		return describe(mediaType, raw), err
	}
	layerDesc := describe(typeLayer, layer)
	configDesc, err := store(typeConfig, config{
		Architecture: runtime.GOARCH,
		OS:           "linux",
		Config:       execution{User: i.User, Entrypoint: i.Entrypoint},
		RootFS:       filesystems{Type: "layers", DiffIDs: []string{layerDesc.Digest}},
	})
	if err != nil {
		return fmt.Errorf("image %q: config: %w", i.Name, err)
	}
	top, err := store(typeManifest, manifest{
		SchemaVersion: 2, MediaType: typeManifest, Config: configDesc, Layers: []descriptor{layerDesc},
	})
	if err != nil {
		return fmt.Errorf("image %q: manifest: %w", i.Name, err)
	}
	// containerd reads the full name from its own annotation; the standard one is for tags alone.
	top.Annotations = map[string]string{"io.containerd.image.name": i.Name}
	idx, err := json.Marshal(index{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{top}})
	if err != nil {
		return fmt.Errorf("image %q: index: %w", i.Name, err)
	}

	out := tar.NewWriter(w)
	put := func(name string, content []byte) error {
		return errors.Join(
			out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}),
			writeAll(out, content))
	}
	errs := []error{
		put("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)),
		put("index.json", idx),
	}
	for _, blob := range blobs {
		errs = append(errs, put("blobs/sha256/"+strings.TrimPrefix(digest(blob), "sha256:"), blob))
	}
	if err := errors.Join(append(errs, out.Close())...); err != nil {
		return fmt.Errorf("image %q: writing: %w", i.Name, err)
	}
	return nil
}

// layer packs the files, in the order of their paths, each after the folders that lead to it.
func (i Image) layer() ([]byte, error) {
	targets := make([]string, 0, len(i.Files))
	for target := range i.Files {
		if !path.IsAbs(target) || path.Clean(target) != target || target == "/" {
			return nil, fmt.Errorf("file %q: not a clean absolute path", target)
		}
		targets = append(targets, target)
	}
	sort.Strings(targets)
	var buf bytes.Buffer
	out := tar.NewWriter(&buf)
	made := map[string]bool{}
	for _, target := range targets {
		if err := folders(out, path.Dir(target), made); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(i.Files[target])
		if err != nil {
			return nil, err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: target[1:], Mode: 0o755, Size: int64(len(content))}
		if err := errors.Join(out.WriteHeader(header), writeAll(out, content)); err != nil {
			return nil, fmt.Errorf("file %q: %w", target, err)
		}
	}
	return buf.Bytes(), out.Close()
}

func folders(out *tar.Writer, dir string, made map[string]bool) error {
	if dir == "/" || made[dir] {
		return nil
	}
	if err := folders(out, path.Dir(dir), made); err != nil {
		return err
	}
	made[dir] = true
	return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir[1:] + "/", Mode: 0o755})
}

func describe(mediaType string, blob []byte) descriptor {
	return descriptor{MediaType: mediaType, Digest: digest(blob), Size: int64(len(blob))}
}

func digest(blob []byte) string {
	sum := sha256.Sum256(blob)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func writeAll(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}
