package browser

import (
	"context"
	"fmt"
	"math"
	"net"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/page"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// stand serves a page whose rounds are the test's to give.
type stand struct {
	t       testing.TB
	mu      sync.Mutex // of tracker and page, which take one round at a time
	tracker *compare.Tracker
	page    *page.Page
	started time.Time
	server  *page.Server
	url     string
	rounds  int // observed
}

// newStand serves a page on an address. What is shown began some time ago.
func newStand(t testing.TB, on, run string, opt compare.Options, ago time.Duration, targets ...probe.Target) *stand {
	t.Helper()
	ln, err := net.Listen("tcp", on)
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, tracker: compare.NewTracker(targets, opt), started: time.Now().Add(-ago)}
	s.page = page.New(page.Options{
		Run: probelog.Run{
			ID: run, Version: "v1.2.3", Host: "node-a", System: "linux/amd64", Targets: targets, Timeout: opt.Interval * 9 / 10, Options: opt,
		},
		Started: s.started, Tracker: s.tracker,
	})
	s.url = page.Address(ln)
	s.server = page.Serve(ln, s.page.Handler(), func(err error) { t.Errorf("serving: %v", err) })
	t.Cleanup(s.server.Stop)
	return s
}

// observe takes a round.
func (s *stand) observe(r probe.Round) []probe.Pin {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.tracker.Observe(r)
	if err != nil {
		s.t.Error(err)
		return nil
	}
	s.page.Observe(r, o)
	s.rounds++
	return o.Pins
}

// observed is how many rounds there were, of all targets.
func (s *stand) observed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rounds
}

// story is what happens to a target. Its last line goes on for ever.
type story struct {
	target string
	comparetest.Scenario
	names map[string]string // of pods, other than the scenario's
	slow  bool              // answers take anything from microseconds to seconds
}

func (s story) Target() probe.Target {
	t := s.Scenario.Target()
	t.Name = s.target
	return t
}

// play serves a page on which stories have been going on for some time. They go on until the test's end.
func play(t testing.TB, ago time.Duration, stories ...story) *stand {
	t.Helper()
	var targets []probe.Target
	for _, st := range stories {
		targets = append(targets, st.Target())
	}
	s := newStand(t, "127.0.0.1:0", "run1", stories[0].Options(), ago, targets...)
	ctx, cancel := context.WithCancel(t.Context())
	var playing, past sync.WaitGroup
	for _, st := range stories {
		past.Add(1)
		told := sync.OnceFunc(past.Done)
		playing.Go(func() {
			defer told()
			st.Play(func(r probe.Round) []probe.Pin {
				if wait := time.Until(s.started.Add(r.At)); wait > 0 {
					told()
					select {
					case <-time.After(wait):
					case <-ctx.Done():
						runtime.Goexit()
					}
				}
				r.Target, r.Wall = st.target, s.started.Add(r.At)
				for i, result := range r.Results {
					if st.slow {
						r.Results[i].Total = time.Duration(20*math.Pow10(int(r.Seq%6))) * time.Microsecond
					}
					if who := result.Who; who != nil && st.names[who.Name] != "" {
						who.Name = st.names[who.Name]
					}
				}
				return s.observe(r)
			})
		})
	}
	t.Cleanup(func() { cancel(); playing.Wait() })
	past.Wait()
	return s
}

// gallery has all that a page can show: a target in whose lanes each state stands, and many others, well or not.
func gallery() []story {
	lastTimes := regexp.MustCompile(`(\s+x\d+)?\s*(//.*)?$`) // how often the last line is played
	stories := []story{{target: "httpd", slow: true, Scenario: comparetest.Scenario{
		Approaches: "ip dns headless cached keepalive", Cache: 4 * time.Second,
		Pods: "A=pod-httpd/10.244.0.5 B=pod-httpd/10.244.0.9 S=stranger/10.244.0.5", Service: "10.96.0.1",
		Rounds: `
			-               A       A             *A              *A             x8
			A               A       A             A               A              x22
			refused         refused dns_not_found refused         reset
			A'              A'      A'            A'              *A'            x10
			connect_timeout refused dns_not_found connect_timeout closed         x2
			no_route        B       B             connect_timeout *B             x2
			no_route        B       B             *B              B              x12
			void            void    void          void            void           x4
			no_route        B       B             B               B              x5
			S               B       B             B               B              x20
			S               B       dns_servfail  B               void           x100000`,
	}}}
	for i, name := range []string{
		"a single pod is recreated with another IP", "a container restarts in place", "a pod is recreated with the same IP",
		"a given pin belongs to a stranger from the start", "one of three replicas is recreated", "only an IP",
		"a replica is lost and nobody takes its place", "names fail for a reason of their own while the pod answers",
		"a name that is cached for ever stays with the dead pod", "several names of one target fail each in its way",
	} {
		sc := comparetest.Named(name)
		sc.Rounds = lastTimes.ReplaceAllString(strings.TrimSpace(sc.Rounds), " x100000")
		stories = append(stories, story{target: fmt.Sprintf("target-%02d", i+2), Scenario: sc})
	}
	return append(stories, story{target: "waits", Scenario: comparetest.Scenario{Approaches: "ip dns", Service: "10.96.0.1", Rounds: "- ? x100000"}})
}
