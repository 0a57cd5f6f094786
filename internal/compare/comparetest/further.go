package comparetest

import "time"

// further are stories of pins that move on, pauses, targets that do not say who they are, and what one name alone tells.
var further = []Scenario{
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
		Name:       "an outage goes on across a pause",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x2
			refused A       x2
			pause 10s
			refused A
			A       A       x2
			pause 60s
			A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			6 paused 10s
			7 recovered ip lost 3 in 3s (2s to 14s) refused paused 10s
			9 paused 1m0s`,
	},
	{
		Name:       "void probes neither open nor extend nor end an outage",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			void    void
			-       A
			void    void x2
			A       A
			refused A
			void    void x3
			refused A
			void    A
			A       A
			void    void`,
		Want: `
			2 pinned dns 10.0.0.5:80
			6 broke ip refused
			12 recovered ip lost 2 in 6s (4s to 7s) refused void 4`,
	},
	{
		Name:       "the wall clock is set",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			refused A
			clock 1h
			refused A
			clock -2h
			A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			2 broke ip refused
			3 clock_changed 1h0m0s
			4 clock_changed -2h0m0s
			4 recovered ip lost 2 in 2s (1s to 2s) refused`,
	},
	{
		Name:       "a target without identity is pinned by its headless name",
		Approaches: "ip dns headless", Service: "10.96.0.1",
		Rounds: `
			-        ?       ?@10.0.0.5
			?        ?       ?@10.0.0.5 x3
			no_route refused dns_not_found
			no_route ?       ?@10.0.0.6 x8`,
		Want: `
			1 no_identity dns
			1 pinned headless 10.0.0.5:80
			5 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			5 broke ip no_route
			5 broke dns refused
			5 broke headless dns_not_found
			6 dns_changed headless apache-pods.localcluster [] -> [10.0.0.6]
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			6 presumed_recreated addr:10.0.0.5 10.0.0.5 -> addr:10.0.0.6 10.0.0.6
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) headless=recovered(1 in 1s)`,
	},
	{
		Name:       "a target without identity and without a headless name has no pin",
		Approaches: "ip dns", Service: "10.96.0.1",
		Rounds: `
			-       ? x3
			-       refused
			-       ?`,
		Want: `
			1 no_identity dns
			1 no_pin dns
			4 broke dns refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused`,
	},
	{
		Name:       "a target without identity is pinned by the user",
		Approaches: "ip dns", Service: "10.96.0.1", Given: "10.0.0.5:80",
		Rounds: `
			?@10.0.0.5 ? x3
			no_route   refused
			no_route   ? x3`,
		Want: `
			1 no_identity dns
			4 broke ip no_route
			4 broke dns refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused`,
	},
	{
		Name:       "pods without UID: another IP, and the same IP with another process",
		Approaches: "ip dns", Pods: "A=host/10.0.0.5 B=host/10.0.0.6", Service: "10.96.0.1", NoUID: true,
		Rounds: `
			-       A
			A       A  x2
			A'      A' x2
			refused refused
			refused B  x7`,
		Want: `
			1 no_uid dns
			1 pinned dns 10.0.0.5:80
			4 restarted_or_recreated host A -> A'
			6 broke ip refused
			6 broke dns refused
			7 recovered dns lost 1 in 1s (0s to 2s) refused
			7 presumed_recreated ip:10.0.0.5 10.0.0.5 -> ip:10.0.0.6 10.0.0.6
			12 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "the Service's port is not the pod's",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1", Port: 8080,
		Rounds: `
			-       A
			A       A x2`,
		Want: `
			1 pinned dns 10.0.0.5:8080`,
	},
	{
		Name:       "a pod that says that it is not ready loses its names",
		Approaches: "ip dns headless", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A
			A^      refused dns_not_found x2
			A       A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			3 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			3 broke dns refused likely not_ready
			3 broke headless dns_not_found likely not_ready
			5 dns_changed headless apache-pods.localcluster [] -> [10.0.0.5]
			5 recovered dns lost 2 in 2s (1s to 3s) refused
			5 recovered headless lost 2 in 2s (1s to 3s) dns_not_found`,
	},
	{
		Name:       "names fail for a reason of their own while the pod answers",
		Approaches: "ip dns headless", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A             A
			A       refused       dns_not_found   // the selector
			A       A             A
			A       dns_not_found A               // the Service
			A       A             A
			A       dns_timeout   dns_servfail    // DNS
			A       A             A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			2 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			2 broke dns refused likely no_endpoints
			2 broke headless dns_not_found likely no_endpoints
			3 dns_changed headless apache-pods.localcluster [] -> [10.0.0.5]
			3 recovered dns lost 1 in 1s (0s to 2s) refused
			3 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			4 dns_changed dns apache.localcluster [10.96.0.1] -> []
			4 broke dns dns_not_found likely no_service
			5 dns_changed dns apache.localcluster [] -> [10.96.0.1]
			5 recovered dns lost 1 in 1s (0s to 2s) dns_not_found
			6 broke dns dns_timeout likely dns
			6 broke headless dns_servfail likely dns
			7 recovered dns lost 1 in 1s (0s to 2s) dns_timeout
			7 recovered headless lost 1 in 1s (0s to 2s) dns_servfail`,
	},
	{
		Name:       "a pin that is a Service's address hides the pods",
		Approaches: "ip dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.6", Service: "10.96.0.1", Given: "10.96.0.1:80",
		Rounds: `
			A@10.0.0.5 A x2
			B          A
			B          B x3`,
		Want: `
			1 proxied_pin`,
	},
	{
		Name:       "a pod that reports a loopback address is not pinned",
		Approaches: "ip dns", Pods: "A=liar/127.0.0.1", Service: "10.96.0.1",
		Rounds: `
			-       A x3`,
		Want: `
			1 untrusted_ip dns`,
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
		Name:       "a cached address is given to a stranger",
		Approaches: "ip dns cached", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 S=stranger/10.0.0.5", Service: "10.96.0.1",
		Cache: 8 * time.Second,
		Rounds: `
			-        A       *A
			A        A       A x3
			no_route refused no_route
			no_route B       no_route
			S        B       S x2
			S        B       *B x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip no_route
			5 broke dns refused
			5 broke cached no_route
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			7 changed ip no_route,wrong_pod
			7 changed cached no_route,wrong_pod
			9 dns_changed cached apache-pods.localcluster [10.0.0.5] -> [10.0.0.9]
			9 recovered cached lost 4 in 4s (3s to 5s) no_route,wrong_pod
			14 settled #1 by time: ip=misrouted(10 in 9s) dns=recovered(1 in 1s) cached=misrouted(4 in 4s)`,
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
	{
		Name:       "replicas that take turns are no recreations without a pinned approach",
		Approaches: "dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.6", Service: "10.96.0.1",
		Rounds: `
			A x4
			B x4
			A x20
			B x8`,
		Want: ``,
	},
}
