// Program images builds the repository's Dockerfiles on a machine without a registry, as they stand, and writes archives
// that test/cluster, kind, minikube and docker load. The one thing that it puts in place of another is the image golang that
// they start from: it is made from this machine's own Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/pflag"
)

const usage = `usage: go run ./images [flags]

Builds callbyname/httpd and callbyname/prober with buildah, as root, with this machine's Go and its caches.

`

// programs are those that have a Dockerfile.<program> in the repository's root.
var programs = [...]string{"httpd", "prober"}

// options are what the flags say.
type options struct {
	out     string // folder for <program>.tar; empty for none
	golang  string // file for the image that stands in for golang; empty for none
	arch    string // as in GOARCH
	version string // to stamp; empty for the Dockerfiles' own
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := pflag.NewFlagSet("images", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.SortFlags = false
	flags.StringVar(&o.out, "out", "", "folder for httpd.tar and prober.tar, archives as docker save writes them")
	flags.StringVar(&o.arch, "arch", runtime.GOARCH, "architecture of the images, amd64 or arm64")
	flags.StringVar(&o.version, "version", "", "version to stamp into programs and labels")
	flags.StringVar(&o.golang, "golang", "", "file for the image that stands in for golang, to docker load where there is no registry")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		_, err := fmt.Fprint(out, usage, flags.FlagUsages())
		return err
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("%q: no arguments are taken", flags.Arg(0))
	case o.out == "" && o.golang == "":
		return errors.New("nothing to do: give --out FOLDER, --golang FILE or both")
	case o.arch != "amd64" && o.arch != "arm64":
		return fmt.Errorf("--arch %q: neither amd64 nor arm64", o.arch)
	}
	b, err := newBuilder(ctx, out)
	if err != nil {
		return err
	}
	return b.alone(ctx, func() error { return b.write(ctx, o) })
}

// write makes the files that the options ask for.
func (b *builder) write(ctx context.Context, o options) error {
	if err := b.provide(ctx); err != nil {
		return err
	}
	if o.golang != "" {
		err := b.archive(o.golang, func(file string) error {
			_, err := b.buildah(ctx, "push", "--quiet", golang, "docker-archive:"+file+":"+golang)
			return err
		})
		if err != nil {
			return fmt.Errorf("writing the image %s: %w", golang, err)
		}
	}
	if o.out == "" {
		return nil
	}
	for _, program := range programs {
		err := b.archive(filepath.Join(o.out, program+".tar"), func(file string) error {
			return b.build(ctx, program, o, file)
		})
		if err != nil {
			return fmt.Errorf("building the image of %s: %w", program, err)
		}
	}
	return nil
}

// build writes the image of one Dockerfile into a new file. The machine's own caches lie over those that the Dockerfile asks
// for. The tag names the file: the storage keeps no image.
func (b *builder) build(ctx context.Context, program string, o options, file string) error {
	args := []string{
		"--file", "Dockerfile." + program,
		"--tag", "docker-archive:" + file + ":callbyname/" + program + ":latest",
		"--platform", "linux/" + o.arch,
		"--build-arg", "BUILDPLATFORM=linux/" + runtime.GOARCH, // BuildKit knows it by itself
		"--volume", b.goEnv["GOMODCACHE"] + ":/go/pkg/mod",
		"--volume", b.goEnv["GOCACHE"] + ":/root/.cache/go-build",
	}
	if o.version != "" {
		args = append(args, "--build-arg", "VERSION="+o.version)
	}
	return b.bud(ctx, append(args, b.repository)...)
}

// archive lets write make a new file beside target, and then moves it there: target is never there by half.
func (b *builder) archive(target string, write func(file string) error) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(target), ".images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "image.tar")
	if err := write(file); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := os.Rename(file, target); err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.out, "wrote %s, %.1f MB\n", target, float64(info.Size())/1e6)
	return err
}
