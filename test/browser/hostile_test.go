package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/identity"
)

// harmless checks that nothing that was said became markup or was run, and that the layout stands.
func (b *tab) harmless() {
	b.Helper()
	for _, g := range []guise{narrow, light} {
		b.look(g)
		b.fits()
	}
	const made = `[...document.querySelectorAll('img, script:not([src="main.js"]), iframe, object, embed, form, video, [onerror], [onload]')]
		.map((e) => e.outerHTML)`
	for _, markup := range eval[[]string](b, made) {
		b.Errorf("what was said became markup: %s", markup)
	}
	if !eval[bool](b, `typeof hacked === 'undefined'`) {
		b.Error("what was said was run")
	}
}

var (
	image  = `<img src=x onerror=alert(1)>`
	quotes = `"'></p><script>hacked=1</script><svg onload=hacked=2>&lt;b&gt;${hacked=3}{{4}}`
	long   = strings.Repeat("endless", 36) + "x"             // 253 bytes, as many as there may be
	right  = "פוד-של-מישהו-אחר " + "ṕ̴̢̛̗͎͚o̷͇̓d̶" + " ﷽ 🐿️" // from right to left, piled up, wide
)

// Real pods, with names that no cluster would let them have.
func TestWhatARealPodSaysOfItselfIsShownAsTextAndHarmsNothing(t *testing.T) {
	t.Parallel()
	names := map[string]string{"image": image, "quotes": quotes, "long": long, "right": right}
	args := []string{"--listen=127.0.0.1:0", "--interval=500ms", "--timeout=450ms"}
	for target, name := range names {
		port := freePort(t)
		start(t, []string{"POD_NAME=" + name, "POD_UID=uid-" + target, "POD_IP=127.0.0.1", "NODE_NAME=" + name}, "httpd",
			fmt.Sprintf("--listen=127.0.0.1:%d", port), "--admin-listen=", "--drain-delay=0s", "--log-requests=false").says("listening|serving|addr")
		args = append(args, fmt.Sprintf("--target=%s=http://localhost:%d", target, port))
	}
	// A name that httpd would not give itself: what can turn a line around or clear a terminal is not a name.
	turned := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(identity.HeaderName, "pod-\u202egnp.exe")
		w.Header().Set(identity.HeaderUID, "uid-turned")
	}))
	defer turned.Close()
	args = append(args, "--target=turned="+strings.Replace(turned.URL, "127.0.0.1", "localhost", 1))
	base := start(t, nil, "prober", args...).says(`the live page is at (http://127\.0\.0\.1:\d+)`)

	b := blank(t, light)
	b.visit(base + "/#target=image")
	b.until("there are all targets", func(s shown) bool { return len(s.Targets) == len(args)-3 })
	for target, name := range names {
		b.script(fmt.Sprintf(`document.querySelector('#targets button[data-target=%s]').click()`, target))
		words := strings.Join(strings.Fields(name), " ")
		s := b.until("the name is shown", func(s shown) bool {
			return strings.HasPrefix(s.Title, target+" ") && strings.Contains(s.Ways["dns"]["who"], words) && strings.Contains(strings.Join(s.Events, "\n"), words)
		})
		if !strings.Contains(s.Lanes[1].Segments[0], words) && !strings.Contains(s.Lanes[1].Segments[0], name) {
			t.Errorf("the lane says %q", s.Lanes[1].Segments)
		}
		agree(b, base, target)
		b.harmless()
		b.picture("hostile-" + target)
	}
	b.script(`document.querySelector('#targets button[data-target=turned]').click()`)
	b.until("it is shown", func(s shown) bool { return strings.HasPrefix(s.Title, "turned ") && s.Lanes[1].State == "ok" })
	if eval[bool](b, `document.documentElement.textContent.includes('\u202e')`) {
		t.Error("what turns lines around came through")
	}
}

// The same where it hurts most: in the largest words, in recreations, in the list of targets, in the address.
func TestAHostileStrangerIsTextInEveryPlace(t *testing.T) {
	t.Parallel()
	var stories []story
	for target, name := range map[string]string{`<b>bold</b>"&#%/?`: image, "quotes'": quotes, long: long, "right": right} {
		stories = append(stories, story{target: target, names: map[string]string{"pod-httpd": name, "stranger": name + "!"}, Scenario: comparetest.Scenario{
			Approaches: "ip dns", Pods: "A=pod-httpd/10.244.0.5 B=pod-httpd/10.244.0.9 S=stranger/10.244.0.5", Service: "10.96.0.1",
			Rounds: `
				-               A
				A               A       x3
				connect_timeout refused
				connect_timeout B       x7
				S               B       x100000`,
		}})
	}
	s := play(t, 30*time.Second, stories...)
	b := blank(t, light)
	for _, st := range stories {
		b.visit(s.url + "/#target=" + url.QueryEscape(st.target))
		b.visit(s.url + "/?" + url.QueryEscape(st.target[:1]) + "#target=" + url.PathEscape(st.target)) // anew, not within the page
		words := strings.Join(strings.Fields(st.names["stranger"]), " ")
		b.until("the stranger is named", func(s shown) bool {
			return strings.HasPrefix(s.Title, st.target) && slices.ContainsFunc(s.Lines, func(l string) bool { return strings.Contains(l, "address: "+words+" (") })
		})
		b.script(`document.querySelector('#recreation-1 button').click()`)
		open := b.until("the recreation tells of the pod", func(s shown) bool { return s.Changes[0].Open && len(s.Changes[0].Steps) > 2 })
		if !strings.Contains(open.Changes[0].Steps[0], strings.Join(strings.Fields(st.names["pod-httpd"]), " ")) {
			t.Errorf("steps %q", open.Changes[0].Steps)
		}
		b.harmless()
		b.picture("stranger-" + map[string]string{image: "image", quotes: "quotes", long: "long", right: "right"}[st.names["pod-httpd"]])
	}
}
