package monitoring

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// rendered are the objects of a folder as `kubectl kustomize` has them, by kind and name.
func rendered(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, r := range m.Resources() {
		if all[r.GetKind()+" "+r.GetName()], err = r.AsYAML(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// object is the one of that kind and name. A field that the kind does not have is refused.
func object[T any](t *testing.T, all map[string][]byte, name string) (o T) {
	t.Helper()
	if all[name] == nil {
		t.Fatalf("there is no %s", name)
	}
	if err := yaml.UnmarshalStrict(all[name], &o); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return o
}

// A cluster that does not know the operator's kinds takes the overlay all the same: a folder of its own holds them.
func TestTheOverlayNeedsNoOperator(t *testing.T) {
	for name, text := range rendered(t, overlay) {
		if bytes.Contains(text, []byte("monitoring.coreos.com")) {
			t.Errorf("%s is the operator's", name)
		}
	}
	operator := rendered(t, overlay+"/operator")
	object[monitoringv1.PrometheusRule](t, operator, "PrometheusRule callbyname")
	if len(operator) != 2 {
		t.Errorf("%d objects are the operator's", len(operator))
	}
}

// Whoever scrapes by annotations, by the PodMonitor or by the NetworkPolicy's leave comes to the same port.
func TestBothPodsAreScrapedAtTheirPortAndByPrometheusAlone(t *testing.T) {
	all := rendered(t, overlay)
	monitor := object[monitoringv1.PodMonitor](t, rendered(t, overlay+"/operator"), "PodMonitor callbyname")
	policy := object[networkingv1.NetworkPolicy](t, all, "NetworkPolicy metrics")
	if e := monitor.Spec.PodMetricsEndpoints; len(e) != 1 || e[0].Port == nil || *e[0].Port != "http" || e[0].Path != "/metrics" {
		t.Errorf("the PodMonitor's endpoints are %+v", e)
	}
	for name, port := range map[string]string{"httpd": "80", "prober": "8080"} {
		pod := object[corev1.Pod](t, all, "Pod pod-"+name)
		for label, want := range map[string]string{"scrape": "true", "port": port, "path": "/metrics"} {
			if got := pod.Annotations["prometheus.io/"+label]; got != want {
				t.Errorf("%s: prometheus.io/%s is %q, want %q", name, label, got, want)
			}
		}
		named := func(p corev1.ContainerPort) bool {
			return p.Name == "http" && port == strconv.Itoa(int(p.ContainerPort))
		}
		if !slices.ContainsFunc(pod.Spec.Containers[0].Ports, named) {
			t.Errorf("%s: the port http is not %s: %+v", name, port, pod.Spec.Containers[0].Ports)
		}
		if !selects(t, monitor.Spec.Selector, pod.Labels) || !selects(t, policy.Spec.PodSelector, pod.Labels) {
			t.Errorf("%s is not selected", name)
		}
		if pod.Labels[monitor.Spec.JobLabel] != name {
			t.Errorf("%s: its job is %q", name, pod.Labels[monitor.Spec.JobLabel])
		}
	}
	in := policy.Spec.Ingress
	if len(in) != 1 || len(in[0].From) != 1 || len(in[0].Ports) != 1 || in[0].Ports[0].Port.String() != "http" ||
		len(policy.Spec.PolicyTypes) != 1 || len(policy.Spec.Egress) != 0 {
		t.Fatalf("the policy is %+v", policy.Spec)
	}
	peer := in[0].From[0]
	if !selects(t, *peer.NamespaceSelector, nil) || !selects(t, *peer.PodSelector, labels{"app.kubernetes.io/name": "prometheus"}) ||
		selects(t, *peer.PodSelector, labels{"app.kubernetes.io/name": "other"}) {
		t.Errorf("the policy admits %+v", peer)
	}
}

func TestGrafanaFindsTheDashboard(t *testing.T) {
	m := object[corev1.ConfigMap](t, rendered(t, overlay), "ConfigMap callbyname-dashboard")
	if m.Labels["grafana_dashboard"] != "1" || strings.TrimSpace(m.Data["callbyname.json"]) != string(read(t, overlay+"/dashboard.json")) {
		t.Errorf("got %v, %v", m.ObjectMeta, m.Data)
	}
}

func selects(t *testing.T, selector metav1.LabelSelector, of map[string]string) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(k8slabels.Set(of))
}
