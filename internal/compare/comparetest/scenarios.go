package comparetest

import (
	"slices"
	"time"
)

// Scenarios are all stories there are.
var Scenarios = slices.Concat(basics, further, replicas, drain, pins, names)

// basics are the stories that everybody meets.
var basics = []Scenario{
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
		Name:       "one of three replicas is recreated",
		Approaches: "ip dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.6 C=web-3/10.0.0.7 D=web-4/10.0.0.8", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       C
			A       A
			refused B   // the pinned one is gone; known members are no successor
			refused C   x2
			refused D   // a new one
			refused B   x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			8 recreated uid-A 10.0.0.5 -> uid-D 10.0.0.8
			13 settled #1 by time: ip=broken(9 in 8s) dns=survived`,
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
		Name:       "a pod is recreated with the same IP",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			refused refused x2
			B       B
			B       B       x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			7 recovered ip lost 2 in 2s (1s to 3s) refused
			7 recovered dns lost 2 in 2s (1s to 3s) refused
			7 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			7 settled #1 by answers: ip=recovered(2 in 2s) dns=recovered(2 in 2s)`,
	},
	{
		Name:       "a pod is recreated with the same IP between two rounds",
		Approaches: "ip dns", Pods: "A=node-a/10.0.0.5 B=node-a/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			B       B       x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "the successor has the old IP and is not Ready yet",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			refused refused x2
			B^      refused x3
			B       B
			B       B       x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			7 changed ip refused,wrong_pod
			10 recovered dns lost 5 in 5s (4s to 6s) refused
			10 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			10 corrected ip 3, left 2 lost
			10 settled #1 by answers: ip=recovered(2 in 2s) dns=recovered(5 in 5s)`,
	},
	{
		Name:       "the successor has the old IP at once and is not Ready yet",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			B^      refused x3
			B       B
			B       B       x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip wrong_pod
			5 broke dns refused
			8 recovered dns lost 3 in 3s (2s to 4s) refused
			8 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			8 corrected ip 3, left 0 lost
			8 settled #1 by answers: ip=survived dns=recovered(3 in 3s)`,
	},
	{
		Name:       "the successor has the old IP and first answers with an error status",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			B!500   refused x2
			B^      refused
			B       B
			B       B       x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip wrong_pod
			5 broke dns refused
			8 recovered ip lost 2 in 3s (2s to 4s) http_status
			8 recovered dns lost 3 in 3s (2s to 4s) refused
			8 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			8 corrected ip 3, left 2 lost
			8 settled #1 by answers: ip=recovered(2 in 3s) dns=recovered(3 in 3s)`,
	},
	{
		Name:       "a replica is lost and nobody takes its place",
		Approaches: "ip dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.6 C=web-3/10.0.0.7", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       A       x12
			refused B       x8
			refused C                  // a new one after all
			refused B       x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			15 broke ip refused
			19 lost uid-A 10.0.0.5
			23 recreated uid-A 10.0.0.5 -> uid-C 10.0.0.7
			28 settled #1 by time: ip=broken(14 in 13s) dns=survived`,
	},
	{
		Name:       "a lost replica comes back",
		Approaches: "ip dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.6", Service: "10.96.0.1",
		Rounds: `
			-        A
			A        B
			A        A       x12
			no_route B       x8
			A        B       x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			15 broke ip no_route
			19 lost uid-A 10.0.0.5
			23 recovered ip lost 8 in 8s (7s to 9s) no_route
			23 withdrawn uid-A 10.0.0.5`,
	},
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
		Name:       "an IP flaps while the name reaches the same pod",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-               A
			A               A x3
			connect_timeout A x2
			A               A
			connect_timeout A
			A               A x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			7 recovered ip lost 2 in 2s (1s to 3s) connect_timeout
			8 broke ip connect_timeout
			9 recovered ip lost 1 in 1s (0s to 2s) connect_timeout`,
	},
	{
		Name:       "a recreation is withdrawn because the pod answers again",
		Approaches: "ip dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-               A
			A               A x3
			connect_timeout B x2  // scaled up, just when the IP could not be reached
			A               B
			A               A x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			7 recovered ip lost 2 in 2s (1s to 3s) connect_timeout
			7 withdrawn uid-A 10.0.0.5`,
	},
	{
		Name:       "a settled recreation is withdrawn because the pod answers again",
		Approaches: "ip dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-               A
			A               A x3
			connect_timeout B x8
			A               B
			A               A x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			10 settled #1 by time: ip=broken(6 in 5s) dns=survived
			13 recovered ip lost 8 in 8s (7s to 9s) connect_timeout
			13 withdrawn uid-A 10.0.0.5`,
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
}
