package manifests

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// skaffold is what skaffold.yaml uses of https://skaffold.dev/docs/references/yaml/. Skaffold, too, refuses keys that it does
// not know. There is no portForward on purpose: after each save Skaffold would drop the log for another second, in which the
// prober says what the save did.
type skaffold struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Build      struct {
		Local struct {
			UseBuildkit bool `yaml:"useBuildkit"`
		}
		Artifacts []struct {
			Image  string
			Docker struct {
				Dockerfile string
				BuildArgs  map[string]string `yaml:"buildArgs"`
			}
		}
	}
	Manifests kustomizePaths
	Deploy    struct {
		StatusCheck *bool `yaml:"statusCheck"`
		Kubectl     struct {
			Flags struct{ Apply []string }
		}
	}
	Profiles []struct {
		Name      string
		Manifests kustomizePaths
		Deploy    struct {
			Logs struct {
				Prefix    string
				JSONParse struct{ Fields []string } `yaml:"jsonParse"`
			}
		}
	}
}

type kustomizePaths struct{ Kustomize struct{ Paths []string } }

func readSkaffold(t *testing.T) skaffold {
	t.Helper()
	var s skaffold
	d := yaml.NewDecoder(bytes.NewReader(read(t, root+"/skaffold.yaml")))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSkaffoldBuildsEachImageByItsDockerfile(t *testing.T) {
	s := readSkaffold(t)
	// What Skaffold 2.14 reads; v4beta13 takes 2.15. The Dockerfiles have cache mounts, which need BuildKit.
	if s.APIVersion != "skaffold/v4beta12" || s.Kind != "Config" || !s.Build.Local.UseBuildkit {
		t.Errorf("got %+v", s)
	}
	var built, used []string
	for _, a := range s.Build.Artifacts {
		built = append(built, a.Image)
		if a.Docker.Dockerfile != "Dockerfile."+filepath.Base(a.Image) {
			t.Errorf("%s is built by %s", a.Image, a.Docker.Dockerfile)
		}
		dockerfile := string(read(t, filepath.Join(root, a.Docker.Dockerfile)))
		for arg := range a.Docker.BuildArgs {
			if !strings.Contains(dockerfile, "\nARG "+arg) {
				t.Errorf("%s knows no %s", a.Docker.Dockerfile, arg)
			}
		}
	}
	for _, dir := range kustomizations(t) {
		for _, p := range render(t, dir).pods() {
			for _, c := range p.Spec.Containers {
				used = append(used, c.Image)
			}
		}
	}
	slices.Sort(built)
	slices.Sort(used)
	if used = slices.Compact(used); !slices.Equal(built, used) {
		t.Errorf("built are %v, used %v", built, used)
	}
}

func TestEachOverlayIsAProfileOfSkaffold(t *testing.T) {
	s := readSkaffold(t)
	if !slices.Equal(s.Manifests.Kustomize.Paths, []string{"manifests/configs"}) {
		t.Errorf("without a profile: %v", s.Manifests.Kustomize.Paths)
	}
	var offered []string
	for _, p := range s.Profiles {
		offered = append(offered, filepath.Join(overlays, p.Name))
		if want := []string{"manifests/overlays/" + p.Name}; !slices.Equal(p.Manifests.Kustomize.Paths, want) {
			t.Errorf("profile %s takes %v", p.Name, p.Manifests.Kustomize.Paths)
		}
	}
	slices.Sort(offered)
	if all := kustomizations(t)[1:]; !slices.Equal(offered, all) {
		t.Errorf("profiles for %v, overlays are %v", offered, all)
	}
}

func TestUnderSkaffoldASaveIsSeenInTheLogAndReachesAPodThatRuns(t *testing.T) {
	s := readSkaffold(t)
	if check := s.Deploy.StatusCheck; check == nil || *check {
		t.Error("log lines are dropped until the pods are stable again")
	}
	if !slices.Contains(s.Deploy.Kubectl.Flags.Apply, "--force") {
		t.Error("a Pod whose manifest was changed is not replaced")
	}
}
