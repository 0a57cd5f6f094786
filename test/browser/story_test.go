package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

//go:embed testdata/told.js
var toldJS string

// told is one state of things as the page told it.
type told struct {
	States string
	Lines  []string
}

// scene is what the page must tell: the state of each approach, and words for which there must be a line.
type scene struct {
	states string
	words  []string
}

// The story, scene by scene. Between two of them others may come.
var scenes = []scene{
	{"ip ok, dns ok, cached ok, keepalive ok", []string{`^IP 127\.0\.0\.2: fine$`, `^Name apache\.localcluster: fine$`}},
	// The container crashes: all ways are broken at once, and all come back.
	{"ip broken, dns broken, cached broken, keepalive broken", []string{`^IP 127\.0\.0\.2: broken, 127\.0\.0\.2:\d+ refused the connection$`}},
	{"ip ok, dns ok, cached ok, keepalive ok", []string{`^IP 127\.0\.0\.2: fine again, it was out for \S+$`}},
	// The pod is recreated.
	{"ip broken, dns broken, cached broken, keepalive broken", []string{
		`^Name apache\.localcluster(, .*)?: broken.*, DNS knows no such name, NXDOMAIN$`,
	}},
	{"ip broken, dns ok, cached broken, keepalive ok", []string{
		`^IP 127\.0\.0\.2: broken for \S+, the pod is gone$`, `^Name apache\.localcluster(, .*)?: fine again, it was out for \S+$`,
		`^Name apache\.localcluster, address kept for \S+: broken for \S+, it still calls 127\.0\.0\.2, and that pod is gone$`,
	}},
	{"ip broken, dns ok, cached ok, keepalive ok", []string{
		`^IP 127\.0\.0\.2: broken for \S+, the pod is gone$`, `^Name apache\.localcluster, address kept for \S+: fine again, it was out for \S+$`,
	}},
	// Somebody else gets its number.
	{"ip misrouted, dns ok, cached ok, keepalive ok", []string{
		`^IP 127\.0\.0\.2: misrouted, another pod answers at this address: stranger \(no right answer for \S+\)$`,
	}},
	{"ip misrouted, dns ok, cached ok, keepalive ok", []string{`^Name apache\.localcluster: fine$`}},
}

func (s scene) in(t told) bool {
	return t.States == s.states && !slices.ContainsFunc(s.words, func(pattern string) bool {
		return !slices.ContainsFunc(t.Lines, regexp.MustCompile(pattern).MatchString)
	})
}

// The page is open from the demo's first second to its last, in four guises, and for late comers at the end.
func TestThePageTellsTheStoryOfTheDemoInTheWordsOfApiLogAndReport(t *testing.T) {
	t.Parallel()
	demo := start(t, nil, "demo", "--listen=127.0.0.1:0", "--stay", "--wait", "--interval=600ms")
	base := demo.says(`This can be seen on a page, too: (http://127\.0\.0\.1:\d+)`)
	page := open(t, base, light)
	page.script(toldJS)
	others := []*tab{open(t, base, dark), open(t, base, narrow), open(t, base, wide)}
	pictures := func(moment string) { // at the same time, for what is in them does not last
		var all sync.WaitGroup
		for _, b := range append([]*tab{page}, others...) {
			all.Go(func() {
				b.picture("story-" + moment)
				b.fits()
			})
		}
		all.Wait()
	}

	demo.says(`=> The name leads to pod-httpd`)
	fine := page.until("all is well", func(s shown) bool { return scenes[0].in(told{s.say(), s.Lines}) && s.Link == "live" })
	if len(fine.Changes) > 0 || len(fine.Flags) > 0 || fine.Banner != "" {
		t.Errorf("nothing has happened yet, but the page shows %+v %q %q", fine.Changes, fine.Flags, fine.Banner)
	}
	pictures("1-fine")
	agree(page, base, "httpd")

	demo.press()
	demo.says(`=> pod-httpd answers from the same number`)
	demo.press()
	page.until("the pod was replaced", func(s shown) bool { return len(s.Changes) == 1 && len(s.Flags) == 1 })
	pictures("2-recreation")

	demo.says(`=> ip is broken:`)
	page.until("the recreation is judged", func(s shown) bool {
		recovered := regexp.MustCompile(`^cached recovered after \S+, \d+ probes? lost$`)
		return len(s.Changes) == 1 && slices.ContainsFunc(s.Changes[0].Verdicts, recovered.MatchString)
	})
	page.opensByKeyboard()
	agree(page, base, "httpd")
	pictures("3-judged")

	demo.press()
	demo.says(`=> ip gets answers again, and is worse than broken`)
	demo.says(`The page stays at`)
	page.until("the wrong pod answers", func(s shown) bool { return scenes[6].in(told{s.say(), s.Lines}) })
	agree(page, base, "httpd")
	pictures("4-misrouted")
	for approach, cause := range caused(t, base) {
		if causes := page.shows().Changes[0].Causes; !slices.Contains(causes, approach+" "+cause) {
			t.Errorf("the report says of %s %q, the page %q", approach, cause, causes)
		}
	}
	for _, b := range others {
		agree(b, base, "httpd")
	}
	lateIsAsEarly(t, page, base)
	page.told(scenes)
	ended(page, demo)
}

// say is the state of all approaches in one line.
func (s shown) say() string {
	var states []string
	for _, l := range s.Lanes {
		states = append(states, l.Approach+" "+l.State)
	}
	return strings.Join(states, ", ")
}

// told checks that the scenes were told in their order.
func (b *tab) told(scenes []scene) {
	b.Helper()
	var all []told
	for _, text := range eval[[]string](b, "told") {
		var one told
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			b.Fatal(err)
		}
		all = append(all, one)
	}
	rest := all
	for i, s := range scenes {
		at := slices.IndexFunc(rest, s.in)
		if at < 0 {
			b.Errorf("scene %d (%s %q) was not told, or too early, in:", i+1, s.states, s.words)
			for _, t := range all {
				b.Logf("%s %q", t.States, t.Lines)
			}
			return
		}
		rest = rest[at:]
	}
}

// opensByKeyboard follows the flag across the lanes into the timeline, and comes back, without a mouse.
func (b *tab) opensByKeyboard() {
	b.Helper()
	b.script(`document.activeElement.blur()`)
	focused := func() string { return eval[string](b, `document.activeElement.getAttribute('aria-label') ?? ''`) }
	for n := 0; !strings.HasPrefix(focused(), "Recreation 1 at "); n++ {
		if n == 40 {
			b.Fatal("Tab leads to no flag")
		}
		b.press(kb.Tab)
	}
	isOpen := func(s shown) bool {
		return s.Changes[0].Open && len(s.Changes[0].Steps) > 3 && len(s.Changes[0].Causes) == len(s.Lanes)
	}
	b.press(kb.Enter)
	s := b.until("the timeline is open", isOpen)
	if at := eval[string](b, `document.activeElement.closest('[data-recreation]')?.id ?? ''`); at != "recreation-1" {
		b.Errorf("opening the recreation leads to %q", at)
	}
	const held = `^cached out for \S+: the name had the new address after \S+; the client's cache held the old one for another \S+$`
	if !slices.ContainsFunc(s.Changes[0].Causes, regexp.MustCompile(held).MatchString) {
		b.Errorf("causes %q", s.Changes[0].Causes)
	}
	told := map[string]bool{}
	for _, step := range s.Changes[0].Steps {
		after, _, _ := strings.Cut(step, " ")
		if told[after] {
			b.Errorf("what happened at the same time stands apart: %q", s.Changes[0].Steps)
		}
		told[after] = true
	}
	b.press(" ")
	b.until("the timeline is closed", func(s shown) bool {
		return !s.Changes[0].Open && strings.Join(s.Changes[0].Steps, "") == ""
	})
	b.press(kb.Enter)
	b.until("the timeline is open again", isOpen)
}

// lateIsAsEarly checks that a page that is opened now shows all that one shows that was open from the start.
func lateIsAsEarly(t *testing.T, early *tab, base string) {
	t.Helper()
	late := open(t, base, light)
	for _, b := range []*tab{early, late} {
		b.script(`document.querySelector('#zoom button:last-child').click()`)
		b.until("all the time is shown", func(s shown) bool { return s.Window == "all" })
	}
	late.until("there is a recreation", func(s shown) bool { return len(s.Changes) == 1 })
	late.script(`document.querySelector('#recreation-1 button').click()`)
	var a, b string
	defer func() {
		if a != b {
			t.Logf("early %s\nlate  %s", a, b)
		}
	}()
	eventually(t, "a late page shows what an early one does", func() bool {
		a, b = fmt.Sprintf("%+v", early.shows()), fmt.Sprintf("%+v", late.shows())
		return a == b
	})
	for _, l := range late.shows().Lanes {
		var states []string
		for _, s := range l.Segments {
			if state, _, _ := strings.Cut(s, " "); state != "unmeasured" { // as may be on a busy machine
				states = append(states, state)
			}
		}
		want := "ok broken ok broken ok"
		if l.Approach == "ip" {
			want = "waiting ok broken ok broken misrouted"
		}
		if got := strings.Join(slices.Compact(states), " "); got != want {
			t.Errorf("the late lane %s is %q, not %q: %q", l.Approach, got, want, l.Segments)
		}
	}
}

// ended stops the demo, after which page and log must say the same of the whole run.
func ended(b *tab, demo *process) {
	b.Helper()
	demo.end(syscall.SIGTERM)
	b.watch.allow(unreachable)
	s := b.until("the prober has stopped", func(s shown) bool { return s.Link == "stopped" })
	if !regexp.MustCompile(`^The prober stopped at \d\d:\d\d:\d\d \(SIGTERM\)`).MatchString(s.Banner) {
		b.Errorf("banner %q", s.Banner)
	}
	log := demo.said.String()
	rows := totals(log)
	for approach, way := range s.Ways {
		if row := rows[approach]; way["lost"] != row.lost+" of "+row.probes+" calls" || !strings.HasPrefix(way["calls"], row.address) {
			b.Errorf("the log's last word on %s is %q, the page's %q of %s", approach, row, way["lost"], way["calls"])
		}
	}
	slices.Reverse(s.Events)
	events := logged(log)
	for _, e := range s.Events {
		if !slices.Contains(events, e) && !strings.Contains(e, "what recreation 1 did") {
			b.Errorf("not in the log: %q", e)
		}
	}
	if len(events) != len(s.Events) {
		b.Errorf("%d events in the log, %d on the page: %q %q", len(events), len(s.Events), events, s.Events)
	}
}
