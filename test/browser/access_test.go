package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp/kb"
)

//go:embed testdata/contrast.js
var contrastJS string

// contrast is what testdata/contrast.js finds.
type contrast struct {
	Texts, Marks int
	Poor         []string // texts and marks that do not stand out enough
}

func (b *tab) contrast() (c contrast) {
	b.Helper()
	if err := json.Unmarshal([]byte(eval[string](b, contrastJS)), &c); err != nil {
		b.Fatal(err)
	}
	return c
}

// openGallery opens the page on which all is to be seen, with the timeline of a recreation open.
func openGallery(t *testing.T, g guise) *tab {
	t.Helper()
	b := open(t, play(t, 92*time.Second, gallery()...).url+"/#target=httpd", g)
	b.until("there is a recreation", func(s shown) bool { return len(s.Changes) == 1 && s.Link == "live" })
	b.script(`document.querySelector('#recreation-1 button').click()`)
	b.until("it is open", func(s shown) bool { return s.Changes[0].Open && len(s.Targets) > 8 })
	return b
}

const isDark = `getComputedStyle(document.body).backgroundColor.match(/\d+/g).every((c) => c < 60)`

func TestEveryTextStandsOutFromWhatIsBehindIt(t *testing.T) {
	t.Parallel()
	b := openGallery(t, light)
	for _, g := range []guise{light, dark} {
		b.look(g)
		b.picture("gallery")
		// What the chosen theme says wins over the system's.
		for _, theme := range []string{"auto", "light", "dark"} {
			if text := eval[string](b, `document.querySelector('#theme').innerText`); !strings.Contains(text, theme) {
				t.Errorf("the theme is %q, not %s", text, theme)
			}
			c := b.contrast()
			if c.Texts < 150 || c.Marks < 40 {
				t.Errorf("only %d texts and %d marks were found", c.Texts, c.Marks)
			}
			for _, poor := range c.Poor {
				t.Errorf("%s, theme %s: %s", g.name, theme, poor)
			}
			if is, want := eval[bool](b, isDark), theme == "dark" || theme == "auto" && g.dark; is != want {
				t.Errorf("%s, theme %s: dark is %v", g.name, theme, is)
			}
			b.script(`document.querySelector('#theme').click()`)
		}
	}
	// And what does not stand out is found.
	b.script(`document.querySelector('#lines strong').style.color = 'rgb(120, 120, 120)'; document.querySelector('#lines').style.background = '#777'`)
	if len(b.contrast().Poor) == 0 {
		t.Error("grey on grey was not found")
	}
}

func TestNoStateIsToldByColourAlone(t *testing.T) {
	t.Parallel()
	b := openGallery(t, light)
	s := b.shows()
	words := map[string]string{"ok": "fine", "broken": "broken", "misrouted": "misrouted", "unmeasured": "not measured"}
	for _, l := range s.Lanes {
		if !strings.HasPrefix(l.Words, words[l.State]) || words[l.State] == "" {
			t.Errorf("%s is %s, and says %q", l.Approach, l.State, l.Words)
		}
	}
	if states := s.say(); states != "ip misrouted, dns ok, headless broken, cached ok, keepalive unmeasured" {
		t.Errorf("the gallery shows %s", states)
	}
	// The look of a mark and of a stretch, without its colours.
	for what, script := range map[string]string{
		"mark": `[...document.querySelectorAll('.icon')].map((icon) => [icon.dataset.state, icon.querySelector('path').getAttribute('d')])`,
		"stretch": `[...document.querySelectorAll('#chart .segment, #legend .segment')].map((s) => {
			const { state, pod } = s.dataset;
			const { backgroundImage, borderBlockStyle } = getComputedStyle(s);
			return [state === 'ok' && pod === '0' ? 'ok by the next pod' : state,
				(backgroundImage + ' ' + borderBlockStyle).replaceAll(/(rgba?|color)\([^)]*\)/g, 'colour')];
		})`,
	} {
		states := map[string]string{} // by look
		found := map[string]bool{}
		for _, pair := range eval[[][2]string](b, script) {
			state, look := pair[0], pair[1]
			found[state] = true
			if other, ok := states[look]; ok && other != state {
				t.Errorf("the %s of %s and that of %s differ in their colour alone: %s", what, state, other, look)
			}
			states[look] = state
		}
		if len(found) < 5 {
			t.Errorf("%ss of these states only: %v", what, found)
		}
	}
	// Where the system allows few colours, what is chosen is still told from what is not.
	forced := light
	forced.forced = true
	b.look(forced)
	const looks = `['#zoom button', '#targets-list button'].map((s) => [...document.querySelectorAll(s)])
		.map((all) => new Set(all.map((e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).borderLeftWidth].join())).size)`
	if got := eval[[]int](b, looks); !slices.Equal(got, []int{2, 2}) {
		t.Errorf("with forced colours, choices have so many looks: %v", got)
	}
	b.picture("forced")

	var captions []string
	for _, l := range s.Lanes {
		for _, segment := range l.Segments {
			captions = append(captions, segment[strings.LastIndex(segment, "| ")+2:])
		}
	}
	for _, want := range []string{"pod-httpd 10.244.0.5", "pod-httpd 10.244.0.9", "stranger"} {
		if !slices.ContainsFunc(captions, func(c string) bool { return strings.Contains(c, want) }) {
			t.Errorf("no stretch says %q: %q", want, captions)
		}
	}
	// Why there was no answer is said in words where there is room, and in any case to who points at it.
	b.look(wide)
	b.until("the reason is said in words", func(s shown) bool {
		return slices.ContainsFunc(s.Lanes[0].Segments, func(segment string) bool {
			return strings.HasPrefix(segment, "broken | nobody there (no_route) ") && strings.HasSuffix(segment, "| nobody there ")
		})
	})
	for _, l := range s.Lanes {
		for _, segment := range l.Segments {
			if state, title, _ := strings.Cut(segment, " | "); state == "broken" && !strings.Contains(title, " (") {
				t.Errorf("%s does not say in words what was the matter: %q", l.Approach, segment)
			}
		}
	}
}

// controls are the places that who has no mouse must get to: one of the choices of a radio group stands for all.
const controls = `[...document.querySelectorAll('a[href], button, input, summary, [tabindex]')]
	.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }))
	.map((e, i) => { e.dataset.control = String(i); return e.outerHTML.slice(0, 120); })`

func TestEveryControlIsReachedByKeyboardIsSeenThenAndHasAName(t *testing.T) {
	t.Parallel()
	b := openGallery(t, light)
	all := eval[[]string](b, controls)
	reached := make([]bool, len(all))
	for range 2 * len(all) {
		b.press(kb.Tab)
		at := eval[struct {
			Control string
			Outline string
			Inside  bool
		}](b, `(() => {
			const e = document.activeElement, style = getComputedStyle(e), r = e.getBoundingClientRect();
			const inside = r.right > 0 && r.left < innerWidth && r.bottom > 0 && r.top < innerHeight;
			return { Control: e.dataset.control ?? '', Outline: style.outlineStyle + ' ' + style.outlineWidth, Inside: inside };
		})()`)
		var i int
		if _, err := fmt.Sscan(at.Control, &i); err != nil {
			continue // the document itself, between its end and its beginning
		}
		reached[i] = true
		if strings.HasPrefix(at.Outline, "none") || !at.Inside {
			t.Errorf("where the keyboard is at %s cannot be seen: %+v", all[i], at)
		}
	}
	for i, ok := range reached {
		if !ok {
			t.Errorf("Tab does not lead to %s", all[i])
		}
	}
	if len(all) < 18 {
		t.Errorf("only %d controls: %q", len(all), all)
	}

	// The choices of the radio group, by arrows.
	b.script(`document.querySelector('#zoom [tabindex="0"]').focus()`)
	for _, want := range []string{"10 min", "all", "2 min", "all"} {
		key := kb.ArrowRight
		if want == "all" && b.shows().Window == "2 min" {
			key = kb.ArrowLeft
		}
		b.press(key)
		if got := b.shows().Window; got != want {
			t.Errorf("an arrow leads to %q, not %q", got, want)
		}
	}
	// The choice of a target, by Enter.
	b.script(`document.querySelector('#targets button[data-target="target-03"]').focus()`)
	b.press(kb.Enter)
	b.until("another target is shown", func(s shown) bool { return strings.HasPrefix(s.Title, "target-03 ") && len(s.Lanes) > 0 })
	// And a search among them.
	b.script(`document.querySelector('#find').focus()`)
	b.press("11")
	b.until("one is found", func(s shown) bool { return len(s.Targets) == 1 && strings.HasPrefix(s.Targets[0], "target-11") })

	call(b, accessibility.Enable, struct{}{})
	names := map[string]int{}
	for _, node := range call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		role := text(node.Role)
		switch role {
		case "button", "link", "radio", "radiogroup", "searchbox", "textbox", "DisclosureTriangle", "image", "navigation", "region",
			"columnheader", "rowheader", "heading":
		default:
			continue
		}
		if node.Ignored {
			continue
		}
		names[role]++
		if name := text(node.Name); strings.TrimSpace(name) == "" {
			t.Errorf("a %s has no name: %+v", role, node)
		}
	}
	for _, role := range strings.Fields("button link radio radiogroup searchbox image navigation region columnheader rowheader heading") {
		if names[role] == 0 {
			t.Errorf("who does not see the page finds no %s: %v", role, names)
		}
	}
}

// text is a value of the accessibility tree, empty for none.
func text(v *accessibility.Value) (s string) {
	if v != nil {
		json.Unmarshal(v.Value, &s) // what is no text has none
	}
	return s
}

func TestWhoPrefersStillnessGetsIt(t *testing.T) {
	t.Parallel()
	still := light
	still.still = true
	b := open(t, play(t, 150*time.Second, gallery()...).url, light) // longer than what is shown: otherwise lanes grow, and stand
	b.until("there is a recreation", func(s shown) bool { return len(s.Changes) == 1 && s.Link == "live" })
	// The lanes move all the time, and the sign of life breathes; or they move once a second, with a round, and nothing else does.
	const moves = `new Promise((done) => {
		const chart = document.querySelector('#chart');
		const seen = new Set();
		const end = performance.now() + 1500;
		const frame = () => {
			seen.add(chart.style.getPropertyValue('--shift'));
			if (performance.now() < end) requestAnimationFrame(frame);
			else done([seen.size, document.getAnimations().filter((a) => a.playState === 'running').length]);
		};
		frame();
	})`
	if got := eval[[]int](b, moves); got[0] < 5 || got[1] == 0 {
		t.Errorf("the lanes stood at %d places, %d animations ran: nothing moves", got[0], got[1])
	}
	b.look(still)
	if got := eval[[]int](b, moves); got[0] > 3 || got[1] > 0 {
		t.Errorf("the lanes stood at %d places, %d animations ran: it moves", got[0], got[1])
	}
}

// Widths are those of a phone and of a projector.
func TestNothingIsCutOffOnAPhoneAndAllCanBeReadFromAfar(t *testing.T) {
	t.Parallel()
	b := openGallery(t, narrow)
	b.fits()
	b.picture("gallery")
	b.look(wide)
	b.fits()
	b.picture("gallery")
	eventually(t, "no time below the lanes is cut off", func() bool {
		return eval[bool](b, `[...document.querySelectorAll('.tick span:not(:empty)')].every((time) => {
			const [r, plot, shift] = [time.getBoundingClientRect(), time.closest('.plot').getBoundingClientRect(), 12]; // pixels, between two rounds
			return r.left > plot.left - shift && r.right < plot.right + shift;
		})`)
	})
	small := eval[map[string]float64](b, `(() => {
		const least = {};
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walker.nextNode()) {
			const e = walker.currentNode.parentElement;
			if (!walker.currentNode.data.trim() || !e.checkVisibility() || getComputedStyle(e).clipPath !== 'none') continue;
			const where = e.closest('#lines, #chart, #recreations, #ways, #events, #targets, header, footer, #legend')?.id || 'other';
			least[where] = Math.min(least[where] ?? Infinity, parseFloat(getComputedStyle(e).fontSize));
		}
		return least;
	})()`)
	for where, least := range map[string]float64{"lines": 40, "chart": 14, "recreations": 13, "ways": 13, "events": 16, "targets": 14} {
		if small[where] < least {
			t.Errorf("on %d pixels a text in #%s is only %v pixels high, not %v", wide.width, where, small[where], least)
		}
	}
}

// fits checks that a page needs no scrolling from side to side, that no text leaves it there, and that none lies on another.
func (b *tab) fits() {
	b.Helper()
	for _, out := range eval[[]string](b, `(() => {
		const out = [];
		const width = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth > width) out.push('it is ' + document.documentElement.scrollWidth + ' pixels wide');
		const moves = '.segment, .flags, .ticks, .gantt'; // what may be cut off, as it comes in from the side
		const seen = []; // texts, and the boxes of their lines, but for what can be scrolled
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walker.nextNode()) {
			const e = walker.currentNode.parentElement;
			if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest(moves) || e.closest('.hidden, .skip, thead')) continue;
			const range = document.createRange();
			range.selectNodeContents(walker.currentNode);
			const r = range.getBoundingClientRect();
			if (!e.closest('#events-list, #targets-list')) seen.push([walker.currentNode.data.trim(), [...range.getClientRects()]]);
			const card = e.closest('section, nav, header, footer')?.getBoundingClientRect();
			const ellipsis = getComputedStyle(e).textOverflow === 'ellipsis';
			const outside = (left, right) => r.right > right + 1 || r.left < left - 1;
			if (r.width > 1 && !ellipsis && (outside(0, width) || (card && outside(card.left, card.right)))) {
				out.push(JSON.stringify(walker.currentNode.data.slice(0, 60)) + ' reaches from ' + Math.round(r.left) + ' to ' + Math.round(r.right));
			}
		}
		const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
			&& Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.4 * Math.min(a.height, b.height);
		seen.forEach(([text, boxes], i) => seen.slice(i + 1).forEach(([other, others]) => {
			if (boxes.some((a) => others.some((b) => overlap(a, b)))) out.push(JSON.stringify(text.slice(0, 40)) + ' lies on ' + JSON.stringify(other.slice(0, 40)));
		}));
		return out;
	})()`) {
		b.Errorf("%d pixels wide: %s", b.guise.width, out)
	}
}
