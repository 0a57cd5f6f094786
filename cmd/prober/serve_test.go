package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"callbyname/internal/compare"
)

// site is the page that a prober says on stderr it serves.
type site struct {
	stderr bytes.Buffer
	found  chan string
}

var atAddress = regexp.MustCompile(`^prober: the live page is at (http://\S+)\n$`)

func (s *site) Write(p []byte) (int, error) {
	if m := atAddress.FindSubmatch(p); m != nil {
		s.found <- string(m[1])
	}
	return s.stderr.Write(p)
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %s, %v: %s", url, res.Status, err, body)
	}
	return body
}

// What the page, a watcher and the report of a prober that runs say is what its log says.
func TestThePageShowsWhatTheLogSays(t *testing.T) {
	t.Parallel()
	flags, after := recreation(t)
	ctx, enough := until(t)
	s := &site{found: make(chan string, 1)}
	var url, words, status string
	var stream io.ReadCloser
	rows := 0
	out := &tape{line: func(line string) {
		if url == "" {
			url = <-s.found
			res, err := http.Get(url + "/api/v1/events?target=httpd")
			if err != nil {
				t.Error(err)
				enough()
				return
			}
			stream = res.Body
		}
		if strings.Contains(line, "  httpd #") {
			rows++
			after(rows)
		}
		if strings.Contains(line, "pod recreated") && words == "" {
			words = line
		}
		if words != "" && strings.Contains(line, "  httpd #") { // the page knows of all rounds before
			status = string(get(t, url+"/api/v1/targets/httpd"))
			if page := get(t, url+"/"); !bytes.Contains(page, []byte("<title>callbyname</title>")) {
				t.Errorf("page: %s", page)
			}
			get(t, url+"/healthz")
			get(t, url+"/readyz")
			enough()
		}
	}}
	code := run(ctx, append(flags, "--listen=127.0.0.1:0"), environ(), out, s)
	if code != exitOK || strings.Count(s.stderr.String(), "\n") != 1 {
		t.Errorf("exit status %d, %s", code, &s.stderr)
	}
	var target struct {
		Text   string
		Events []struct {
			Event    compare.Kind
			Sentence string
		}
	}
	if err := json.Unmarshal([]byte(status), &target); err != nil {
		t.Fatal(err, status)
	}
	told := ""
	for _, e := range target.Events {
		if e.Event == compare.Recreated {
			told = e.Sentence
		}
	}
	if told == "" || !strings.HasSuffix(strings.TrimSpace(words), told) {
		t.Errorf("the page tells %q, the log %q", told, words)
	}
	if !regexp.MustCompile(`^IP 127\.0\.0\.2: broken(?: for \S+)?, the pod is gone\. Name \S+: fine`).MatchString(target.Text) {
		t.Errorf("text: %s", target.Text)
	}

	defer stream.Close()
	var last string
	for lines := bufio.NewScanner(stream); lines.Scan(); {
		if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			last = event
		}
	}
	if last != "stopped" {
		t.Errorf("the last that a watcher heard is %q", last)
	}
}

func TestAPortInUseIsOneClearLineAndNothingStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): `prober: --listen "` + taken.Addr().String() + `": listen tcp ` + taken.Addr().String() +
			": bind: address already in use: give another port, or --listen= for no page\n",
		"8080": `prober: --listen "8080": must be an address to listen on, such as :8080, or empty for no page: ` +
			"listen tcp: address 8080: missing port in address\n",
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"--target=http://localhost:9", "--listen=" + address}, environ(), &stdout, &stderr)
		if code != exitUsage || stdout.Len() > 0 || stderr.String() != want {
			t.Errorf("--listen=%s: exit status %d, %q, %q, want %q", address, code, &stdout, &stderr, want)
		}
	}
}

// A pod's localhost is not that of who reads its log.
func TestInAPodTheWayToThePageIsTold(t *testing.T) {
	t.Parallel()
	ctx, enough := until(t)
	out := &tape{line: func(line string) {
		if strings.Contains(line, "  httpd #1 ") {
			enough()
		}
	}}
	var stderr bytes.Buffer
	flags := append(answering(t, "127.0.0.1:0", nil), "--listen=127.0.0.1:0")
	code := run(ctx, flags, environ("KUBERNETES_SERVICE_HOST=10.96.0.1"), out, &stderr)
	said := regexp.MustCompile(`^prober: the live page is in this pod: kubectl port-forward pod/\S+ (\d+) .* to http://localhost:(\d+)\n$`)
	if m := said.FindStringSubmatch(stderr.String()); code != exitOK || m == nil || m[1] != m[2] {
		t.Errorf("exit status %d, %q", code, &stderr)
	}
}
