package comparetest

import "time"

// recreations: a pod and its successor at another IP, or at none.
var recreations = []Scenario{
	{
		Name:       "a single pod is recreated with another IP",
		Approaches: "ip dns headless cached keepalive", Cache: 4 * time.Second,
		Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-               A       A             *A              *A
			A               A       A             A               A         x4
			connect_timeout refused dns_not_found connect_timeout closed
			connect_timeout refused dns_not_found connect_timeout dns_not_found
			no_route        B       B             connect_timeout *B
			no_route        B       B             *B              B         x10`,
		Want: `
			1 pinned dns 10.0.0.5:80
			6 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			6 broke ip connect_timeout
			6 broke dns refused
			6 broke headless dns_not_found
			6 broke cached connect_timeout
			6 broke keepalive closed
			7 changed keepalive closed,dns_not_found
			8 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9]
			8 changed ip connect_timeout,no_route
			8 recovered dns lost 2 in 2s (1s to 3s) refused
			8 recovered headless lost 2 in 2s (1s to 3s) dns_not_found
			8 recovered keepalive lost 2 in 2s (1s to 3s) closed,dns_not_found
			8 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			9 recovered cached lost 3 in 3s (2s to 4s) connect_timeout
			13 settled #1 by time: ip=broken(8 in 7s) dns=recovered(2 in 2s) headless=recovered(2 in 2s) cached=recovered(3 in 3s) keepalive=recovered(2 in 2s)`,
	},
	{
		Name:       "a container restarts in place",
		Approaches: "ip dns keepalive", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A       *A
			A       A       A   x3
			refused refused reset
			A'      A'      *A'
			A'      A'      A'  x8
			A''     A''     *A''  // between two rounds
			A''     A'      A''   // a late answer of the old process is no restart`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			5 broke keepalive reset
			6 recovered ip lost 1 in 1s (0s to 2s) refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recovered keepalive lost 1 in 1s (0s to 2s) reset
			6 restarted pod-httpd A -> A'
			15 restarted pod-httpd A' -> A''`,
	},
	{
		Name:       "a pod moves to another IP with its UID",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-        A
			A        A           x3
			no_route refused     x2
			no_route A'@10.0.0.7 x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip no_route
			5 broke dns refused
			7 recovered dns lost 2 in 2s (1s to 3s) refused
			7 moved uid-A 10.0.0.5 -> uid-A 10.0.0.7
			12 settled #1 by time: ip=broken(8 in 7s) dns=recovered(2 in 2s)`,
	},
	{
		Name:       "two recreations in one settling time",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6 C=pod-httpd/10.0.0.7", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			refused refused
			refused B       x2
			refused refused
			refused C       x9`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			8 broke dns refused
			9 recovered dns lost 1 in 1s (0s to 2s) refused
			9 settled #1 by next: ip=broken(4 in 3s) dns=recovered(1 in 1s)
			9 recreated uid-B 10.0.0.6 -> uid-C 10.0.0.7
			14 settled #2 by time: ip=broken(10 in 9s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "the pin moves on and the next recreation is measured too",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6 C=pod-httpd/10.0.0.7", Service: "10.96.0.1",
		RepinAfter: 3 * time.Second,
		Rounds: `
			-       A
			A       A       x3
			refused refused
			refused B       x9
			B       B       x3
			refused refused
			refused C       x9
			C       C       x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s)
			14 repinned 10.0.0.5:80 -> 10.0.0.6:80
			18 broke ip refused
			18 broke dns refused
			19 recovered dns lost 1 in 1s (0s to 2s) refused
			19 recreated uid-B 10.0.0.6 -> uid-C 10.0.0.7
			24 settled #2 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s)
			27 repinned 10.0.0.6:80 -> 10.0.0.7:80`,
	},
	{
		Name:       "a replacement that was Ready beforehand costs one probe",
		Approaches: "ip dns keepalive", Pods: "A=web-a/10.0.0.5 B=web-b/10.0.0.6", Service: "10.96.0.1",
		Rounds: `
			-       A       *A
			A       A       A    x12
			A       B       A    // both are Ready
			A       A       A
			refused refused closed
			refused B       *B
			refused B       B    x7`,
		Want: `
			1 pinned dns 10.0.0.5:80
			16 broke ip refused
			16 broke dns refused
			16 broke keepalive closed
			17 dns_changed keepalive apache-pods.localcluster [10.0.0.5] -> [10.0.0.6]
			17 recovered dns lost 1 in 1s (0s to 2s) refused
			17 recovered keepalive lost 1 in 1s (0s to 2s) closed
			17 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			20 settled #1 by time: ip=broken(5 in 4s) dns=recovered(1 in 1s) keepalive=recovered(1 in 1s)`,
	},
	{
		Name:       "what was broken when it settled comes back later",
		Approaches: "ip dns keepalive", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-        A       *A
			A        A       A x3
			no_route refused response_timeout
			no_route B       response_timeout x8
			no_route B       *B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip no_route
			5 broke dns refused
			5 broke keepalive response_timeout
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) keepalive=broken(7 in 6s)
			14 dns_changed keepalive apache-pods.localcluster [10.0.0.5] -> [10.0.0.9]
			14 recovered keepalive lost 9 in 9s (8s to 10s) response_timeout
			14 verdict_changed keepalive [1] broken -> recovered`,
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
		Name:       "a pod is recreated without a pinned approach",
		Approaches: "dns headless", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6", Service: "10.96.0.1",
		Rounds: `
			A       A             x2
			refused dns_not_found
			B       B             x3`,
		Want: `
			3 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			3 broke dns refused
			3 broke headless dns_not_found
			4 dns_changed headless apache-pods.localcluster [] -> [10.0.0.6]
			4 recovered dns lost 1 in 1s (0s to 2s) refused
			4 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			4 settled #1 by answers: dns=recovered(1 in 1s) headless=recovered(1 in 1s)`,
	},
	{
		Name:       "a pod is replaced without a gap and without a pinned approach",
		Approaches: "dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6", Service: "10.96.0.1",
		Rounds: `
			A x12
			B x6`,
		Want: `
			17 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			17 settled #1 by answers: dns=survived`,
	},
}
