package manifests

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// tutorial is a pod of the tutorial.
func tutorial(t *testing.T, container string) corev1.Pod {
	t.Helper()
	pods := with(render(t, configs).pods(), container)
	if len(pods) != 1 {
		t.Fatalf("%d pods with %s", len(pods), container)
	}
	return pods[0]
}

func without(c *corev1.Container, variable string) {
	c.Env = slices.DeleteFunc(c.Env, func(v corev1.EnvVar) bool { return v.Name == variable })
}

func TestTheDeploymentsPodIsTheTutorialsAndHandsOver(t *testing.T) {
	all := render(t, overlays+"/deployment")
	d := only[*appsv1.Deployment](t, all)
	want := tutorial(t, "httpd")
	want.Spec.Hostname, want.Spec.Subdomain = "", ""
	without(&want.Spec.Containers[0], "HTTPD_DRAIN_DELAY")
	if !reflect.DeepEqual(d.Spec.Template.Spec, want.Spec) || !reflect.DeepEqual(d.Spec.Template.Labels, want.Labels) {
		t.Errorf("its pod is %+v", d.Spec.Template)
	}
	if u := d.Spec.Strategy.RollingUpdate; u.MaxUnavailable.IntValue() != 0 || u.MaxSurge.IntValue() != 1 || *d.Spec.Replicas != 1 {
		t.Errorf("%d replicas, %+v", *d.Spec.Replicas, u)
	}
	if pods := of[*corev1.Pod](all); len(pods) != 1 || pods[0].Name != "pod-prober" {
		t.Errorf("%d plain Pods beside it", len(pods))
	}
}

func TestReplicasAreTheDeploymentThreeTimes(t *testing.T) {
	got := only[*appsv1.Deployment](t, render(t, overlays+"/replicas"))
	want := only[*appsv1.Deployment](t, render(t, overlays+"/deployment"))
	if *got.Spec.Replicas != 3 {
		t.Errorf("%d replicas", *got.Spec.Replicas)
	}
	*got.Spec.Replicas = *want.Spec.Replicas
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestTheDaemonSetsPodIsTheTutorialsOnEveryNode(t *testing.T) {
	all := render(t, overlays+"/daemonset")
	d := only[*appsv1.DaemonSet](t, all)
	want := tutorial(t, "prober")
	want.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}
	got := d.Spec.Template
	if env(&got.Spec.Containers[0], "PROBER_LOG_ROUNDS") != "changes" {
		t.Error("it logs every round")
	}
	without(&got.Spec.Containers[0], "PROBER_LOG_ROUNDS")
	if !reflect.DeepEqual(got.Spec, want.Spec) || !reflect.DeepEqual(got.Labels, want.Labels) {
		t.Errorf("its pod is %+v", got)
	}
	if pods := of[*corev1.Pod](all); len(pods) != 1 || pods[0].Name != "pod-httpd" {
		t.Errorf("%d plain Pods beside it", len(pods))
	}
}

func TestTheSidecarIsTheTutorialsProberAndStartsAfterHttpd(t *testing.T) {
	got := only[*corev1.Pod](t, render(t, overlays+"/sidecar"))
	if got.Name != "pod-httpd" || len(got.Spec.Containers) != 2 {
		t.Fatalf("got %+v", got)
	}
	httpd, prober := tutorial(t, "httpd").Spec.Containers[0], tutorial(t, "prober").Spec.Containers[0]
	prober.Args, prober.VolumeMounts = got.Spec.Containers[1].Args, got.Spec.Containers[1].VolumeMounts
	if want := []corev1.Container{httpd, prober}; !reflect.DeepEqual(got.Spec.Containers, want) {
		t.Errorf("its containers are %+v", got.Spec.Containers)
	}
	if got.Annotations["kubectl.kubernetes.io/default-container"] != "prober" {
		t.Errorf("kubectl logs shows the log of another: %v", got.Annotations)
	}
}

func TestAnotherConfigurationIsAnotherName(t *testing.T) {
	names := map[string]bool{}
	for _, overlay := range []string{"approaches", "sidecar"} {
		m := only[*corev1.ConfigMap](t, render(t, filepath.Join(overlays, overlay)))
		if !strings.HasPrefix(m.Name, "prober-") {
			t.Errorf("%s: a save would not reach a Pod that runs: %s", overlay, m.Name)
		}
		names[m.Name] = true
	}
	if len(names) != 2 {
		t.Errorf("names are %v", names)
	}
}

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
		Kubectl struct {
			Flags struct{ Apply []string }
		}
	}
	Profiles []struct {
		Name      string
		Manifests kustomizePaths
	}
}

type kustomizePaths struct{ Kustomize struct{ Paths []string } }

func TestSkaffoldBuildsEveryImageAndHasAProfileForEachOverlay(t *testing.T) {
	var s skaffold
	d := yaml.NewDecoder(strings.NewReader(string(read(t, root+"/skaffold.yaml"))))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	// The Dockerfiles have cache mounts, which need BuildKit.
	if s.APIVersion != "skaffold/v4beta13" || s.Kind != "Config" || !s.Build.Local.UseBuildkit {
		t.Errorf("got %+v", s)
	}
	var built, used []string
	for _, a := range s.Build.Artifacts {
		built = append(built, a.Image)
		dockerfile := string(read(t, filepath.Join(root, a.Docker.Dockerfile)))
		for arg := range a.Docker.BuildArgs {
			if !strings.Contains(dockerfile, "\nARG "+arg) {
				t.Errorf("%s knows no %s", a.Docker.Dockerfile, arg)
			}
		}
		if a.Docker.Dockerfile != "Dockerfile."+filepath.Base(a.Image) {
			t.Errorf("%s is built by %s", a.Image, a.Docker.Dockerfile)
		}
	}
	var offered []string
	for _, p := range s.Profiles {
		offered = append(offered, filepath.Join(overlays, p.Name))
		if want := []string{"manifests/overlays/" + p.Name}; !slices.Equal(p.Manifests.Kustomize.Paths, want) {
			t.Errorf("profile %s takes %v", p.Name, p.Manifests.Kustomize.Paths)
		}
	}
	all := kustomizations(t)
	for _, dir := range all {
		for _, p := range render(t, dir).pods() {
			for _, c := range p.Spec.Containers {
				used = append(used, c.Image)
			}
		}
	}
	slices.Sort(built)
	slices.Sort(used)
	slices.Sort(offered)
	if used = slices.Compact(used); !slices.Equal(built, used) {
		t.Errorf("built are %v, used %v", built, used)
	}
	if !slices.Equal(offered, all[1:]) || !slices.Equal(s.Manifests.Kustomize.Paths, []string{"manifests/configs"}) {
		t.Errorf("profiles for %v, overlays %v, without one %v", offered, all[1:], s.Manifests.Kustomize.Paths)
	}
}
