package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// module is what the working directory must belong to: its go.mod says which Kubernetes is built.
const module = "callbyname/test"

const coreDNSVersion = "v1.13.1"

var kubernetesPrograms = []string{
	"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl",
}

// tools are programs of the system that the cluster needs, with the Debian packages that have them.
var tools = [][2]string{
	{"containerd", "containerd"}, {"ctr", "containerd"}, {"runc", "runc"}, {"etcd", "etcd-server"},
	{"/usr/lib/cni/ptp", "containernetworking-plugins"}, {"iptables", "iptables"}, {"nft", "nftables"},
	{"conntrack", "conntrack"}, {"ip", "iproute2"}, {"nsenter", "util-linux"}, {"mount", "mount"},
}

// checkTools fails with the command that installs what is missing.
func checkTools() error {
	var missing, packages []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool[0]); err != nil {
			missing = append(missing, tool[0])
			packages = append(packages, tool[1])
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(packages)
	return fmt.Errorf("not in $PATH: %s; on Debian: apt-get install --no-install-recommends %s",
		strings.Join(missing, " "), strings.Join(slices.Compact(packages), " "))
}

// cacheDir is where everything built is kept: outside the repository, and out of reach of down.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache: %w", err)
	}
	dir := filepath.Join(base, "callbyname")
	return dir, os.MkdirAll(dir, 0o755)
}

// programsDir is the folder of all built programs of one Kubernetes version.
func programsDir(version string) (string, error) {
	cache, err := cacheDir()
	return filepath.Join(cache,
		fmt.Sprintf("kubernetes-%s-coredns-%s-%s", version, coreDNSVersion, runtime.GOARCH)), err
}

// programs returns the folder with all programs, after building those that it lacks.
func (c *cluster) programs(ctx context.Context) (string, error) {
	version, err := kubernetesVersion(ctx)
	if err != nil {
		return "", err
	}
	dir, err := programsDir(version)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	major, minor, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	const stamp = "k8s.io/component-base/version"
	ldflags := fmt.Sprintf("-s -w -X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s",
		stamp, version, major, minor)
	for _, name := range kubernetesPrograms {
		if err := c.build(ctx, dir, name, "build", ldflags, "k8s.io/kubernetes/cmd/"+name); err != nil {
			return "", err
		}
	}
	// A module of its own: its dependencies are not those that Kubernetes was tested with.
	err = c.build(ctx, dir, "coredns", "install", "-s -w", "github.com/coredns/coredns@"+coreDNSVersion)
	if err != nil {
		return "", err
	}
	return dir, c.build(ctx, dir, "pause", "build", "-s -w", module+"/cluster/pause")
}

// build builds one program, unless it is there: our own is always built, as its version says nothing. A
// build that breaks off leaves nothing.
func (c *cluster) build(ctx context.Context, dir, name, verb, ldflags, pkg string) error {
	target := filepath.Join(dir, name)
	if ours := strings.HasPrefix(pkg, module); !ours {
		if _, err := os.Stat(target); err == nil {
			return nil
		}
		c.say("building %s (once)", pkg)
	}
	scratch, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	args := []string{verb, "-trimpath", "-ldflags", ldflags}
	if verb == "build" {
		args = append(args, "-o", filepath.Join(scratch, name))
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+scratch)
	if err := finish(cmd); err != nil {
		return fmt.Errorf("building %q: %w", name, err)
	}
	return os.Rename(filepath.Join(scratch, name), target)
}

// kubernetesVersion is what go.mod says.
func kubernetesVersion(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes").Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of Kubernetes: run this in the module %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}
