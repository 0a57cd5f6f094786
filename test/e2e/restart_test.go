package e2e

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"callbyname/internal/compare"
)

// What Skaffold does to a plain pod on each save: another image, here the same one under its full name. The container is
// replaced, the pod is not.
func TestARestartInPlaceIsNoRecreation(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	l.steady(5)
	before := s.pod("pod-httpd")
	s.kubectl("set", "image", "pod/pod-httpd", "httpd=docker.io/callbyname/httpd:latest")
	e := l.event(patience, compare.Restarted, "")
	l.steadySince(10)
	after := s.pod("pod-httpd")
	if after.UID != before.UID || after.Status.PodIP != before.Status.PodIP || after.Status.ContainerStatuses[0].RestartCount != 1 {
		t.Fatalf("Kubernetes has %s %s with %d restarts, after %s %s", after.UID, after.Status.PodIP,
			after.Status.ContainerStatuses[0].RestartCount, before.UID, before.Status.PodIP)
	}
	if e.Pod.UID != string(after.UID) || e.Pod.IP.String() != after.Status.PodIP || e.Pod.Instance == e.Was.Instance {
		t.Errorf("restarted: %+v, was %+v", e.Pod, e.Was)
	}
	for _, kind := range []compare.Kind{
		compare.Recreated, compare.PresumedRecreated, compare.Moved, compare.Lost, compare.RestartedOrRecreated,
	} {
		if n := l.count(kind, ""); n > 0 {
			t.Errorf("%d events %s", n, kind)
		}
	}
	sum := l.summary()
	if sum.Restarts != 1 || sum.Recreated != 0 {
		t.Errorf("%d restarts, %d recreations", sum.Restarts, sum.Recreated)
	}
	for _, a := range sum.Approaches {
		if a.Open != nil {
			t.Errorf("%s is still out", a.Name)
		}
		t.Logf("%-10s %s", a.Name, l.sequence(a.Name))
	}
	t.Log(e.Sentence())
}

// A pod that says that it is not ready loses its name and not its IP: what is wrong is told by comparing the two.
func TestAnUnreadyPodLosesItsNameAndKeepsItsIP(t *testing.T) {
	t.Parallel()
	s := newSpace(t, "overlays/approaches", often())
	l := s.prober("pod-prober")
	l.steady(5)
	admin := s.forward("pod-httpd", "8081")
	request(t, http.MethodPost, admin+"/unready")
	for _, approach := range []string{"dns", "headless", "pod-dns"} {
		broke := l.event(patience, compare.Broke, approach)
		t.Log(broke.Sentence())
		if broke.Outage.Likely != compare.NotReady {
			t.Errorf("%s: likely %q", approach, broke.Outage.Likely)
		}
	}
	s.ready("httpd", 0)
	s.await(patience, "some probes to the unready pod", func() string {
		if _, rows := l.rows("dns"); len(rows) < 10 {
			return "not yet"
		}
		return ""
	})
	request(t, http.MethodPost, admin+"/ready")
	l.event(patience, compare.Recovered, "dns")
	l.steadySince(3)
	l.checkOutage("dns", "apache")
	l.checkOutage("headless", "apache-pods")
	for approach, kind := range map[string]compare.Kind{"ip": compare.Broke, "keepalive": compare.Broke, "": compare.Recreated} {
		if n := l.count(kind, approach); n > 0 {
			t.Errorf("%d events %s %s: the pod was there all the time", n, kind, approach)
		}
	}
	for _, a := range l.summary().Approaches {
		t.Logf("%-10s %s", a.Name, l.sequence(a.Name))
	}
}

// forward is kubectl port-forward to a pod, until the test ends; it returns the URL on this machine.
func (s *space) forward(pod, port string) string {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	cmd := exec.CommandContext(ctx, "kubectl", "--namespace", s.name, "port-forward", "pod/"+pod, ":"+port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		cancel()
		io.Copy(io.Discard, out)
		cmd.Wait() // killed, which is no news
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	local := regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+) `).FindStringSubmatch(line)
	if err != nil || local == nil {
		s.Fatalf("kubectl port-forward said %q, %v", line, err)
	}
	return "http://" + local[1]
}

func request(t *testing.T, method, url string) (body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v\n%s", method, url, response.Status, err, b)
	}
	return string(b)
}
