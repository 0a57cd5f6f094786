package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// guise is how a page is looked at.
type guise struct {
	name          string
	width, height int64
	dark, still   bool // what the system prefers: a dark scheme, reduced motion
	forced        bool // forced colours
}

var (
	light  = guise{name: "light", width: 1280, height: 900}
	dark   = guise{name: "dark", width: 1280, height: 900, dark: true}
	narrow = guise{name: "narrow", width: 360, height: 740}
	wide   = guise{name: "wide", width: 1920, height: 1080}
)

// tab is a page that is open.
type tab struct {
	testing.TB
	ctx   context.Context
	url   string
	watch *watch
	guise guise
}

// open opens an address in a tab of its own, which shares nothing with others and is closed with the test. At its end the
// page must not have given any cause for complaint.
func open(t testing.TB, address string, g guise) *tab {
	t.Helper()
	b := blank(t, g)
	b.visit(address)
	return b
}

// blank is a tab in which nothing is open yet.
func blank(t testing.TB, g guise) *tab {
	t.Helper()
	b := &tab{TB: t, watch: &watch{}, guise: g}
	ctx, cancel := chromedp.NewContext(stage.chromium, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.watch.see))
	t.Cleanup(cancel)
	b.ctx = ctx
	b.do()
	b.look(g)
	t.Cleanup(func() {
		for _, complaint := range b.watch.heard() {
			t.Errorf("the page (%s): %s", b.guise.name, complaint)
		}
	})
	return b
}

// visit opens an address.
func (b *tab) visit(address string) {
	b.Helper()
	b.url = address
	b.watch.expect(address)
	b.do(chromedp.Navigate(address))
}

// look changes how the page is looked at.
func (b *tab) look(g guise) {
	b.Helper()
	b.guise = g
	choose := func(yes bool, a, b string) string { return map[bool]string{true: a, false: b}[yes] }
	b.do(chromedp.EmulateViewport(g.width, g.height))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: choose(g.dark, "dark", "light")},
		{Name: "prefers-reduced-motion", Value: choose(g.still, "reduce", "no-preference")},
		{Name: "forced-colors", Value: choose(g.forced, "active", "none")},
	}})
}

// do runs actions to their end. The first one starts the tab, and must not be given a deadline.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx := b.ctx
	if len(actions) > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, bound)
		defer cancel()
	}
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatalf("%s: %v", b.url, err)
	}
}

// eval is what an expression of JavaScript comes to in the page; of a promise, what it promised.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
	if err != nil {
		b.Fatalf("%s: %.200s: %v", b.url, expression, err)
	}
	return v
}

// call runs a command of the browser's protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, bound)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.Fatalf("%s: %s: %v", b.url, command.Method, err)
	}
	return r
}

// script runs JavaScript of which nothing comes.
func (b *tab) script(text string) {
	b.Helper()
	eval[chromedp.Void](b, text)
}

// press presses and releases a key.
func (b *tab) press(keys string, options ...chromedp.KeyOption) {
	b.Helper()
	b.do(chromedp.KeyEvent(keys, options...))
}

// picture keeps a screenshot of the whole page.
func (b *tab) picture(name string) {
	b.Helper()
	size := call(b, page.GetLayoutMetrics, struct{}{}).CSSContentSize
	shot := call(b, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true), FromSurface: new(true), OptimizeForSpeed: new(true),
		Clip: &page.Viewport{Width: float64(b.guise.width), Height: max(size.Height, float64(b.guise.height)), Scale: 1},
	})
	file := filepath.Join(stage.screenshots, fmt.Sprintf("%s-%s.png", name, b.guise.name))
	if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
		b.Error(err)
	}
}

//go:embed testdata/shown.js
var shownJS string

// shown is what a page shows to who looks at it.
type shown struct {
	Title   string   // name and URL of the target
	Link    string   // how the connection is
	Banner  string   // empty when there is none
	Lines   []string // the state in words, large
	Lesson  string   // what is to be learned from it
	News    string   // the same for who listens
	Lanes   []lane
	Ways    map[string]map[string]string // by approach and column
	Flags   []string                     // what the marks across the lanes are called
	Changes []change                     // recreations
	Events  []string
	Targets []string // what the list of targets says
	Run     string
	Window  string // how much time is shown
}

// lane is an approach over time.
type lane struct {
	Approach, State, Words, How, Label string
	Segments                           []string // state, what it is called, what stands in it
}

// change is a recreation as it is shown.
type change struct {
	N                       int
	Title                   string
	Open                    bool
	Verdicts, Steps, Causes []string
}

// shows reads the page.
func (b *tab) shows() shown {
	b.Helper()
	var s shown
	if err := json.Unmarshal([]byte(eval[string](b, shownJS)), &s); err != nil {
		b.Fatal(err)
	}
	return s
}

// until waits until the page shows what it should.
func (b *tab) until(what string, ok func(shown) bool) shown {
	b.Helper()
	var s shown
	defer func() {
		if b.Failed() {
			b.Logf("the page (%s) showed %+v", b.guise.name, s)
		}
	}()
	eventually(b, what, func() bool {
		s = b.shows()
		return ok(s)
	})
	return s
}
