package browser

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The page's own modules, each in the browser but without the page.
func TestTheModulesOfThePageKeepTheirPromises(t *testing.T) {
	t.Parallel()
	s := play(t, 5*time.Second, gallery()[:1]...)
	for _, tt := range []struct {
		promise, script string
		want            string
	}{
		{
			"a time of day is the prober's, in its zone, after midnight too", `import('/clock.js').then((clock) => {
				clock.anchor(1000, '2026-03-14T23:59:58.250Z');
				const utc = [1000, 2800].map(clock.timeOfDay);
				clock.setZone(-5 * 3600 - 1800);
				return [...utc, clock.timeOfDay(1000)];
			})`, "23:59:58 00:00:00 18:29:58",
		},
		{
			"the run's clock follows what the prober says, and is not set back by what comes late", `import('/clock.js').then((clock) => {
				const says = (ahead) => { clock.sync(performance.now() + ahead); return Math.round(clock.now() - performance.now()); };
				return [says(5000), says(4400), says(5300), says(1000), says(90000)].map((ahead) => String(Math.round(ahead / 100) / 10));
			})`, "5 5 5.3 1 90",
		},
		{
			"what a store keeps is bounded, whatever is sent", `import('/store.js').then(({ store, apply }) => {
				const lanes = () => [{ stretches: [], latency: [] }];
				apply('snapshot', { run: { run: 'r', zone_offset_s: 0 }, words: '', now_ms: 0, targets: [],
					target: { target: 't', seq: 0, at_ms: 0, lanes: lanes(), events: [], recreations: [] } });
				for (let i = 1; i <= 20000; i++) {
					apply('round', { target: 't', seq: i, at_ms: i * 1000, time: '2026-03-14T09:00:00Z', tails: [{ from_ms: i * 1000, to_ms: i * 1000 }],
						took_ms: [1], events: [{ at_ms: i * 1000 }], recreations: [{ n: i }] });
				}
				const { stretches, latency } = store.target.lanes[0];
				const sizes = [stretches.length, latency.length, store.target.events.length, store.target.recreations.length];
				return [String(sizes.every((n) => n > 0 && n <= 2000)), String(stretches.at(-1).from_ms), String(store.target.recreations.at(-1).n)];
			})`, "true 20000000 20000",
		},
		{
			"a round of another target, or one that is known, changes nothing", `import('/store.js').then(({ store, apply }) => {
				apply('snapshot', { run: { run: 'r', zone_offset_s: 0 }, words: '', now_ms: 0, targets: [],
					target: { target: 't', seq: 7, at_ms: 0, lanes: [], events: [], recreations: [] } });
				const round = { at_ms: 9, tails: [], took_ms: [], time: null };
				const rounds = [{ target: 'u', seq: 8 }, { target: 't', seq: 7 }, { target: 't', seq: 8 }];
				return [...rounds.map((r) => apply('round', { ...round, ...r })), String(store.target.seq)];
			})`, "  round 8",
		},
		{
			"a probe stands for the interval that begins with it, and a gap stays a gap",
			`Promise.all(['/store.js', '/view.js', '/clock.js'].map((name) => import(name))).then(([{ store }, view, clock]) => {
				store.run = { interval_ms: 1000, timeout_ms: 900 };
				store.stopped = null;
				clock.sync(60000);
				const stretches = [{ from_ms: 0, to_ms: 4000 }, { from_ms: 5000, to_ms: 5000 }, { from_ms: 20000, to_ms: 21000 }];
				const live = stretches.map((_, i) => view.end(stretches, i));
				store.stopped = {};
				return [...live, view.end(stretches, 2)].map(String);
			})`, "5000 6500 23500 22000",
		},
		{
			"an element's text is text", `import('/dom.js').then(({ el, say }) => {
				const e = el('p', { title: '"><b>', hidden: false }, '<i>x</i>', null, el('b', {}, '&amp;'));
				say(e.lastChild, '<u>');
				return [e.outerHTML];
			})`, `<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;x&lt;/i&gt;<b>&lt;u&gt;</b></p>`,
		},
	} {
		t.Run(strings.ReplaceAll(tt.promise, " ", "_"), func(t *testing.T) {
			b := blank(t, light)
			b.visit(s.url + "/icon.svg") // of the same origin, and without modules of its own
			if got := strings.Join(eval[[]string](b, tt.script), " "); got != tt.want {
				t.Errorf("%q, not %q", got, tt.want)
			}
		})
	}
	if kinds := eval[[]string](open(t, s.url, light), `[...document.scripts].map((s) => s.type + s.text)`); !slices.Equal(kinds, []string{"module"}) {
		t.Errorf("the page has scripts of other kinds: %q", kinds)
	}
}
