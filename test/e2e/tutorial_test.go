package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal is where somebody types what the tutorial says. It has a kubeconfig of its own, since the tutorial changes it.
type terminal struct {
	*space
	kubeconfig string
}

func newTerminal(s *space) terminal {
	s.Helper()
	path := filepath.Join(s.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(s.kubectl("config", "view", "--raw", "--flatten")), 0o600); err != nil {
		s.Fatal(err)
	}
	return terminal{s, path}
}

// try runs a line without quotes or pipes, shows it with its output, and returns that output and the exit status.
func (u terminal) try(line string) (out string, status int) {
	u.Helper()
	words := strings.Fields(line)
	cmd := exec.CommandContext(u.Context(), words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+u.kubeconfig)
	both, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		u.Fatal(err)
	}
	u.Logf("$ %s\n%s", line, both)
	return string(both), cmd.ProcessState.ExitCode()
}

// run is try for a line that must work.
func (u terminal) run(line string) string {
	u.Helper()
	out, status := u.try(line)
	if status != 0 {
		u.Fatalf("exit status %d of: %s", status, line)
	}
	return out
}

// column is a field of the line that begins with a word in a table that kubectl printed.
func column(t *testing.T, table, name, header string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(table), "\n")
	for i, head := range strings.Fields(lines[0]) {
		for _, line := range lines[1:] {
			if cells := strings.Fields(line); head == header && cells[0] == name {
				return cells[i]
			}
		}
	}
	t.Fatalf("no %s of %s in\n%s", header, name, table)
	return ""
}

// The tutorial, as somebody types it who has the repository; only the namespace has another name.
func TestTheTutorialWorksLineByLine(t *testing.T) {
	t.Parallel()
	s := emptySpace(t)
	u := newTerminal(s)
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(manifests, "configs", "*"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte(users), []byte(s.name))
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	u.run("kubectl apply -f " + dir)
	if out := u.run("kubectl apply -k " + dir); strings.Contains(out, "created") || strings.Contains(out, "configured") {
		t.Errorf("apply -k of the same folder is something else:\n%s", out)
	}
	u.run("kubectl config set-context --current --namespace=" + s.name)
	u.run("kubectl wait --for=condition=Ready pod --all --timeout=90s")
	first := s.pod("pod-httpd")
	table := u.run("kubectl get pods -o wide")
	ip := column(t, table, "pod-httpd", "IP")
	if ip != first.Status.PodIP || column(t, table, "pod-prober", "IP") == ip {
		t.Errorf("pod-httpd has %s, and Kubernetes says %s", ip, first.Status.PodIP)
	}

	// A pod calls a pod: by number, and by name.
	answers := func(url, uid, address string) {
		t.Helper()
		s.await(patience, url+" to be answered by "+uid, func() string { // kube-proxy follows when it can
			out, status := u.try("kubectl exec pod-prober -- curl -sS -m 2 " + url)
			if status != 0 || !strings.Contains(out, uid) || !strings.Contains(out, address) {
				return out
			}
			return ""
		})
	}
	answers("http://"+ip, string(first.UID), ip)
	answers(s.url(), string(first.UID), ip)
	out := u.run("kubectl exec pod-prober -- /prober resolve apache." + s.name)
	if !strings.Contains(out, s.service("apache").Spec.ClusterIP) {
		t.Error("/prober resolve does not tell the Service's address")
	}

	// The pod is recreated: the number is another one, and the name is not.
	u.run("kubectl delete pod pod-httpd")
	u.run("kubectl apply -f " + filepath.Join(dir, "pod-httpd.yml"))
	u.run("kubectl wait --for=condition=Ready pod pod-httpd --timeout=90s")
	second := s.pod("pod-httpd")
	now := column(t, u.run("kubectl get pods -o wide"), "pod-httpd", "IP")
	if now == ip || second.UID == first.UID {
		t.Fatalf("the pod has the IP %s again, or was not recreated: UID %s, then %s", ip, first.UID, second.UID)
	}
	out, status := u.try("kubectl exec pod-prober -- curl -sS -m 5 http://" + ip)
	if status != 7 && status != 28 {
		t.Errorf("curl by the old IP: exit status %d, %s", status, out)
	}
	answers("http://"+now, string(second.UID), now)
	answers(s.url(), string(second.UID), now)

	// The prober has seen it all.
	for _, want := range []string{
		"the IP to call is " + ip + ":80 from now on: pod-httpd, reached through dns",
		"pod recreated: pod-httpd " + ip + " -> " + now,
	} {
		s.await(20*time.Second, want, func() string {
			if log := s.kubectl("logs", "pod-prober"); !strings.Contains(log, want) {
				return "not in\n" + log
			}
			return ""
		})
	}
}
