package comparetest

import "time"

// doubted: a successor that may be somebody else's pod, to whom names led until they had followed.
var doubted = []Scenario{
	{
		Name:       "the Service leads to a stranger at the old IP until it has followed",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5 S=taker/10.0.0.5 B=pod-httpd/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x3
			refused refused
			S       S       x2
			S       refused x2
			S       B       x35`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			6 recovered ip lost 1 in 1s (0s to 2s) refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			6 settled #1 by answers: ip=recovered(1 in 1s) dns=recovered(1 in 1s)
			8 broke dns refused likely no_endpoints
			10 recovered dns lost 2 in 2s (1s to 3s) refused
			39 disowned #1 uid-S 10.0.0.5 by name 2
			39 broke ip wrong_pod
			39 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			39 settled #2 by time: ip=misrouted(2 in 34s) dns=misrouted(3 in 5s)`,
	},
	{
		Name:       "the names lead to a stranger for as long as DNS is cached, and the pin moves to it",
		Approaches: "ip dns headless keepalive", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		RepinAfter: 10 * time.Second,
		Rounds: `
			-       A       A             *A
			A       A       A             A      x3
			refused refused refused       closed
			S       refused S             *S
			S       refused S             S
			S       B       S             S
			S       B       B             S      x40
			B       B       B             S      x5
			B       B       B             closed
			B       B       B             *B     x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			5 broke headless refused
			5 broke keepalive closed
			6 recovered ip lost 1 in 1s (0s to 2s) refused
			6 explained dns refused likely no_endpoints
			6 recovered headless lost 1 in 1s (0s to 2s) refused
			6 recovered keepalive lost 1 in 1s (0s to 2s) closed
			6 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			8 recovered dns lost 3 in 3s (2s to 4s) refused
			8 settled #1 by answers: ip=recovered(1 in 1s) dns=recovered(3 in 3s) headless=recovered(1 in 1s) keepalive=recovered(1 in 1s)
			9 dns_changed headless apache-pods.localcluster [10.0.0.5] -> [10.0.0.9]
			38 disowned #1 uid-S 10.0.0.5 by name 35
			38 broke ip wrong_pod
			38 broke keepalive wrong_pod
			38 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			38 settled #2 by time: ip=misrouted(2 in 33s) dns=recovered(3 in 3s) headless=misrouted(1 in 1s) keepalive=misrouted(2 in 33s)
			48 repinned 10.0.0.5:80 -> 10.0.0.9:80
			54 changed keepalive wrong_pod,closed
			55 recovered keepalive lost 17 in 17s (16s to 18s) wrong_pod,closed`,
	},
	{
		Name:       "the stranger is noticed before the recreation settled",
		Approaches: "ip dns cached-dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Settle: time.Minute,
		Rounds: `
			-       A               *A
			A       A               A                x3
			refused refused         refused
			S       S               refused
			S       refused         connect_timeout  x3
			S       B               connect_timeout  x58
			S       B               *B
			S       B               B                x20`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			5 broke cached-dns refused
			6 recovered ip lost 1 in 1s (0s to 2s) refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			7 broke dns refused likely no_endpoints
			7 changed cached-dns refused,connect_timeout
			10 recovered dns lost 3 in 3s (2s to 4s) refused
			66 disowned #1 uid-S 10.0.0.5 by name 1
			66 broke ip wrong_pod
			66 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			68 recovered cached-dns lost 63 in 1m3s (1m2s to 1m4s) refused,connect_timeout
			70 settled #2 by time: ip=misrouted(6 in 1m5s) dns=misrouted(4 in 5s) cached-dns=recovered(63 in 1m3s)`,
	},
	{
		Name:       "a headless name has the successor's address behind that of another pod",
		Approaches: "ip headless", Pods: "A=web-a/10.0.0.5 S=other/10.0.0.5 B=web-b/10.0.0.9",
		Rounds: `
			-       A
			A       A    x3
			S       S
			S       B&S  x40`,
		Want: `
			1 pinned headless 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived headless=survived
			6 dns_changed headless apache-pods.localcluster [10.0.0.5] -> [10.0.0.5 10.0.0.9]`,
	},
	{
		Name:       "a name leads to the stranger again",
		Approaches: "ip dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A A x3
			S S
			S B x31
			S S
			S B x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived
			35 disowned #1 uid-S 10.0.0.5 by name 1
			35 broke ip wrong_pod
			35 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			35 settled #2 by time: ip=misrouted(1 in 0s) dns=misrouted
			37 recovered ip lost 2 in 2s (1s to 3s) wrong_pod`,
	},
	{
		Name:       "a successor with the old IP and another name takes turns with one that is new",
		Approaches: "ip dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A A x3
			S S
			S B x29
			S S
			S B x29
			S S`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and another name says that it is not ready",
		Approaches: "ip dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-  A
			A  A x3
			S  S
			S^ B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and another name is reached for longer than settling",
		Approaches: "ip dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A A x3
			S S x6
			S B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and another name is missed while nobody new joins",
		Approaches: "ip dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A B
			A A x3
			S S
			S B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			6 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			6 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and the old name is missed by the names",
		Approaches: "ip dns", Pods: "A=web-0/10.0.0.5 S=web-0/10.0.0.5 B=web-1/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A A x3
			S S
			S B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and a name of the same Deployment is missed by the names",
		Approaches: "ip dns", Pods: "A=web-5d4f7-a/10.0.0.5 S=web-7c9bd-s/10.0.0.5 B=web-7c9bd-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A A x3
			S S
			S B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and a name of the same DaemonSet is missed by the names",
		Approaches: "ip dns", Pods: "A=agent-a/10.0.0.5 S=agent-s/10.0.0.5 B=agent-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			- A
			A A x3
			S S
			S B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived`,
	},
	{
		Name:       "a successor with the old IP and another name goes, too",
		Approaches: "ip dns", Pods: "A=web-a/10.0.0.5 S=taker/10.0.0.5 B=web-b/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A x3
			S       S
			S       B x20
			refused B x40`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			5 settled #1 by answers: ip=survived dns=survived
			26 broke ip refused`,
	},
	{
		Name:       "of many replicas one is missed for longer before it is a stranger",
		Approaches: "ip dns",
		Pods:       "A=w-a/10.0.0.5 S=taker/10.0.0.5 B=w-b/10.0.0.6 C=w-c/10.0.0.7 D=w-d/10.0.0.8 E=w-e/10.0.0.9 F=w-f/10.0.0.10",
		Service:    "10.96.0.1",
		Rounds: `
			- A
			A B
			A C
			A D
			A E
			A A x2
			S S
			S B x8
			S C x8
			S D x8
			S E x8
			S F x12`,
		Want: `
			1 pinned dns 10.0.0.5:80
			8 recreated uid-A 10.0.0.5 -> uid-S 10.0.0.5
			8 settled #1 by answers: ip=survived dns=survived
			50 disowned #1 uid-S 10.0.0.5 by name 1
			50 broke ip wrong_pod
			50 recreated uid-A 10.0.0.5 -> uid-F 10.0.0.10
			50 settled #2 by time: ip=misrouted(1 in 0s) dns=misrouted`,
	},
}
