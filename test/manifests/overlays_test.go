package manifests

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

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
	prober.Ports, prober.ReadinessProbe = []corev1.ContainerPort{{Name: "page", ContainerPort: 8080}}, nil
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
