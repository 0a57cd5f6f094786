package probelog_test

import (
	"bytes"
	"io"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// busyLog is the log of so many rounds by IP and by name in a cluster: a second apart, each with latencies of its own, and a
// recreation every so many rounds, after which the pin moves on.
func busyLog(t testing.TB, w io.Writer, rounds, every int) {
	t.Helper()
	service := netip.MustParseAddr("10.96.0.1")
	server := netip.MustParseAddrPort("10.96.0.10:53")
	target := probe.Target{Name: "httpd", URL: &url.URL{Scheme: "http", Host: "apache.localcluster"},
		Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns", Host: "apache.localcluster"}}}
	run := probelog.Run{ID: "busy", Version: "v1", Host: "pod-prober", Targets: []probe.Target{target}, Rounds: probelog.All,
		Options: compare.Options{Interval: time.Second, Settle: 30 * time.Second, RepinAfter: time.Minute}, Timeout: 900 * time.Millisecond}
	r := probelog.NewRecorder(run, probelog.NewJSON(w, run))
	begin := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	r.Start(begin)
	took := func(n, least, spread int) time.Duration {
		return time.Duration(least+n*7919%spread) * time.Microsecond
	}
	pin, at := netip.AddrPort{}, time.Duration(0)
	pods := map[int]*identity.Report{}
	for n := 1; n <= rounds; n++ {
		at = time.Duration(n-1)*time.Second + took(n, 0, 400)
		const gap = 5
		generation, since := n/every, n%every
		pod := pods[generation]
		if pod == nil {
			ip := netip.AddrFrom4([4]byte{10, 244, byte(generation >> 8), byte(generation)})
			pod = &identity.Report{Identity: identity.Identity{Name: "pod-httpd", UID: "uid-" + ip.String(), Instance: "i" + ip.String(),
				Namespace: "localcluster", Node: "worker-1", IPs: []netip.Addr{ip}, Started: begin.Add(at), Source: identity.FromPod},
				Local: netip.AddrPortFrom(ip, 80)}
			pods = map[int]*identity.Report{generation: pod}
		}
		answer := &resolve.Answer{Host: "apache.localcluster", Name: "apache.localcluster.svc.cluster.local", Addrs: []netip.Addr{service},
			TTL: time.Duration(5+n%25) * time.Second, Rcode: "NOERROR", Server: server, Source: resolve.FromDNS, Took: took(n, 300, 700),
			Tried: []resolve.Try{
				{Name: "apache.localcluster.svc.cluster.local", Type: "A", Server: server, Rcode: "NOERROR", Addrs: 1, Took: took(n, 290, 700)},
				{Name: "apache.localcluster.svc.cluster.local", Type: "AAAA", Server: server, Rcode: "NOERROR", Kind: resolve.NoData, Took: took(n, 280, 700)}}}
		ok := func(addr netip.AddrPort, resolved time.Duration, answer *resolve.Answer) probe.Result {
			ph := probe.Phases{Resolve: resolved, Connect: took(n, 150, 90), Write: took(n, 8, 9), FirstByte: took(n, 400, 300), Read: took(n, 12, 20)}
			return probe.Result{Outcome: probe.OK, Addr: addr, Phases: ph, Status: 200, Who: pod, Answer: answer,
				Total: ph.Resolve + ph.Connect + ph.Write + ph.FirstByte + ph.Read}
		}
		failed := func(addr netip.AddrPort, o probe.Outcome, answer *resolve.Answer) probe.Result {
			return probe.Result{Outcome: o, Addr: addr, Total: 900 * time.Millisecond, Errno: "ECONNREFUSED", Detail: "connect: connection refused",
				Failed: []probe.Attempt{{Addr: addr, Outcome: o, Took: 900 * time.Millisecond}}, Answer: answer}
		}
		round := probe.Round{Target: "httpd", Seq: uint64(n), At: at, Wall: begin.Add(at), Results: make([]probe.Result, 2)}
		through := netip.AddrPortFrom(service, 80)
		switch {
		case !pin.IsValid():
			round.Results[0] = probe.Result{Outcome: probe.Pending, Detail: "no address is pinned yet"}
		case pin.Addr() == pod.IPs[0] && since >= gap:
			round.Results[0] = ok(pin, 0, nil)
		default:
			round.Results[0] = failed(pin, probe.ConnectTimeout, nil)
		}
		if since < gap && generation > 0 {
			round.Results[1] = failed(through, probe.Refused, answer)
		} else {
			round.Results[1] = ok(through, took(n, 300, 700), answer)
		}
		o, err := r.Observe(round)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range o.Pins {
			pin = p.Addr
		}
	}
	r.Stop(at, begin.Add(at), "SIGTERM")
	if _, err := r.Lost(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkReader(b *testing.B) {
	const rounds = 10_000
	var log bytes.Buffer
	busyLog(b, &log, rounds, 1000)
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := probelog.NewReader(bytes.NewReader(log.Bytes()))
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rounds), "ns/round")
}

func BenchmarkReplay(b *testing.B) {
	const rounds = 10_000
	var log bytes.Buffer
	busyLog(b, &log, rounds, 1000)
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := probelog.NewReader(bytes.NewReader(log.Bytes()))
		var p probelog.Replay
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.Feed(rec); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rounds), "ns/round")
}
