package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain makes the test binary httpd itself when it is asked to, so that real signals reach a real process.
func TestMain(m *testing.M) {
	switch os.Getenv("RUN_AS") {
	case "nobody":
		if os.Getuid() == 0 {
			if err := syscall.Setuid(65534); err != nil {
				panic(err)
			}
		}
		main()
	case "httpd":
		main()
	default:
		goleak.VerifyTestMain(m)
	}
}

// environ looks up in a list of NAME=value.
func environ(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

// line is one of the log.
type line struct {
	Level, Msg, Listen, Source, Name, IP, Method, Path, Host, Client, Signal string

	AdminListen string   `json:"admin_listen"`
	PodIPs      []string `json:"pod_ips"`
	Status      int
	Bytes       int64
	DurationMS  float64 `json:"duration_ms"`
	TLS         bool
	Error       string
}

// lines reads a JSON log as it is written.
type lines struct {
	mu      sync.Mutex
	all     []line
	other   []string // what is no JSON
	changed chan struct{}
	done    chan struct{} // closed at the end of the log
}

func follow(r io.Reader) *lines {
	l := &lines{changed: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for s := bufio.NewScanner(r); s.Scan(); {
			var next line
			err := json.Unmarshal(s.Bytes(), &next)
			l.mu.Lock()
			if err != nil {
				l.other = append(l.other, s.Text())
			} else {
				l.all = append(l.all, next)
			}
			close(l.changed)
			l.changed = make(chan struct{})
			l.mu.Unlock()
		}
	}()
	return l
}

// wait returns the first line for which match is true.
func (l *lines) wait(t *testing.T, what string, match func(line) bool) line {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		all, changed := l.all, l.changed
		l.mu.Unlock()
		for _, next := range all {
			if match(next) {
				return next
			}
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("no line: %s; there are %+v", what, all)
		}
	}
}

func (l *lines) message(t *testing.T, msg string) line {
	t.Helper()
	return l.wait(t, msg, func(next line) bool { return next.Msg == msg })
}

// process is an httpd in a process of its own.
type process struct {
	cmd    *exec.Cmd
	log    *lines
	stderr bytes.Buffer
	url    string // http://127.0.0.1:port
	admin  string
}

// spawn starts one with flags after those that a test needs, and waits until it serves.
func spawn(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], append([]string{"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"}, args...)...)}
	p.cmd.Env = []string{"RUN_AS=httpd"}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.log = follow(stdout)
	t.Cleanup(func() {
		p.cmd.Process.Kill() // gone already, where a test waited for it
		p.exit(t)
	})
	serving := p.log.message(t, "serving")
	p.url, p.admin = "http://"+serving.Listen, "http://"+serving.AdminListen
	return p
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the end and returns the status; -1 for a process that was killed.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	if p.cmd.ProcessState == nil {
		<-p.log.done
		var status *exec.ExitError
		if err := p.cmd.Wait(); err != nil && !errors.As(err, &status) {
			t.Fatal(err)
		}
	}
	return p.cmd.ProcessState.ExitCode()
}

// inside runs the program in this process, until the test's end or until stop is called.
func inside(t *testing.T, env []string, args ...string) (log *lines, stop func() int) {
	t.Helper()
	r, w := io.Pipe()
	log = follow(r)
	signals, status := make(chan os.Signal, 1), make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		args := append([]string{"--listen=127.0.0.1:0", "--admin-listen=", "--drain-delay=0s"}, args...)
		status <- run(context.Background(), args, environ(env...), signals, w, &stderr)
		w.Close()
	}()
	stop = sync.OnceValue(func() int {
		signals <- syscall.SIGTERM
		s := <-status
		<-log.done
		if stderr.Len() > 0 {
			t.Errorf("stderr: %s", &stderr)
		}
		return s
	})
	t.Cleanup(func() { stop() })
	return log, stop
}

// fetch is one request over a connection of its own.
func fetch(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	return fetchWith(t, tr, method, url, header...)
}

func fetchWith(t *testing.T, tr http.RoundTripper, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}
