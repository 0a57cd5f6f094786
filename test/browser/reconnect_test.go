package browser

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// unreachable is what Chromium itself says on the console when a server is away, and nobody can keep it from that.
const unreachable = `^network error: Failed to load resource: net::ERR_[A-Z_]+ http://127\.0\.0\.1:\d+/api/v1/events`

// wire leads from a browser to a server, and can be cut, or go silent.
type wire struct {
	ln     net.Listener
	to     string
	mu     sync.Mutex
	silent sync.RWMutex // held while nothing comes through
	cut    bool
	conns  map[net.Conn]struct{}
	alive  sync.WaitGroup
}

func newWire(t testing.TB, to string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{ln: ln, to: strings.TrimPrefix(to, "http://"), conns: map[net.Conn]struct{}{}}
	w.alive.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			w.alive.Go(func() { w.join(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		w.sever()
		w.alive.Wait()
	})
	return w
}

func (w *wire) url() string { return "http://" + w.ln.Addr().String() }

// join leads one connection on until either side ends it.
func (w *wire) join(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer s.Close()
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		return
	}
	w.conns[c], w.conns[s] = struct{}{}, struct{}{}
	w.mu.Unlock()
	w.alive.Go(func() {
		io.Copy(s, c) // until one of them is closed
		s.Close()
	})
	chunk := make([]byte, 32<<10)
	for {
		n, err := s.Read(chunk)
		w.silent.RLock()
		_, failed := c.Write(chunk[:n])
		w.silent.RUnlock()
		if err != nil || failed != nil {
			break
		}
	}
	w.mu.Lock()
	delete(w.conns, c)
	delete(w.conns, s)
	w.mu.Unlock()
}

// sever cuts all that is connected, and whatever tries to connect, until mend.
func (w *wire) sever() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for c := range w.conns {
		c.Close()
	}
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

// calls is how many calls a way of calling has made, as the page says.
func (s shown) calls(approach string) (n int) {
	var lost int
	fmt.Sscanf(s.Ways[approach]["lost"], "%d of %d calls", &lost, &n) // 0 for none
	return n
}

func TestALostConnectionIsToldAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := play(t, 30*time.Second, gallery()[:1]...)
	w := newWire(t, s.url)
	b := open(t, w.url(), light)
	b.watch.allow(unreachable)
	before := b.until("it is live", func(s shown) bool { return s.Link == "live" && s.calls("dns") > 0 })

	w.sever()
	rounds := s.observed()
	eventually(t, "three rounds go by", func() bool { return s.observed() >= rounds+3 })
	w.mend()
	after := b.until("it goes on", func(s shown) bool { return s.Link == "live" && s.calls("dns") >= before.calls("dns")+4 })
	if after.Banner != "" || after.Run != before.Run {
		t.Errorf("of a short loss the page makes a new beginning: %q", after.Banner)
	}
	agree(b, s.url, "httpd")

	w.silent.Lock()
	stale := b.until("the silence is told", func(s shown) bool { return s.Link == "no news" && strings.Contains(s.Lines[0], "heard") })
	if !regexp.MustCompile(`^No news for \d+ s\. Reconnecting … What you see may be out of date\.$`).MatchString(stale.Banner) {
		t.Errorf("banner %q", stale.Banner)
	}
	for _, line := range stale.Lines {
		if !regexp.MustCompile(`: was [^:]+, when last heard at \d\d:\d\d:\d\d$`).MatchString(line) {
			t.Errorf("of a state that nobody knows it is said %q", line)
		}
	}
	for _, l := range stale.Lanes {
		if l.State != "unknown" || !strings.HasPrefix(l.Words, "was ") || !strings.HasPrefix(l.Label, l.Approach+": was ") {
			t.Errorf("of a state that nobody knows a lane says %q, %q, %q", l.State, l.Words, l.Label)
		}
	}
	if name := eval[string](b, `document.title`); name != "? httpd · callbyname" || stale.Lesson != "" || stale.News != "" {
		t.Errorf("of a state that nobody knows the page says %q, %q, %q", name, stale.Lesson, stale.News)
	}
	for _, g := range []guise{light, dark} {
		b.look(g)
		b.picture("stale")
		for _, poor := range b.contrast().Poor {
			t.Errorf("stale, %s: %s", g.name, poor)
		}
	}
	w.silent.Unlock()
	b.until("it goes on after the silence", func(s shown) bool {
		return s.Link == "live" && s.Banner == "" && s.calls("dns") > stale.calls("dns")
	})
	agree(b, s.url, "httpd")
}

func TestARestartedProberBeginsAnewOnThePageAndSaysSo(t *testing.T) {
	t.Parallel()
	pod := freePort(t)
	httpd := func(uid string) *process {
		p := start(t, []string{"POD_NAME=pod-httpd", "POD_UID=" + uid, "POD_IP=127.0.0.1"}, "httpd",
			fmt.Sprintf("--listen=127.0.0.1:%d", pod), "--admin-listen=", "--drain-delay=0s", "--log-requests=false")
		p.says("listening|serving|addr")
		return p
	}
	listen := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	prober := func() *process {
		p := start(t, nil, "prober", "--listen="+listen, "--interval=500ms", "--timeout=450ms", fmt.Sprintf("--target=httpd=http://localhost:%d", pod))
		p.says("the live page is at")
		return p
	}
	first := httpd("uid-1")
	running := prober()
	b := open(t, "http://"+listen, light)
	b.watch.allow(unreachable)
	b.until("all is well", func(s shown) bool { return s.say() == "ip ok, dns ok" })
	first.end(syscall.SIGKILL) // so that the run has a history of its own
	was := b.until("an outage is told", func(s shown) bool { return s.say() == "ip broken, dns broken" && len(s.Events) >= 3 })
	httpd("uid-1")

	for _, how := range []struct {
		signal       syscall.Signal
		link, banner string
	}{
		{syscall.SIGTERM, "stopped", `^The prober stopped at \d\d:\d\d:\d\d \(SIGTERM\)`},
		{syscall.SIGKILL, "no news", `^No news for \d+ s\.`},
	} {
		running.end(how.signal)
		gone := b.until("it is told that the prober is away", func(s shown) bool { return s.Link == how.link })
		if !regexp.MustCompile(how.banner).MatchString(gone.Banner) || len(gone.Lanes) != 2 || len(gone.Events) == 0 {
			t.Errorf("after %v the banner is %q, and there are %d lanes and %d events", how.signal, gone.Banner, len(gone.Lanes), len(gone.Events))
		}
		b.picture("away-" + strings.ReplaceAll(how.link, " ", "-"))
		running = prober()
		now := b.until("the new run is shown", func(s shown) bool { return s.Link == "live" && s.Run != was.Run && s.say() == "ip ok, dns ok" })
		if !strings.Contains(now.Banner, "prober was started anew.") {
			t.Errorf("after %v the banner is %q", how.signal, now.Banner)
		}
		b.picture("anew-" + strings.ReplaceAll(how.link, " ", "-"))
		if len(now.Events) != 1 || now.Ways["dns"]["lost"][:2] != "0 " {
			t.Errorf("of the run before there still is %q, %q", now.Events, now.Ways)
		}
		for _, l := range now.Lanes {
			if strings.Contains(strings.Join(l.Segments, " "), "broken") {
				t.Errorf("the lane of the run before still is there: %q", l.Segments)
			}
		}
		agree(b, "http://"+listen, "httpd")
		was = now
	}
}
