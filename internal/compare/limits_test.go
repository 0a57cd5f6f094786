package compare_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// run feeds a tracker of the approaches ip and dns with rounds that a function makes.
type run struct {
	t  *testing.T
	tr *compare.Tracker
	r  probe.Round
	// kinds count the events by kind.
	kinds map[compare.Kind]int
}

func newRun(t *testing.T) *run {
	sc := comparetest.Scenario{Approaches: "ip dns", Settle: 3 * time.Second}
	return &run{t: t, tr: tracker(sc), r: probe.Round{Target: "httpd", At: -time.Second}, kinds: map[compare.Kind]int{}}
}

// byIP and byName are an answer of a pod; the zero UID is a refused connection.
func byIP(uid string, ip netip.Addr) probe.Result {
	if uid == "" {
		return probe.Result{Outcome: probe.Refused, Addr: netip.AddrPortFrom(ip, 80)}
	}
	who := &identity.Report{Identity: identity.Identity{UID: uid, Name: "web", Instance: uid, IPs: []netip.Addr{ip}}}
	return probe.Result{Outcome: probe.OK, Status: 200, Addr: netip.AddrPortFrom(ip, 80), Who: who, Total: time.Millisecond}
}

func byName(uid string, ip netip.Addr) probe.Result {
	r := byIP(uid, ip)
	service := netip.MustParseAddr("10.96.0.1")
	r.Addr = netip.AddrPortFrom(service, 80)
	r.Answer = &resolve.Answer{Host: "apache.localcluster", Source: resolve.FromDNS, Addrs: []netip.Addr{service}}
	return r
}

func (r *run) observe(results ...probe.Result) []compare.Event {
	r.t.Helper()
	r.r.Seq++
	r.r.At += time.Second
	r.r.Wall = comparetest.Start.Add(r.r.At)
	r.r.Results = results
	o, err := r.tr.Observe(r.r)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range o.Events {
		r.kinds[e.Kind]++
	}
	return o.Events
}

func (r *run) state() compare.State {
	s, _ := r.tr.State("httpd")
	if err := r.tr.Restore(s); err != nil {
		r.t.Errorf("its own state is refused: %v", err)
	}
	return s
}

var five = netip.MustParseAddr("10.0.0.5")

// numbered is the n-th address of 10.1.0.0/16.
func numbered(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}) }

func TestANewUIDInEachAnswerNeitherFillsTheMemoryNorTheLog(t *testing.T) {
	r := newRun(t)
	r.observe(probe.Result{Outcome: probe.Pending}, byName("first", five))
	for i := range 3000 {
		r.observe(byIP(fmt.Sprintf("ip-%d", i), five), byName(fmt.Sprintf("dns-%d", i), five))
	}
	if n := r.kinds[compare.Recreated] + r.kinds[compare.Restarted] + r.kinds[compare.Moved]; n > 1 {
		t.Errorf("%v", r.kinds)
	}
	if s := r.state(); len(s.Pods) > 256 {
		t.Errorf("%d pods are remembered", len(s.Pods))
	}
}

func TestOfManyReplicasThePinnedOneIsNeverForgotten(t *testing.T) {
	r := newRun(t)
	r.observe(probe.Result{Outcome: probe.Pending}, byName("pinned", five))
	for i := range 1000 {
		r.observe(byIP("pinned", five), byName(fmt.Sprintf("uid-%d", i%300), numbered(i%300)))
	}
	s := r.state()
	if pinned, _ := s.Pods.Get("pinned"); pinned.First.Seq != 1 || len(s.Pods) > 256 {
		t.Errorf("pinned pod %+v among %d", pinned, len(s.Pods))
	}
	if len(r.kinds) != 1 {
		t.Errorf("%v", r.kinds)
	}
}

func TestStrangersNeverDriveOutMembers(t *testing.T) {
	r := newRun(t)
	r.observe(probe.Result{Outcome: probe.Pending}, byName("pinned", five))
	r.observe(byIP("pinned", five), byName("member", numbered(1)))
	for i := range 600 {
		r.observe(byIP(fmt.Sprintf("stranger-%d", i), five), byName("pinned", five))
	}
	if member, _ := r.state().Pods.Get("member"); member.First.Seq != 2 {
		t.Error("a member was forgotten for a stranger's sake")
	}
}

func TestHundredsOfRecreationsAreCountedAndTheLastOnesKept(t *testing.T) {
	const all = 500
	r := newRun(t)
	r.observe(probe.Result{Outcome: probe.Pending}, byName("uid-0", five))
	for n := 1; n <= all; n++ {
		r.observe(byIP("", five), byName("", five))
		for range 5 {
			r.observe(byIP("", five), byName(fmt.Sprintf("uid-%d", n), numbered(n)))
		}
	}
	s := r.state()
	if len(s.Recreations) != 32 || s.RecreationCount != all || s.Recreations[31].N != all {
		t.Errorf("%d recreations are kept, of %d", len(s.Recreations), s.RecreationCount)
	}
	ip := r.tr.Summary().Targets[0].Approaches[0]
	if ip.Verdicts[compare.Broken] != all || len(s.Approaches[0].Broken) != all {
		t.Errorf("ip: %v", ip.Verdicts)
	}
	for _, rec := range s.Recreations {
		if e := rec.Effects[0]; e.Lost != 6*all || e.For != time.Duration(6*all-1)*time.Second {
			t.Errorf("recreation %d: ip lost %d in %v, still out after %d rounds", rec.N, e.Lost, e.For, 6*all)
		}
	}
	// The first pod's IP answers again, by the pod that is current: all of them recovered.
	r.observe(byIP(fmt.Sprintf("uid-%d", all), five), byName(fmt.Sprintf("uid-%d", all), numbered(all)))
	if ip := r.tr.Summary().Targets[0].Approaches[0]; ip.Verdicts[compare.Came] != all || ip.Recovery.Count() != all {
		t.Errorf("ip after it recovered: %v", ip.Verdicts)
	}
}

func TestWhatIsBrokenGoesOnCounting(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		if sc.Name != "a flapping name is broken when it settles and comes back" {
			continue
		}
		e := play(t, sc).summary.Targets[0].Recreations[0].Effects[2]
		if e.Verdict != compare.Came || e.Lost != 10 || e.For.Round(10*time.Millisecond) != 11*time.Second {
			t.Errorf("%+v: one probe, a success, and nine probes were lost from round 4 to 15", e)
		}
		return
	}
	t.Fatal("no such story")
}

func TestTargetsDoNotDisturbEachOther(t *testing.T) {
	a, b := comparetest.Named("a single pod is recreated with another IP"), comparetest.Named("one of three replicas is recreated")
	first, second := a.Target(), b.Target()
	second.Name = "other"
	tr := compare.NewTracker([]probe.Target{first, second}, a.Options())
	var together []compare.Event
	observe := func(r probe.Round) []probe.Pin {
		o, err := tr.Observe(r)
		if err != nil {
			t.Fatal(err)
		}
		together = append(together, o.Events...)
		for _, pin := range o.Pins {
			if pin.Target != r.Target {
				t.Errorf("a pin of %q from a round of %q", pin.Target, r.Target)
			}
		}
		return o.Pins
	}
	a.Play(observe)
	b.Play(func(r probe.Round) []probe.Pin {
		r.Target = "other"
		return observe(r)
	})
	alone := append(play(t, a).events(), play(t, b).events()...)
	if len(together) != len(alone) {
		t.Fatalf("%d events together, %d alone", len(together), len(alone))
	}
	for i := range alone {
		if comparetest.Brief(together[i]) != comparetest.Brief(alone[i]) {
			t.Errorf("together %s, alone %s", comparetest.Brief(together[i]), comparetest.Brief(alone[i]))
		}
	}
	if s := tr.Summary(); len(s.Targets) != 2 || s.Targets[1].Name != "other" || s.Targets[1].Recreated != 1 {
		t.Errorf("%+v", s)
	}
}
