package comparetest

import (
	"callbyname/internal/probe"
	"time"
)

// names are stories of what names, caches and pauses do to a recreation.
var names = []Scenario{
	{
		Name:       "a cached name behind a Service meets replicas that are new to us",
		Approaches: "ip dns cached-dns keepalive-dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6 C=web-3/10.0.0.7",
		Service:    "10.96.0.1",
		Cache:      3 * time.Second,
		Rounds: `
			-       A *A *A
			A       A B  A
			A       A C  A x3
			refused B C  closed
			refused A C  *C
			refused B B  C x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			6 broke ip refused
			6 broke keepalive-dns closed
			7 recovered keepalive-dns lost 1 in 1s (0s to 2s) closed
			12 lost uid-A 10.0.0.5`,
	},
	{
		Name:       "a name that is cached for ever stays with the dead pod",
		Approaches: "ip dns cached",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 S=stranger/10.0.0.5",
		Service:    "10.96.0.1",
		Cache:      probe.Forever,
		Rounds: `
			-               A       *A
			A               A       A x3
			connect_timeout refused connect_timeout
			connect_timeout B       connect_timeout x8
			S               B       S x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			5 broke dns refused
			5 broke cached connect_timeout
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) cached=broken(7 in 6s)
			14 changed ip connect_timeout,wrong_pod
			14 changed cached connect_timeout,wrong_pod
			14 verdict_changed ip [1] broken -> misrouted
			14 verdict_changed cached [1] broken -> misrouted`,
	},
	{
		Name:       "the successor is first reached through a cached name that was resolved anew",
		Approaches: "ip dns cached",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Cache:      3 * time.Second,
		Rounds: `
			-       A       *A
			A       A       A x2
			refused refused refused
			B^      refused B^
			B       refused *B
			B       B       B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			4 broke cached refused
			5 changed ip refused,wrong_pod
			5 changed cached refused,wrong_pod
			6 explained dns refused likely no_endpoints
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			6 corrected ip 1, left 1 lost
			6 corrected cached 1, left 1 lost
			7 recovered dns lost 3 in 3s (2s to 4s) refused
			7 settled #1 by answers: ip=recovered(1 in 1s) dns=recovered(3 in 3s) cached=recovered(1 in 1s)`,
	},
	{
		Name:       "several names of one target fail each in its way",
		Approaches: "ip dns dns-other:api.localcluster",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x2
			A       A       dns_not_found x2
			refused refused dns_not_found
			refused B       B x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 dns_changed dns-other api.localcluster [10.96.0.1] -> []
			4 broke dns-other dns_not_found likely no_service
			6 broke ip refused
			6 broke dns refused
			7 dns_changed dns-other api.localcluster [] -> [10.96.0.1]
			7 recovered dns lost 1 in 1s (0s to 2s) refused
			7 recovered dns-other lost 3 in 3s (2s to 4s) dns_not_found
			7 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			12 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) dns-other=recovered(3 in 3s)`,
	},
	{
		Name:       "an outage was there before the recreation",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x2
			A       refused A x4
			refused refused dns_not_found
			refused B       B x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke dns refused likely no_endpoints
			8 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			8 broke ip refused
			8 broke headless dns_not_found
			9 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9]
			9 recovered dns lost 5 in 5s (4s to 6s) refused
			9 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			9 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			14 settled #1 by time: ip=broken(7 in 6s) dns=recovered(5 in 5s) headless=recovered(1 in 1s)`,
	},
	{
		Name:       "a pause in the middle of a recreation",
		Approaches: "ip dns cached",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Cache:      4 * time.Second,
		Rounds: `
			-       A       *A
			A       A       A x2
			refused refused refused
			refused B       refused
			pause 60s
			refused B       *B
			refused B       B x5`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			4 broke cached refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			6 paused 1m0s
			6 dns_changed cached apache-pods.localcluster [10.0.0.5] -> [10.0.0.9]
			6 recovered cached lost 2 in 2s (1s to 1m3s) refused paused 1m0s
			10 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) cached=recovered(2 in 2s)`,
	},
	{
		Name:       "a pause hides the recreation",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			pause 60s
			void    void
			refused B x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 paused 1m0s
			5 broke ip refused
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			10 settled #1 by time: ip=broken(6 in 5s) dns=survived`,
	},
	{
		Name:       "an outage ends in a pause",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused A x3
			pause 20s
			void    void
			A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			7 paused 20s
			8 recovered ip lost 3 in 4s (2s to 25s) refused void 1 paused 20s`,
	},
	{
		Name:       "the prober stops before the recreation settles",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x2
			refused refused dns_not_found
			refused B       dns_not_found`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			4 broke ip refused
			4 broke dns refused
			4 broke headless dns_not_found
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			5 settled #1 by stop: ip=broken(2 in 1s) dns=recovered(1 in 1s) headless=broken(2 in 1s)`,
	},
	{
		Name:       "a flapping name is broken when it settles and comes back",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x2
			refused refused dns_not_found
			refused B       B
			refused B       dns_not_found x9
			refused B       B`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			4 broke ip refused
			4 broke dns refused
			4 broke headless dns_not_found
			5 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9]
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			6 dns_changed headless apache-pods.localcluster [10.0.0.9] -> []
			6 broke headless dns_not_found
			10 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) headless=broken(6 in 6s)
			15 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9]
			15 recovered headless lost 9 in 9s (8s to 10s) dns_not_found
			15 verdict_changed headless [1] broken -> recovered`,
	},
	{
		Name:       "the successor at the old IP crashes while it is not Ready",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			B^      refused x2
			refused refused
			B^      refused x2
			B       B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip wrong_pod
			4 broke dns refused
			6 changed ip wrong_pod,refused
			9 recovered dns lost 5 in 5s (4s to 6s) refused
			9 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			9 corrected ip 4, left 1 lost
			9 settled #1 by answers: ip=recovered(1 in 1s) dns=recovered(5 in 5s)`,
	},
	{
		Name:       "the successor at the old IP is out when its name reaches it",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused refused
			B^      refused x2
			refused B
			refused B
			B       B`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			5 changed ip refused,wrong_pod
			7 broke ip refused
			7 recovered dns lost 3 in 3s (2s to 4s) refused
			7 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			7 corrected ip 2, left 1 lost
			9 recovered ip lost 2 in 2s (1s to 3s) refused
			9 settled #1 by answers: ip=recovered(3 in 5s) dns=recovered(3 in 3s)`,
	},
	{
		Name:       "the successor's own successor gets the first pod's IP",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6 C=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused B x8
			C^      refused x2
			C       C x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			9 settled #1 by time: ip=broken(6 in 5s) dns=survived
			12 changed ip refused,wrong_pod
			12 broke dns refused
			12 verdict_changed ip [1] broken -> misrouted
			14 recovered dns lost 2 in 2s (1s to 3s) refused
			14 recreated uid-B 10.0.0.6 -> uid-C 10.0.0.5
			14 corrected ip 2, left 8 lost
			14 verdict_changed ip [1] misrouted -> recovered
			14 settled #2 by answers: ip=recovered(8 in 8s) dns=recovered(2 in 2s)`,
	},
	{
		Name:       "a stranger at the old IP joins the target after the recreation settled",
		Approaches: "ip dns",
		Pods:       "A=web-1/10.0.0.5 B=web-1/10.0.0.6 C=web-2/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused B x7
			C       B x3
			C       C
			C       B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			9 settled #1 by time: ip=broken(6 in 5s) dns=survived
			11 changed ip refused,wrong_pod
			11 verdict_changed ip [1] broken -> misrouted
			14 recovered ip lost 10 in 10s (9s to 11s) refused,wrong_pod`,
	},
	{
		Name:       "a wrong pod does not say its UID",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 s=stranger/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused B x2
			s       B x5`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			6 changed ip refused,wrong_pod
			9 settled #1 by time: ip=misrouted(6 in 5s) dns=survived`,
	},
	{
		Name:       "a pod without UID takes its old IP again",
		Approaches: "ip dns",
		Pods:       "A=host/10.0.0.5 B=host/10.0.0.6",
		Service:    "10.96.0.1",
		NoUID:      true,
		Rounds: `
			-       A
			A       A x2
			refused refused
			refused B x3
			A'      B x2
			A'      A' x6`,
		Want: `
			1 no_uid dns
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 presumed_recreated ip:10.0.0.5 10.0.0.5 -> ip:10.0.0.6 10.0.0.6
			8 recovered ip lost 4 in 4s (3s to 5s) refused
			8 restarted_or_recreated host A -> A'
			10 settled #1 by time: ip=recovered(4 in 4s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "an IP without identity answers again after a presumed recreation",
		Approaches: "ip dns headless",
		Service:    "10.96.0.1",
		Rounds: `
			-        ? ?@10.0.0.5
			?        ? ?@10.0.0.5 x3
			no_route ? ?@10.0.0.6 x3
			?        ? ?@10.0.0.6 x3`,
		Want: `
			1 no_identity dns
			1 pinned headless 10.0.0.5:80
			5 dns_changed headless apache-pods.localcluster [10.0.0.5] -> [10.0.0.6]
			5 broke ip no_route
			5 presumed_recreated addr:10.0.0.5 10.0.0.5 -> addr:10.0.0.6 10.0.0.6
			8 recovered ip lost 3 in 3s (2s to 4s) no_route
			10 settled #1 by time: ip=recovered(3 in 3s) dns=survived headless=survived`,
	},
	{
		Name:       "DNS gives no address and then two",
		Approaches: "dns headless",
		Pods:       "A=web-1/10.0.0.5+fd00::5",
		Service:    "10.96.0.1",
		Rounds: `
			A           A x2
			dns_no_data dns_servfail
			A           dns_no_data
			A           A`,
		Want: `
			3 dns_changed dns apache.localcluster [10.96.0.1] -> []
			3 broke dns dns_no_data
			3 broke headless dns_servfail
			4 dns_changed dns apache.localcluster [] -> [10.96.0.1]
			4 dns_changed headless apache-pods.localcluster [10.0.0.5 fd00::5] -> []
			4 recovered dns lost 1 in 1s (0s to 2s) dns_no_data
			4 changed headless dns_servfail,dns_no_data
			5 dns_changed headless apache-pods.localcluster [] -> [10.0.0.5 fd00::5]
			5 recovered headless lost 2 in 2s (1s to 3s) dns_servfail,dns_no_data`,
	},
	{
		Name:       "the successor at the old IP takes longer than settling to be Ready",
		Approaches: "ip dns keepalive",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       *A
			A       A       A x2
			refused refused closed
			B^      refused dns_not_found x8
			B       B       dns_not_found
			B       B       *B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			4 broke keepalive closed
			5 dns_changed keepalive apache-pods.localcluster [10.0.0.5] -> []
			5 changed ip refused,wrong_pod
			5 changed keepalive closed,dns_not_found
			13 recovered dns lost 9 in 9s (8s to 10s) refused
			13 explained keepalive closed,dns_not_found likely no_endpoints
			13 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			13 corrected ip 8, left 1 lost
			14 dns_changed keepalive apache-pods.localcluster [] -> [10.0.0.5]
			14 recovered keepalive lost 10 in 10s (9s to 11s) closed,dns_not_found
			14 settled #1 by answers: ip=recovered(1 in 1s) dns=recovered(9 in 9s) keepalive=recovered(10 in 10s)`,
	},
}
