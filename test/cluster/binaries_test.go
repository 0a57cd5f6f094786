package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsMissingIsSaidWithTheCommandThatInstallsIt(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	for _, tool := range tools {
		if tool[0] == "nft" || tool[0] == "ctr" || tool[0] == "containerd" || filepath.IsAbs(tool[0]) {
			continue
		}
		if err := os.WriteFile(filepath.Join(bin, tool[0]), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := checkTools()
	if err == nil || !strings.Contains(err.Error(), "ctr") || !strings.Contains(err.Error(), "nft") {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "--no-install-recommends containerd ") || strings.Contains(err.Error(), "runc") {
		t.Errorf("not the packages that are missing, each once: %v", err)
	}
}

func TestTheVersionOfKubernetesIsThatOfTheModule(t *testing.T) {
	raw, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version, err := kubernetesVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "\tk8s.io/kubernetes "+version+" ") {
		t.Errorf("version %q is not in go.mod", version)
	}
	dir, err := programsDir(version)
	if err != nil || !strings.Contains(dir, version) || !strings.Contains(dir, coreDNSVersion) {
		t.Errorf("programs in %q, error %v: not told apart by version", dir, err)
	}
}
