package page_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/page"
	"callbyname/internal/probe"
)

// A watcher that loses its connection now and then has at the end what a newcomer gets, and heard each round once.
func TestNoEventIsLostOrDoubledAcrossReconnects(t *testing.T) {
	for i, sc := range comparetest.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			luck := rand.New(rand.NewPCG(uint64(i), 7))
			s := show(sc.Options(), nil, sc.Target())
			b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=httpd"}
			b.connect()
			connected := true
			var last uint64
			sc.Play(func(r probe.Round) []probe.Pin {
				last = r.Seq
				pins := s.observe(t, r)
				switch luck.IntN(4) {
				case 0:
					if connected {
						b.until(r.Seq)
						b.lose()
					} else {
						b.connect()
					}
					connected = !connected
				case 1:
					if connected {
						b.until(r.Seq)
					}
				}
				return pins
			})
			if !connected {
				b.connect()
			}
			b.until(last)
			want := s.json(t, "/api/v1/targets/httpd")
			for i, lane := range want["lanes"].([]any) {
				if _, ok := b.target["lanes"].([]any)[i].(map[string]any)["curve"]; !ok {
					delete(lane.(map[string]any), "curve")
				}
			}
			if d := differs("target", b.target, want); d != "" {
				t.Error("what was put together is not what a newcomer gets: ", d)
			}
			if d := differs("fleet", b.fleet["httpd"], s.json(t, "/api/v1/status")["targets"].([]any)[0]); d != "" {
				t.Error("the overview that was put together is not what a newcomer gets: ", d)
			}
			if len(b.resets) > 0 && !strings.Contains(sc.Rounds, "pause") { // who was away for long begins anew
				t.Errorf("resets: %q", b.resets)
			}
			b.lose()
		})
	}
}

// steady is a story in which nothing happens, for as many rounds as a test wants.
func steady(name string) (probe.Target, func(seq uint64) probe.Round) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Rounds: "- A\nA A"}
	target := sc.Target()
	target.Name = name
	var last probe.Round
	sc.Play(func(r probe.Round) []probe.Pin { last = r; return nil })
	return target, func(seq uint64) probe.Round {
		r := last
		r.Target, r.Seq, r.At = name, seq, time.Duration(seq-1)*comparetest.Interval
		r.Wall = comparetest.Start.Add(r.At)
		return r
	}
}

var options = compare.Options{Interval: comparetest.Interval, Settle: 5 * time.Second}

func TestWhoComesBackTooLateOrToAnotherRunBeginsAnew(t *testing.T) {
	target, round := steady("httpd")
	s := show(options, nil, target)
	b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=httpd"}
	b.connect()
	s.observe(t, round(1))
	b.until(1)
	b.lose()
	for seq := uint64(2); seq < 1000; seq++ { // more than is kept
		s.observe(t, round(seq))
	}
	b.connect()
	b.until(999)
	if len(b.resets) != 1 || !strings.Contains(b.resets[0], "Too much happened") || b.heard[len(b.heard)-1].event != "snapshot" {
		t.Errorf("resets %q, then %q", b.resets, b.heard[len(b.heard)-1].event)
	}
	b.lose()

	b.last = "another-7"
	b.connect()
	b.next()
	b.next()
	if n := len(b.heard); !strings.Contains(b.resets[1], "started anew") || b.heard[n-1].event != "snapshot" {
		t.Errorf("resets %q, then %q", b.resets, b.heard[n-1].event)
	}
	b.lose()
}

func TestAResetIsNoPlaceToResumeFrom(t *testing.T) {
	target, round := steady("httpd")
	s := show(options, nil, target)
	s.observe(t, round(1))
	b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=httpd", last: "another-7"}
	b.connect()
	if m, _ := b.next(); m.event != "reset" || m.id != "" {
		t.Errorf("%+v", m)
	}
	b.lose() // before the snapshot came through
	b.connect()
	b.next()
	b.next()
	if b.target == nil {
		t.Error("no snapshot")
	}
	b.lose()
}

func TestATargetIsFollowedOnlyForWhoWatchesIt(t *testing.T) {
	one, first := steady("one")
	two, second := steady("two")
	s := show(options, nil, one, two)
	b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=two"}
	b.connect()
	for seq := uint64(1); seq <= 5; seq++ {
		s.observe(t, first(seq))
		s.observe(t, second(seq))
	}
	b.until(5)
	for _, m := range b.heard {
		if m.event == "round" && m.data["target"] != "two" {
			t.Errorf("heard %v", m.data["target"])
		}
	}
	if b.fleet["one"].(map[string]any)["state"] != "ok" {
		t.Errorf("overview: %v", b.fleet["one"])
	}
	b.lose()
}

func TestAnUnknownTargetIsNotFound(t *testing.T) {
	target, _ := steady("httpd")
	s := show(options, nil, target)
	for _, path := range []string{"/api/v1/events?target=nobody", "/api/v1/targets/nobody"} {
		if w := s.get(path); w.Code != 404 || !strings.Contains(w.Body.String(), `"nobody"`) {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestNoMoreThanSoManyMayWatch(t *testing.T) {
	target, _ := steady("httpd")
	s := show(options, func(o *page.Options) { o.Watchers = 2 }, target)
	server := s.serve(t)
	var all []*browser
	for range 2 {
		b := &browser{t: t, url: server.URL + "/api/v1/events"}
		b.connect()
		all = append(all, b)
	}
	if w := s.get("/api/v1/events"); w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") == "text/event-stream" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	all[0].lose()
	for late := time.Now().Add(10 * time.Second); s.Watching() > 1; time.Sleep(time.Millisecond) { // its handler ends soon
		if time.Now().After(late) {
			t.Fatal("who has gone still watches")
		}
	}
	all[0].connect()
	for _, b := range all {
		b.lose()
	}
}

func TestWhoWatchesHearsThatTheProberStops(t *testing.T) {
	sc := comparetest.Scenario{Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9", Service: "10.96.0.1",
		Rounds: "- A\nA A x3\nrefused refused\nrefused B"} // not settled yet
	s := show(sc.Options(), nil, sc.Target())
	b := &browser{t: t, url: s.serve(t).URL + "/api/v1/events?target=httpd"}
	b.connect()
	at, wall := sc.Play(func(r probe.Round) []probe.Pin { return s.observe(t, r) })
	s.tracker.Stop(at, wall)
	s.Stop(s.tracker.Summary(), wall, "SIGTERM")
	var last message
	for m, ok := b.next(); ok; m, ok = b.next() {
		last = m
	}
	if last.event != "stopped" || last.data["reason"] != "SIGTERM" || last.id != "" {
		t.Errorf("%+v", last)
	}
	b.lose()
	if status := s.json(t, "/api/v1/status"); status["stopped"].(map[string]any)["words"] != last.data["words"] {
		t.Errorf("status: %v", status["stopped"])
	}
	if w := s.get("/readyz"); w.Code != 503 || w.Body.String() != "stopped\n" {
		t.Errorf("readyz: %d %s", w.Code, w.Body)
	}
}
