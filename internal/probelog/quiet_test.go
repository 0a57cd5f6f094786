package probelog_test

import (
	"net/netip"
	"net/url"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

var userinfo = url.UserPassword("user", "s3cret")

// quietRun is a run as it is in a cluster: two approaches, a Service name that the second entry of the search list finds.
func quietRun(mode probelog.Mode) probelog.Run {
	return probelog.Run{
		ID: "k3v9x2abqf", Version: "v0.1.0", Host: "pod-prober", System: "linux/amd64", Rounds: mode, Timeout: 900 * time.Millisecond,
		Options: compare.Options{Interval: time.Second, Settle: 30 * time.Second},
		Targets: []probe.Target{{
			Name: "httpd", URL: &url.URL{Scheme: "http", Host: "apache.localcluster"},
			Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns", Host: "apache.localcluster"}},
		}},
	}
}

var quietWho = identity.Report{
	Identity: identity.Identity{
		IPs: []netip.Addr{netip.MustParseAddr("10.244.0.5")}, Name: "pod-httpd", UID: "0d2c9f5e-5b7a-4c1e-9a39-6f1f6a3f6f0e",
		Namespace: "localcluster", Node: "kind-worker", Instance: "9f86d081884c7d65",
		Started: time.Date(2026, 3, 14, 8, 59, 1, 123e6, time.UTC), Source: identity.FromPod,
	},
	Local: netip.MustParseAddrPort("10.244.0.5:80"),
}

// quietRound is a round in which all is well; its times vary as they do.
func quietRound(seq uint64) probe.Round {
	us := func(base, spread int) time.Duration {
		return time.Duration(base+int(seq*7919)%spread) * time.Microsecond
	}
	at := time.Duration(seq-1)*time.Second + us(0, 997)
	server := netip.MustParseAddrPort("10.96.0.10:53")
	try := func(name, kind, rcode string, addrs int, took time.Duration) resolve.Try {
		t := resolve.Try{Name: name, Type: kind, Server: server, Rcode: rcode, Addrs: addrs, Took: took}
		switch {
		case rcode == "NXDOMAIN":
			t.Kind = resolve.NotFound
		case addrs == 0:
			t.Kind = resolve.NoData
		}
		return t
	}
	phases := probe.Phases{Connect: us(81, 97), Write: us(9, 13), FirstByte: us(211, 301), Read: us(23, 31)}
	ip := probe.Result{
		Outcome: probe.OK, Addr: netip.MustParseAddrPort("10.244.0.5:80"), Phases: phases, Total: us(371, 503), Status: 200, Who: &quietWho,
	}
	dns := ip
	dns.Addr, dns.Total = netip.MustParseAddrPort("10.96.162.251:80"), us(811, 707)
	dns.Phases.Resolve = us(401, 307)
	dns.Answer = &resolve.Answer{
		Host: "apache.localcluster", Name: "apache.localcluster.svc.cluster.local.", Rcode: "NOERROR", Server: server, Source: resolve.FromDNS,
		Addrs: []netip.Addr{netip.MustParseAddr("10.96.162.251")}, TTL: time.Duration(30-seq%30) * time.Second, Took: us(399, 307),
		Tried: []resolve.Try{
			try("apache.localcluster.localcluster.svc.cluster.local.", "A", "NXDOMAIN", 0, us(153, 97)),
			try("apache.localcluster.localcluster.svc.cluster.local.", "AAAA", "NXDOMAIN", 0, us(161, 89)),
			try("apache.localcluster.svc.cluster.local.", "A", "NOERROR", 1, us(173, 101)),
			try("apache.localcluster.svc.cluster.local.", "AAAA", "NOERROR", 0, us(181, 83)),
		},
	}
	return probe.Round{Target: "httpd", Seq: seq, At: at, Wall: comparetest.Start.Add(at), Results: []probe.Result{ip, dns}}
}
