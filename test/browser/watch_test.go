package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch listens to all that a tab says and asks for, and keeps what it should not have.
type watch struct {
	mu         sync.Mutex
	origin     string // the only one that may be asked, empty for none yet
	allowed    *regexp.Regexp
	complaints []string
	asked      int // requests
}

// expect says to which origin a page belongs that is about to be opened.
func (w *watch) expect(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.origin = originOf(address)
}

// allow lets complaints pass that match.
func (w *watch) allow(pattern string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.allowed = regexp.MustCompile(pattern)
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// see takes an event of the tab.
func (w *watch) see(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeLog && e.Type != runtime.ConsoleAPICalledTypeInfo && e.Type != runtime.ConsoleAPICalledTypeDebug {
			var text []string
			for _, arg := range e.Args {
				text = append(text, string(arg.Value)+arg.Description)
			}
			w.complain("console %s: %s", e.Type, strings.Join(text, " "))
		}
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		if d.Exception != nil {
			d.Text += " " + d.Exception.Description
		}
		w.complain("exception: %s", d.Text)
	case *log.EventEntryAdded: // the browser's own: what a policy forbids, what could not be loaded, what is out of date
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			w.complain("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		w.asked++
		if origin := originOf(e.Request.URL); origin != w.origin {
			w.complain("request to elsewhere: %s", e.Request.URL)
		}
	case *network.EventWebSocketCreated:
		w.complain("web socket: %s", e.URL)
	case *network.EventWebTransportCreated:
		w.complain("web transport: %s", e.URL)
	case *page.EventJavascriptDialogOpening:
		w.complain("dialog: %s", e.Message)
	case *page.EventWindowOpen:
		w.complain("window: %s", e.URL)
	}
}

func (w *watch) complain(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if w.allowed == nil || !w.allowed.MatchString(text) {
		w.complaints = append(w.complaints, text)
	}
}

// heard are the complaints so far.
func (w *watch) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.complaints)
}

// What all other tests rest on when they say that a page gave no cause for complaint.
func TestThePageIsWatchedForWhatItMustNotDo(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src *; connect-src *")
			fmt.Fprintf(w, `<!doctype html><title>bad</title><script>inline()</script><p style="color: red" onclick="inline()">bad</p>
				<img src="%s/pixel"><script src="bad.js"></script><script src="missing.js"></script>`, elsewhere.URL)
		case "/bad.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, `console.warn('careful'); console.error('wrong', {a: 1}); setTimeout(() => { throw new Error('thrown'); });
				Promise.reject(new Error('rejected')); new WebSocket('ws://%s/socket');`, r.Host)
		default:
			http.NotFound(w, r)
		}
	}))
	defer bad.Close()
	b := open(t, bad.URL, guise{width: 800, height: 600})
	wanted := []string{
		`security error: .*inline script`, `security error: .*inline style`, `request to elsewhere: ` + elsewhere.URL + `/pixel`,
		`network error: .*404.*missing\.js`, `console warning: .*careful`, `console error: .*wrong.*Object`, `exception: .*thrown`,
		`exception: .*rejected`, `web socket: ws://`,
	}
	var missing string
	eventually(t, "all is complained of", func() bool {
		heard := strings.Join(b.watch.heard(), "\n")
		i := slices.IndexFunc(wanted, func(pattern string) bool { return !regexp.MustCompile(pattern).MatchString(heard) })
		if missing = ""; i >= 0 {
			missing = wanted[i]
		}
		return missing == ""
	})
	b.watch.forget()
}

// forget drops all complaints.
func (w *watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = nil
}
