package monitoring

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Debian's Prometheus is built without Kubernetes, so targets stand here as it would find them, two with our annotations.
func TestTheConfigurationInTheDocumentFindsPodsByTheirAnnotations(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(rule_files.*?)```").FindSubmatch(read(t, root+"/docs/metrics.md"))
	if block == nil {
		t.Fatal("there is no configuration")
	}
	const discovery = "kubernetes_sd_configs: [{role: pod}]"
	pod := func(name, ip, port, scrape string) string {
		return `
      - targets: ["` + ip + `"]
        labels:
          __meta_kubernetes_namespace: localcluster
          __meta_kubernetes_pod_name: pod-` + name + `
          __meta_kubernetes_pod_ip: "` + ip + `"
          __meta_kubernetes_pod_label_app_kubernetes_io_name: ` + name + `
          __meta_kubernetes_pod_annotation_prometheus_io_scrape: "` + scrape + `"
          __meta_kubernetes_pod_annotation_prometheus_io_port: "` + port + `"
          __meta_kubernetes_pod_annotation_prometheus_io_path: /metrics`
	}
	found := "static_configs:" + pod("httpd", "127.0.0.9", "80", "true") + pod("prober", "::1", "8080", "true") + pod("other", "127.0.0.9", "81", "")
	config := strings.Replace(string(block[1]), discovery, found, 1)
	p := serve(t, config, string(read(t, overlay+"/rules.yml")))
	var data struct {
		ActiveTargets []struct {
			ScrapeURL string
			Labels    labels
		}
	}
	var got []string
	eventually(t, "there are targets", func() bool {
		p.ask("targets", nil, &data)
		return len(data.ActiveTargets) > 0
	})
	for _, a := range data.ActiveTargets {
		got = append(got, a.Labels["namespace"]+" "+a.Labels["job"]+" "+a.Labels["pod"]+" "+a.ScrapeURL)
	}
	slices.Sort(got)
	want := []string{
		"localcluster httpd pod-httpd http://127.0.0.9:80/metrics", "localcluster prober pod-prober http://[::1]:8080/metrics",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
