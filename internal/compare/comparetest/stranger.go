package comparetest

import "time"

// strangers: an old IP that is given to somebody else.
var strangers = []Scenario{
	{
		Name:       "the old IP is given to a stranger after the recreation settled",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 S=stranger/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-               A
			A               A       x3
			connect_timeout refused
			connect_timeout B       x7
			S               B       x3
			connect_timeout B
			S               B       x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			5 broke dns refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s)
			13 changed ip connect_timeout,wrong_pod
			13 verdict_changed ip [1] broken -> misrouted`,
	},
	{
		Name:       "the old IP is given to a stranger before the recreation settled",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 S=stranger/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-               A
			A               A       x3
			connect_timeout refused
			connect_timeout B
			S               B       x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			5 broke dns refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			7 changed ip connect_timeout,wrong_pod
			11 settled #1 by time: ip=misrouted(7 in 6s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "the old IP is given to a server that does not say who it is",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A         x3
			refused refused
			?!503   B               // a proxy may speak so
			?       B         x2    // nobody of ours
			?!404   B         x5`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			6 changed ip refused,http_status
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			7 changed ip refused,http_status,wrong_pod
			11 settled #1 by time: ip=misrouted(7 in 6s) dns=recovered(1 in 1s)`,
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
}
