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
// not know.
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
	PortForward []forward `yaml:"portForward"`
	Profiles    []struct {
		Name        string
		Manifests   kustomizePaths
		PortForward []forward `yaml:"portForward"`
		Deploy      struct {
			Logs struct {
				Prefix    string
				JSONParse struct{ Fields []string } `yaml:"jsonParse"`
			}
		}
	}
}

type kustomizePaths struct{ Kustomize struct{ Paths []string } }

type forward struct {
	ResourceType string `yaml:"resourceType"`
	ResourceName string `yaml:"resourceName"`
	Namespace    string
	Port         int32
}

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
	// The Dockerfiles have cache mounts, which need BuildKit.
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

func TestSkaffoldForwardsThePortOfTheProbersPage(t *testing.T) {
	s := readSkaffold(t)
	check := func(dir string, forwards []forward) {
		if len(forwards) == 0 {
			forwards = s.PortForward // as Skaffold does
		}
		for _, o := range render(t, dir) {
			pods := with(objects{o}.pods(), "prober")
			if len(pods) == 0 {
				continue
			}
			kind := strings.ToLower(o.GetObjectKind().GroupVersionKind().Kind)
			want := []forward{{ResourceType: kind, ResourceName: pods[0].Name, Namespace: namespace, Port: 8080}}
			if !slices.Equal(forwards, want) {
				t.Errorf("%s: %+v, not %+v", dir, forwards, want)
			}
		}
	}
	check(configs, nil)
	for _, p := range s.Profiles {
		check(filepath.Join(overlays, p.Name), p.PortForward)
	}
}
