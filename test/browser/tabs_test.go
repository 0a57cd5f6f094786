package browser

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A browser has six connections for one server, and each page that is seen holds one of them.
func TestManyTabsOfOneBrowserAreAllLiveWhenTheyAreLookedAt(t *testing.T) {
	t.Parallel()
	s := play(t, 30*time.Second, gallery()[:1]...)
	tabs := []*tab{open(t, s.url, light)}
	tabs[0].until("the first tab is live", func(s shown) bool { return s.Link == "live" && s.calls("dns") > 0 })
	for range 8 {
		b := &tab{TB: t, watch: &watch{}, guise: light}
		ctx, cancel := chromedp.NewContext(tabs[0].ctx, chromedp.WithNewWindow(false), chromedp.WithListener(b.watch.see))
		defer cancel()
		b.ctx = ctx
		b.do()
		b.visit(s.url)
		b.until("a further tab is live", func(s shown) bool { return s.Link == "live" && s.calls("dns") > 0 })
		tabs = append(tabs, b)
	}
	for _, b := range tabs[:3] {
		if !eval[bool](b, `document.hidden`) {
			t.Fatal("a tab behind another one is seen: this shows nothing")
		}
		if name := eval[string](b, `document.title`); name != "httpd · callbyname" {
			t.Errorf("a tab that is not brought up to date is called %q", name)
		}
		call(b, page.BringToFront, struct{}{})
		b.until("it is live when it comes to the front", func(s shown) bool { return s.Link == "live" && s.Banner == "" })
		if name := eval[string](b, `document.title`); !slices.Contains([]string{"✓ httpd · callbyname", "✕ httpd · callbyname", "≠ httpd · callbyname"}, name) {
			t.Errorf("the tab in front is called %q", name)
		}
		agree(b, s.url, "httpd")
	}
	for _, b := range tabs {
		for _, complaint := range b.watch.heard() {
			t.Errorf("the page: %s", complaint)
		}
	}
}

// is reports whether something is so in the page, which may be going away just now.
func (b *tab) is(condition string) bool {
	yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](condition))
	return err == nil && yes
}

func TestWhoGoesToTheDataAndBackFindsThePageLive(t *testing.T) {
	t.Parallel()
	s := play(t, 30*time.Second, gallery()[:1]...)
	b := open(t, s.url, light)
	for range 8 {
		b.until("it is live", func(s shown) bool { return s.Link == "live" && s.calls("dns") > 0 })
		b.script(`document.querySelector('footer a').click()`)
		eventually(t, "there is the data", func() bool { return b.is(`document.contentType === 'application/json' && document.body !== null`) })
		b.script(`history.back()`)
		eventually(t, "there is the page again", func() bool { return b.is(`document.querySelector('#chart') !== null`) })
	}
	agree(b, s.url, "httpd")
}
