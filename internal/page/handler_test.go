package page_test

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
)

var paths = []string{"/", "/main.js", "/look.css", "/icon.svg", "/healthz", "/readyz", "/api/v1/status", "/api/v1/targets/httpd",
	"/api/v1/events?target=httpd", "/api/v1/nothing", "/nothing", "/../page.go"}

func TestEveryAnswerKeepsABrowserFromElsewhere(t *testing.T) {
	s := play(t, comparetest.Scenarios[0], nil)
	for _, path := range paths {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodHead, path, nil))
		h := w.Header()
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
			"form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy+";", part+";") {
				t.Errorf("%s: policy %q lacks %q", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestThePageOnlyReads(t *testing.T) {
	s := play(t, comparetest.Scenarios[0], nil)
	for _, path := range paths {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch, "FOO"} {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader("x")))
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %v", method, path, w.Code, w.Header())
			}
		}
	}
}

func TestAPageFromElsewhereThatWasLedHereIsRefused(t *testing.T) {
	s := play(t, comparetest.Scenarios[0], nil)
	for _, tt := range []struct {
		local, host string
		code        int
	}{
		{"127.0.0.1", "localhost:8080", 200}, {"127.0.0.1", "127.0.0.1:8080", 200}, {"127.0.0.1", "LOCALHOST.", 200},
		{"127.0.0.1", "a.localhost", 200}, {"::1", "[::1]:8080", 200}, {"::1", "[::1]", 200}, {"127.0.0.1", "10.0.0.1", 200},
		{"127.0.0.1", "evil.example:8080", 421}, {"::1", "evil.example", 421}, {"127.0.0.1", "", 421}, {"127.0.0.1", "localhost.evil.example", 421},
		{"10.0.0.1", "prober.localcluster:8080", 200}, // an Ingress, a Service
	} {
		for _, path := range []string{"/", "/api/v1/status", "/main.js"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = tt.host
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(tt.local), Port: 8080}))
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != tt.code {
				t.Errorf("GET %s of %q at %s: %d, want %d", path, tt.host, tt.local, w.Code, tt.code)
			}
		}
	}
}

func TestFilesAreKeptByTheBrowserUntilTheyChange(t *testing.T) {
	s := play(t, comparetest.Scenarios[0], nil)
	for path, kind := range map[string]string{"/": "text/html", "/main.js": "text/javascript", "/look.css": "text/css", "/icon.svg": "image/svg+xml",
		"/favicon.ico": "image/svg+xml"} {
		w := s.get(path)
		tag := w.Header().Get("ETag")
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || len(tag) < 10 || w.Body.Len() == 0 {
			t.Errorf("GET %s: %d %v", path, w.Code, w.Header())
		}
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", tag)
		again := httptest.NewRecorder()
		s.Handler().ServeHTTP(again, r)
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("GET %s again: %d, %d bytes", path, again.Code, again.Body.Len())
		}
	}
	for _, path := range []string{"/nothing", "/static/main.js", "/main.js/", "/api/v2/status"} {
		if w := s.get(path); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
}

func TestHealthIsSaidFromTheStartAndReadinessWithTheFirstRound(t *testing.T) {
	target, round := steady("httpd")
	s := show(options, nil, target)
	said := func(path string, code int, body string) {
		t.Helper()
		if w := s.get(path); w.Code != code || w.Body.String() != body {
			t.Errorf("GET %s: %d %q", path, w.Code, w.Body)
		}
	}
	said("/healthz", 200, "ok\n")
	said("/readyz", 503, "no round yet\n")
	s.observe(t, round(1))
	said("/healthz", 200, "ok\n")
	said("/readyz", 200, "ok\n")
}

// What a browser runs is all in files of its own, comes from here, and makes no markup of strings.
func TestTheFilesAskForNothingFromElsewhereAndMakeNoMarkupOfText(t *testing.T) {
	files := os.DirFS("static")
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	never := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc|` +
		`createContextualFragment|setHTML|javascript:|@import|url\(|<script>|<style|\son[a-z]+="|style="`)
	elsewhere := regexp.MustCompile(`(?:https?:)?//[a-z0-9.]+[^\s'"]*`)
	named := regexp.MustCompile(`(?:from|href=|src=) ?['"](?:\./)?([a-z]+\.(?:js|css|svg))['"]`)
	used := []string{"index.html"}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		if found := never.Find(text); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		for _, address := range elsewhere.FindAllString(string(text), -1) {
			if address != "http://www.w3.org/2000/svg" {
				t.Errorf("%s has %q", name, address)
			}
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(names, m[1]) {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
			used = append(used, m[1])
		}
	}
	for _, name := range names {
		if !slices.Contains(used, name) {
			t.Errorf("%s is used by no other file", name)
		}
	}
}

// What a target, a DNS server or a pod calls itself is data: it ends neither a line of the stream nor a string, and holds no
// markup when it is looked at as HTML by mistake.
func TestHostileNamesStayText(t *testing.T) {
	const evil = "</script><img src=x onerror=alert(1)>\n\nevent: stopped\ndata: {}\n\r\u2028\x1b[31m\xff\"'&"
	sc := comparetest.Named("a single pod is recreated with another IP")
	target := sc.Target()
	target.Name = evil
	for i := range target.Approaches {
		target.Approaches[i].Name += evil
	}
	s := show(sc.Options(), nil, target)
	server := s.serve(t)
	b := &browser{t: t, url: server.URL + "/api/v1/events?target=" + escaped(evil)}
	b.connect()
	var last uint64
	sc.Play(func(r probe.Round) []probe.Pin {
		r.Target, last = evil, r.Seq
		for i := range r.Results {
			if who := r.Results[i].Who; who != nil {
				copied := *who
				copied.Identity = identity.Identity{Name: evil + who.Name, UID: evil + who.UID, Node: evil, Namespace: evil, Instance: who.Instance + evil, IPs: who.IPs,
					Started: time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86340))} // the year before in UTC
				r.Results[i].Who = &copied
			}
			if r.Results[i].Outcome.Failed() {
				r.Results[i].Detail = evil
			}
			if a := r.Results[i].Answer; a != nil {
				copied := *a
				copied.Host, copied.Name, copied.Rcode = evil, evil, evil
				r.Results[i].Answer = &copied
			}
		}
		return s.observe(t, r)
	})
	b.until(last)
	for _, m := range b.heard {
		if m.event == "stopped" {
			t.Error("a name ended the run")
		}
	}
	b.lose()
	for _, path := range []string{"/api/v1/status", "/api/v1/targets/" + escaped(evil)} {
		w := s.get(path)
		if body := w.Body.String(); w.Code != 200 || strings.ContainsAny(body, "<>\x1b\u2028") || strings.Count(body, "\n") != 1 {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
}

// escaped is a text as it stands in a path or a query.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
	}
	return b.String()
}
