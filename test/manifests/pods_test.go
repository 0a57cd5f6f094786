package manifests

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// eachContainer runs a test on every container of every kustomization.
func eachContainer(t *testing.T, test func(*testing.T, corev1.Pod, *corev1.Container)) {
	each(t, func(t *testing.T, all objects) {
		pods := all.pods()
		if len(with(pods, "httpd")) == 0 || len(with(pods, "prober")) == 0 {
			t.Error("no httpd, or no prober")
		}
		for _, p := range pods {
			for i := range p.Spec.Containers {
				t.Run(p.Name+"/"+p.Spec.Containers[i].Name, func(t *testing.T) { test(t, p, &p.Spec.Containers[i]) })
			}
		}
	})
}

func TestTheNamespaceEnforcesRestrictedAndEveryPodIsSo(t *testing.T) {
	checks, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	free := api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()}
	each(t, func(t *testing.T, all objects) {
		asked, errs := api.PolicyToEvaluate(only[*corev1.Namespace](t, all).Labels, api.Policy{Enforce: free, Audit: free, Warn: free})
		if len(errs) > 0 || asked != (api.Policy{Enforce: restricted, Audit: restricted, Warn: restricted}) {
			t.Errorf("the namespace asks for %+v, %v", asked, errs)
		}
		for _, p := range all.pods() {
			for _, r := range checks.EvaluatePod(restricted, &p.ObjectMeta, &p.Spec) {
				if !r.Allowed {
					t.Errorf("%s: %s: %s", p.Name, r.ForbiddenReason, r.ForbiddenDetail)
				}
			}
		}
	})
}

// What restricted leaves open.
func TestNoPodCanWriteItsRootOrTalkToTheAPI(t *testing.T) {
	eachContainer(t, func(t *testing.T, p corev1.Pod, c *corev1.Container) {
		if token := p.Spec.AutomountServiceAccountToken; token == nil || *token {
			t.Error("it has a service-account token")
		}
		if links := p.Spec.EnableServiceLinks; links == nil || *links {
			t.Error("a Service named httpd would set HTTPD_PORT")
		}
		if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
			t.Error("it can write its root file system")
		}
		// With a user by number the kubelet needs not look into the image to know that it is not root.
		if s := p.Spec.SecurityContext; s.RunAsUser == nil || *s.RunAsUser == 0 || s.RunAsGroup == nil || *s.RunAsGroup == 0 {
			t.Error("it runs as root, or as whom the image says")
		}
	})
}

// The port is the URL's, http://apache.localcluster.
func TestPort80NeedsNoRootInHttpdsPodAndNoPodHasOtherSysctls(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, p := range all.pods() {
			want := []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "80"}}
			if find(p, "httpd") == nil {
				want = nil
			}
			if got := p.Spec.SecurityContext.Sysctls; !slices.Equal(got, want) {
				t.Errorf("%s has %v", p.Name, got)
			}
		}
	})
}

// A bare "httpd" would be Apache's, of Docker Hub.
func TestImagesAreOursAndNotPulledWhereTheyAre(t *testing.T) {
	eachContainer(t, func(t *testing.T, _ corev1.Pod, c *corev1.Container) {
		if c.Image != "callbyname/"+c.Name || c.ImagePullPolicy != corev1.PullIfNotPresent {
			t.Errorf("image %s, %s", c.Image, c.ImagePullPolicy)
		}
	})
}

func TestEveryContainerHasRequestsAndLimitsAndKeepsBelowItsMemory(t *testing.T) {
	eachContainer(t, func(t *testing.T, _ corev1.Pod, c *corev1.Container) {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			request, limit := c.Resources.Requests[name], c.Resources.Limits[name]
			if request.IsZero() || limit.IsZero() || request.Cmp(limit) > 0 {
				t.Errorf("%s: request %v, limit %v", name, &request, &limit)
			}
		}
		// The Go runtime writes MiB where Kubernetes writes Mi.
		goal, err := resource.ParseQuantity(strings.TrimSuffix(env(c, "GOMEMLIMIT"), "B"))
		if limit := c.Resources.Limits.Memory().Value(); err != nil || goal.Value() < limit/2 || goal.Value() > limit*9/10 {
			t.Errorf("GOMEMLIMIT is %q, limit %v, %v", env(c, "GOMEMLIMIT"), c.Resources.Limits.Memory(), err)
		}
		// A process that used up its share of a period, 100 ms, stands still for the rest of it.
		if c.Name == "prober" && c.Resources.Limits.Cpu().Cmp(resource.MustParse("1")) < 0 {
			t.Error("the prober can be throttled at a tick, and would measure that")
		}
	})
}

func TestEachPortHasANameOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, p := range all.pods() {
			want := map[string]int32{"http": 8080}
			if find(p, "httpd") != nil {
				want["http"] = 80 // what the Services lead to
			}
			if len(p.Spec.Containers) > 1 {
				want["page"] = 8080
			}
			for _, c := range p.Spec.Containers {
				for _, port := range c.Ports {
					if want[port.Name] != port.ContainerPort {
						t.Errorf("%s: port %d of %s is called %q", p.Name, port.ContainerPort, c.Name, port.Name)
					}
					delete(want, port.Name)
				}
			}
			if len(want) > 0 {
				t.Errorf("%s has no ports %v", p.Name, want)
			}
		}
	})
}

func TestProbesAskByThePortsName(t *testing.T) {
	eachContainer(t, func(t *testing.T, p corev1.Pod, c *corev1.Container) {
		ready, alive := "/readyz", "/healthz"
		if c.Name == "prober" {
			alive = "" // its pin would be gone with it
		}
		if c.Name == "prober" && find(p, "httpd") != nil {
			ready = "" // the pod is as ready as httpd is
		}
		for _, ask := range []struct {
			what, path string
			probe      *corev1.Probe
		}{{"ready", ready, c.ReadinessProbe}, {"alive", alive, c.LivenessProbe}, {"started", "", c.StartupProbe}} {
			switch {
			case ask.path == "" && ask.probe == nil:
			case ask.path == "" || ask.probe == nil || ask.probe.HTTPGet == nil || ask.probe.HTTPGet.Path != ask.path ||
				ask.probe.HTTPGet.Port != intstr.FromString("http"):
				t.Errorf("whether it is %s is asked by %+v", ask.what, ask.probe)
			}
		}
	})
}

func TestHttpdIsToldWhoItIs(t *testing.T) {
	want := map[string]string{
		"POD_IP": "status.podIP", "POD_IPS": "status.podIPs", "POD_NAME": "metadata.name", "POD_UID": "metadata.uid",
		"POD_NAMESPACE": "metadata.namespace", "NODE_NAME": "spec.nodeName",
	}
	eachContainer(t, func(t *testing.T, _ corev1.Pod, c *corev1.Container) {
		if c.Name != "httpd" {
			return
		}
		told := map[string]bool{}
		for _, v := range c.Env {
			if v.ValueFrom == nil {
				continue
			}
			if v.ValueFrom.FieldRef == nil || v.ValueFrom.FieldRef.FieldPath != want[v.Name] {
				t.Errorf("%s is %+v", v.Name, v.ValueFrom)
			}
			told[v.Name] = true
		}
		if len(told) != len(want) {
			t.Errorf("told is %v", told)
		}
	})
}

func TestLabelsAreTheRecommendedOnes(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, p := range all.pods() {
			name, component := "prober", "client"
			if find(p, "httpd") != nil {
				name, component = "httpd", "server"
			}
			for label, want := range map[string]string{"name": name, "component": component, "part-of": "callbyname"} {
				if got := p.Labels["app.kubernetes.io/"+label]; got != want {
					t.Errorf("%s: %s is %q, not %q", p.Name, label, got, want)
				}
			}
		}
	})
}
