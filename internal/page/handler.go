package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// policy lets the page load its own scripts, styles and data, and nothing from elsewhere; nobody may frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// types are those of the embedded files, whatever the machine's own table says.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// Handler serves the page, its API and the health checks. All of it is read only.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", p.healthz)
	mux.HandleFunc("/readyz", p.readyz)
	guarded := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, sameSite(h)) }
	guarded("/api/v1/status", p.serveStatus)
	guarded("/api/v1/targets/{target}", p.serveTarget)
	guarded("/api/v1/events", p.serveEvents)
	guarded("/api/v1/report", p.serveReport)
	guarded("/api/", notFound)
	files := assets()
	for name, a := range files {
		guarded("/"+name, a.serve)
	}
	guarded("/favicon.ico", files["icon.svg"].serve) // where browsers look for it beside what is not the page
	guarded("/{$}", files["index.html"].serve)
	guarded("/", notFound)
	return headers(readOnly(mux))
}

// headers are those of every answer.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// readOnly lets only those methods pass that change nothing.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this is read only: GET or HEAD", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameSite refuses a request that reached a loopback address by a name of somebody else's: a page from elsewhere whose
// name was made to lead here (DNS rebinding) must not read what this one says.
func sameSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok && local.IP.IsLoopback() && !localHost(r.Host) {
			http.Error(w, fmt.Sprintf("%q is no name of this machine: use localhost or an IP address", r.Host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// localHost reports whether a Host header can only have come from who called this machine on purpose.
func localHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "there is no such page; / is the live page, /api/v1/status its data", http.StatusNotFound)
}

// healthz says that the process serves.
func (p *Page) healthz(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// readyz says whether there is something to show: a round was completed, and the run has not ended.
func (p *Page) readyz(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	rounds, end := p.rounds, p.end
	p.mu.Unlock()
	switch {
	case end != nil:
		plain(w, http.StatusServiceUnavailable, "stopped\n")
	case rounds == 0:
		plain(w, http.StatusServiceUnavailable, "no round yet\n")
	default:
		plain(w, http.StatusOK, "ok\n")
	}
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text)) // who has gone does not need it
}

func (p *Page) serveStatus(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	v := p.status()
	p.mu.Unlock()
	reply(w, v)
}

func (p *Page) serveTarget(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("target")
	p.mu.Lock()
	t := p.byName[name]
	var v fullView
	if t != nil {
		v = t.full()
	}
	p.mu.Unlock()
	if t == nil {
		noTarget(w, name)
		return
	}
	reply(w, v)
}

func noTarget(w http.ResponseWriter, name string) {
	http.Error(w, fmt.Sprintf("no target %q; /api/v1/status has them all", name), http.StatusNotFound)
}

func reply(w http.ResponseWriter, view any) {
	body := encode(view)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	w.Write(append(body, '\n')) // who has gone does not need it
}

// asset is an embedded file.
type asset struct {
	body       []byte
	kind, etag string
}

// assets are the embedded files by name.
func assets() map[string]*asset {
	all := map[string]*asset{}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := static.ReadFile(name)
		sum := sha256.Sum256(body)
		all[strings.TrimPrefix(name, "static/")] = &asset{body, types[path.Ext(name)], `"` + hex.EncodeToString(sum[:8]) + `"`}
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("page: embedded files: %v", err)) // they were there when this was compiled
	}
	return all
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", "no-cache")                                // keep it, and ask whether it is still the same
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body)) // which knows about If-None-Match
}
