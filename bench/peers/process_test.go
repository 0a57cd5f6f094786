package peers

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// mark makes the test's own program a server on the address after it, which answers 200 at once or late.
const mark = "PEERS_TEST_SERVER"

func TestMain(m *testing.M) {
	address, status, ok := strings.Cut(os.Getenv(mark), " ")
	if !ok {
		os.Exit(m.Run())
	}
	asked := atomic.Int64{}
	err := http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		if status == "late" && n <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, n)
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func start(t *testing.T, status string) (*Process, error) {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	return Start(t.Context(), "http://"+address+"/", []string{mark + "=" + address + " " + status}, os.Args[0])
}

func TestAServerAnswersWhenItIsStarted(t *testing.T) {
	p, err := start(t, "at once")
	if err != nil {
		t.Fatal(err)
	}
	if err := answers(t.Context(), p.URL); err != nil || p.Started <= 0 {
		t.Errorf("%v, after %v", err, p.Started)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(p.PID, 0); err != syscall.ESRCH {
		t.Errorf("after its stop process %d is there: %v", p.PID, err)
	}
	if err := p.cmd.ProcessState.Sys().(syscall.WaitStatus); err.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", err)
	}
}

func TestOnlyAnAnswerWith200Counts(t *testing.T) {
	p, err := start(t, "late")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	response, err := http.Get(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.ReadAll(response.Body); err != nil || string(n) != "5" {
		t.Errorf("it was asked %s times, %v; want three that failed, one that did not, and this one", n, err)
	}
}

func TestAServerThatEndsIsSaidToHaveEnded(t *testing.T) {
	p, err := start(t, "at once")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	// The port is taken, by one whose answers are not what is waited for.
	address := strings.TrimSuffix(strings.TrimPrefix(p.URL, "http://"), "/")
	_, err = Start(t.Context(), "http://127.0.0.1:1/", []string{mark + "=" + address + " at once"}, os.Args[0])
	if err == nil || !strings.Contains(err.Error(), "ended before it answered") {
		t.Errorf("error %v", err)
	}
}

// Kubernetes' go.mod names the modules of its own repository without a version.
func TestOnlyModulesWithoutAVersionAreReplaced(t *testing.T) {
	text := "require (\n\tk8s.io/api v0.0.0\n\tk8s.io/klog/v2 v2.130.1\n\tk8s.io/utils v0.0.0-20250604170112-4c0f3b243397\n\tk8s.io/mount-utils v0.0.0\n)\n"
	var found []string
	for _, line := range staging.FindAllStringSubmatch(text, -1) {
		found = append(found, line[1])
	}
	if got := strings.Join(found, " "); got != "k8s.io/api k8s.io/mount-utils" {
		t.Errorf("found %q", got)
	}
}
