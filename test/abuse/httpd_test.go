package abuse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// bound is for how long anything may keep a test waiting on a busy machine.
const bound = time.Minute

// pod is what manifests/configs/pod-httpd.yml lets the container have.
type pod struct {
	env    []string
	memory int64 // bytes
}

func manifest(t *testing.T) pod {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "manifests/configs/pod-httpd.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Spec struct {
			Containers []struct {
				Env       []struct{ Name, Value string }
				Resources struct{ Limits struct{ Memory string } }
			}
		}
	}
	if err := yaml.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Spec.Containers) != 1 {
		t.Fatalf("%d containers", len(m.Spec.Containers))
	}
	c := m.Spec.Containers[0]
	mebibytes, err := strconv.ParseInt(strings.TrimSuffix(c.Resources.Limits.Memory, "Mi"), 10, 64)
	if err != nil {
		t.Fatalf("the memory limit: %v", err)
	}
	p := pod{memory: mebibytes << 20}
	for _, e := range c.Env {
		if e.Value != "" {
			p.env = append(p.env, e.Name+"="+e.Value)
		}
	}
	return p
}

// httpd is one that runs as the pod's container does, on a port of its own: with its environment, and killed by the kernel if
// it takes more memory.
type httpd struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string // 127.0.0.1:port
	cgroup  cgroup
	said    said
	done    chan struct{}
}

const podName = "pod-httpd"

// start starts one that has the pod's memory, or that many bytes if limit is not zero, and waits until it serves.
func start(t *testing.T, limit int64, args ...string) *httpd {
	t.Helper()
	p := manifest(t)
	env := append(p.env, "HTTPD_LOG_FORMAT=json", "POD_NAME="+podName, "POD_UID=uid-1", "POD_IP=127.0.0.1")
	if limit != 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", limit*8/10))
	} else {
		limit = p.memory
	}
	h := &httpd{t: t, cgroup: newCgroup(t, limit), done: make(chan struct{})}
	// A shell enters the cgroup, and becomes httpd.
	h.cmd = exec.Command("sh", append([]string{"-c", `echo $$ >"$0" && exec "$@"`, h.cgroup.procs(), program,
		"--listen=127.0.0.1:0", "--admin-listen="}, args...)...)
	h.cmd.Env, h.cmd.Stdout, h.cmd.Stderr = env, &h.said, &h.said
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		h.cmd.Wait() // how it ended is for the tests to ask
		close(h.done)
	}()
	t.Cleanup(func() {
		h.cmd.Process.Kill() // one that has ended needs none
		<-h.done
		h.cgroup.remove(t)
		if t.Failed() {
			t.Logf("the end of what httpd said:\n%s", h.said.tail())
		}
	})
	h.address = h.says("serving").Listen
	return h
}

// line is one of httpd's log.
type line struct{ Level, Msg, Listen, Error string }

// says waits for a line with that message.
func (h *httpd) says(msg string) (found line) {
	h.t.Helper()
	eventually(h.t, "httpd says "+msg, func() bool {
		for s := bufio.NewScanner(strings.NewReader(h.said.String())); s.Scan(); {
			var l line
			if json.Unmarshal(s.Bytes(), &l) == nil && l.Msg == msg {
				found = l
				return true
			}
		}
		return h.ended()
	})
	if found.Msg != msg {
		h.t.Fatalf("httpd ended (%v) and never said %q", h.cmd.ProcessState, msg)
	}
	return found
}

func (h *httpd) ended() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// end waits for the end, and returns the exit status; -1 for a process that was killed.
func (h *httpd) end() int {
	h.t.Helper()
	select {
	case <-h.done:
	case <-time.After(bound):
		h.t.Fatal("httpd does not end")
	}
	return h.cmd.ProcessState.ExitCode()
}

// wantAlive fails the test if httpd has ended, or has ever taken more memory than max bytes.
func (h *httpd) wantAlive(max int64) {
	h.t.Helper()
	if h.ended() {
		h.t.Fatalf("httpd ended: %v", h.cmd.ProcessState)
	}
	rss, all := h.peak(), h.cgroup.peak(h.t)
	h.t.Logf("at most %d MiB resident, %d MiB with what the kernel counts for it, of %d MiB", rss>>20, all>>20, h.cgroup.limit>>20)
	if rss > max {
		h.t.Errorf("httpd took %d MiB, more than %d", rss>>20, max>>20)
	}
}

// peak is the largest resident set that it ever had, in bytes.
func (h *httpd) peak() int64 {
	h.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	if err != nil {
		h.t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	value, _, _ := bytes.Cut(rest, []byte("kB"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
	if err != nil {
		h.t.Fatal(err)
	}
	return kb << 10
}

// metric is the value of a line of /metrics.
func (h *httpd) metric(name string) float64 {
	h.t.Helper()
	res, err := http.Get("http://" + h.address + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	for s := bufio.NewScanner(res.Body); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), name+" "); ok {
			v, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				h.t.Fatal(err)
			}
			return v
		}
	}
	h.t.Fatalf("no metric %s", name)
	return 0
}

// eventually asks again and again until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.NewTimer(2 * bound)
	defer late.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("in %v it did not come to this: %s", 2*bound, what)
		}
	}
}

// said is all that a process wrote.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *said) tail() string {
	text := s.String()
	return text[max(0, len(text)-3000):]
}
