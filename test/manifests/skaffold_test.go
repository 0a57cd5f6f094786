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
// not know. There is no portForward but in a profile, on purpose: after each save Skaffold drops the log for another second for it,
// in which the prober says what the save did.
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
		Name        string
		Manifests   kustomizePaths
		PortForward []portForward `yaml:"portForward"`
		Deploy      struct {
			Logs struct {
				Prefix    string
				JSONParse struct{ Fields []string } `yaml:"jsonParse"`
			}
		}
	}
}

type portForward struct {
	ResourceType string `yaml:"resourceType"`
	ResourceName string `yaml:"resourceName"`
	Namespace    string
	Port         int
	LocalPort    int `yaml:"localPort"`
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
	// What Skaffold 2.15 reads. The Dockerfiles have cache mounts, which need BuildKit.
	if s.APIVersion != "skaffold/v4beta13" || s.Kind != "Config" || !s.Build.Local.UseBuildkit {
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
		if p.Name == "page" {
			continue
		}
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

func TestTheProfilePageForwardsTheProbersPort(t *testing.T) {
	var got []portForward
	for _, p := range readSkaffold(t).Profiles {
		if p.Name == "page" {
			got = p.PortForward
		}
	}
	var want []portForward
	for _, p := range render(t, configs).pods() {
		for _, c := range p.Spec.Containers {
			for _, port := range c.Ports {
				if c.Name == "prober" && port.Name == "http" {
					want = append(want, portForward{"pod", p.Name, p.Namespace, int(port.ContainerPort), 8080})
				}
			}
		}
	}
	if len(want) != 1 || !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
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
