package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"callbyname/internal/compare"
)

// Each overlay as users apply it, without an edit, and what its prober is there to say. (The approaches are looked at in all
// other tests.)

func TestTheDeploymentOverlayRecreatesThePodOnEachRollout(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/deployment")
	old := s.ready("httpd", 1)[0]
	// In the first rounds every pod is new, and a second one might have been there all the time.
	s.awaitLog("pod-prober", "prober", `(?m)^\S+ +httpd #(1[5-9]|[2-9]\d) +ip `+quote(old.Status.PodIP)+`:80 +ok .*$`)
	s.kubectl("rollout", "restart", "deployment/httpd")
	s.kubectl("rollout", "status", "deployment/httpd", "--timeout=90s")
	successor := s.ready("httpd", 1)[0]
	s.awaitLog("pod-prober", "prober", `pod recreated: `+quote(old.Name+" "+old.Status.PodIP+" -> "+successor.Name+" "+successor.Status.PodIP))
	s.awaitLog("pod-prober", "prober", `(?m)^ +ip +BROKEN .*$`)
	s.awaitLog("pod-prober", "prober", `(?m)^ +dns +survived +0 .*$`)
}

func TestTheReplicasOverlayIsAnsweredByAllThree(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/replicas")
	for _, p := range s.ready("httpd", 3) {
		s.awaitLog("pod-prober", "prober", `dns: `+quote(p.Name+" "+p.Status.PodIP))
	}
	if log := s.kubectl("logs", "pod-prober"); strings.Contains(log, "recreated") || strings.Contains(log, "WRONG_POD") {
		t.Errorf("three replicas are taken for something else:\n%s", log)
	}
}

func TestTheDaemonSetOverlayProbesFromEachNode(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/daemonset")
	nodes := s.nodes()
	httpd := s.ready("httpd", 1)[0]
	on := map[string]bool{}
	for _, p := range s.ready("prober", len(nodes)) {
		on[p.Spec.NodeName] = true
		s.awaitLog(p.Name, "prober", `the IP to call is `+quote(httpd.Status.PodIP)+`:80 from now on`)
	}
	if len(on) != len(nodes) {
		t.Errorf("probers on %v, of %d nodes", on, len(nodes))
	}
	old := s.recreate()
	successor := s.ready("httpd", 1)[0]
	for _, p := range s.ready("prober", len(nodes)) {
		s.awaitLog(p.Name, "prober", `pod recreated: pod-httpd `+quote(old.Status.PodIP+" -> "+successor.Status.PodIP))
	}
}

func TestTheSidecarOverlayCallsItsOwnPod(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/sidecar")
	pod := s.ready("httpd", 1)[0]
	s.awaitLog("pod-httpd", "prober", `(?m) localhost .*ok .* ip .*ok .* dns .*ok .*$`)
	s.awaitLog("pod-httpd", "prober", `the IP to call is `+quote(pod.Status.PodIP)+`:80 from now on`)
	s.kubectl("set", "image", "pod/pod-httpd", "httpd=docker.io/callbyname/httpd:latest")
	s.awaitLog("pod-httpd", "prober", `pod-httpd restarted in place: .* keeps its IP `+quote(pod.Status.PodIP))
	log := s.kubectl("logs", "pod-httpd", "--container=prober")
	if strings.Contains(log, "recreated") || strings.Contains(log, string(compare.NoPin)) {
		t.Errorf("its own pod was recreated under it, or could not be pinned:\n%s", log)
	}
}

// Prometheus finds what to scrape by the annotations; there it must find the pods' own truth.
func TestTheMonitoringOverlayCanBeScrapedWhereItSays(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/monitoring")
	httpd := s.ready("httpd", 1)[0]
	s.awaitLog("pod-prober", "prober", `(?m) ip `+quote(httpd.Status.PodIP)+`:80 +ok .*$`)
	for pod, wants := range map[string][]string{
		"pod-httpd":  {`(?m)^callbyname_httpd_identity_info{.*pod_uid="` + quote(string(httpd.UID)) + `".*} 1$`},
		"pod-prober": {`(?m)^callbyname_up{approach="ip",target="httpd"} 1$`, `(?m)^callbyname_up{approach="dns",target="httpd"} 1$`},
	} {
		at := s.pod(pod).Annotations
		if at["prometheus.io/scrape"] != "true" {
			t.Errorf("%s is not to be scraped: %v", pod, at)
		}
		body := request(t, http.MethodGet, s.forward(pod, at["prometheus.io/port"])+at["prometheus.io/path"])
		for _, want := range wants {
			if found := regexp.MustCompile(want).FindString(body); found == "" {
				t.Errorf("%s does not say %s:\n%s", pod, want, body)
			} else {
				t.Log(found)
			}
		}
	}
	report := s.kubectl("exec", "pod-prober", "--", "/prober", "report", "--from", "http://localhost:8080")
	if !regexp.MustCompile(`(?m)^  ip +` + quote(httpd.Status.PodIP) + `:80 `).MatchString(report) {
		t.Errorf("the report of the prober that runs has no pinned %s:\n%s", httpd.Status.PodIP, report)
	}
}

func quote(s string) string { return regexp.QuoteMeta(s) }

// awaitLog waits until a container's log matches.
func (s *space) awaitLog(pod, container, pattern string) {
	s.Helper()
	r := regexp.MustCompile(pattern)
	s.await(patience, "the log of "+pod+" to have "+pattern, func() string {
		log, err := s.client.CoreV1().Pods(s.name).GetLogs(pod, &corev1.PodLogOptions{Container: container}).DoRaw(s.Context())
		if err != nil {
			return err.Error()
		}
		found := r.FindString(string(log))
		if found == "" {
			return "it has\n" + lastLines(string(log), 40)
		}
		s.Log(found)
		return ""
	})
}
