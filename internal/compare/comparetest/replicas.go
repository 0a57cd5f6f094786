package comparetest

import "time"

// replicas are stories of targets with several pods at a time.
var replicas = []Scenario{
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
		Name:       "replicas that take turns are no recreations without a pinned approach",
		Approaches: "dns", Pods: "A=web-1/10.0.0.5 B=web-2/10.0.0.6", Service: "10.96.0.1",
		Rounds: `
			A x4
			B x4
			A x20
			B x8`,
		Want: ``,
	},
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
		Name:       "a rolling update replaces all three replicas, and the pinned one goes first",
		Approaches: "ip dns",
		Pods:       "A=web-a/10.0.0.5 B=web-b/10.0.0.6 C=web-c/10.0.0.7 D=web-d/10.0.0.8 E=web-e/10.0.0.9 F=web-f/10.0.0.10",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       C
			A       A x10
			A       D  // surge: Ready before the old one goes
			A       B
			refused C
			refused D x2
			refused E  // instead of B
			refused C
			refused D
			refused F  // instead of C
			refused E
			refused D x4
			refused F`,
		Want: `
			1 pinned dns 10.0.0.5:80
			16 broke ip refused
			17 recreated uid-A 10.0.0.5 -> uid-D 10.0.0.8
			20 settled #1 by time: ip=broken(5 in 4s) dns=survived`,
	},
	{
		Name:       "a rolling update replaces all three replicas, and the pinned one goes last",
		Approaches: "ip dns",
		Pods:       "A=web-a/10.0.0.5 B=web-b/10.0.0.6 C=web-c/10.0.0.7 D=web-d/10.0.0.8 E=web-e/10.0.0.9 F=web-f/10.0.0.10",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       C
			A       A x10
			A       D
			A       A
			A       E
			A       F
			A^      D
			A^      E
			refused F
			refused D
			refused E x6
			refused F`,
		Want: `
			1 pinned dns 10.0.0.5:80
			20 broke ip refused
			21 recreated uid-A 10.0.0.5 -> uid-D 10.0.0.8
			24 settled #1 by time: ip=broken(5 in 4s) dns=survived`,
	},
	{
		Name:       "a rolling update of two replicas with a blip between",
		Approaches: "ip dns",
		Pods:       "A=web-a/10.0.0.5 B=web-b/10.0.0.6 D=web-d/10.0.0.8 E=web-e/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       A x12
			refused B
			refused D  // instead of A
			refused D
			refused refused  // B goes
			refused E
			refused D
			refused E
			refused D x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			15 broke ip refused
			16 recreated uid-A 10.0.0.5 -> uid-D 10.0.0.8
			18 broke dns refused
			19 recovered dns lost 1 in 1s (0s to 2s) refused
			21 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "five replicas scale up to seven and down to two with the pinned one among the others",
		Approaches: "ip dns",
		Pods:       "A=w-a/10.0.0.5 B=w-b/10.0.0.6 C=w-c/10.0.0.7 D=w-d/10.0.0.8 E=w-e/10.0.0.9 F=w-f/10.0.0.10 G=w-g/10.0.0.11",
		Service:    "10.96.0.1",
		Rounds: `
			- D
			D B
			D C
			D A
			D E
			D D x3
			D F
			D G
			D A
			D B x4
			D refused
			D A x6
			D D x6`,
		Want: `
			1 pinned dns 10.0.0.8:80
			16 broke dns refused likely no_endpoints
			17 recovered dns lost 1 in 1s (0s to 2s) refused`,
	},
	{
		Name:       "replicas scale down and the pinned one goes",
		Approaches: "ip dns",
		Pods:       "A=w-a/10.0.0.5 B=w-b/10.0.0.6 C=w-c/10.0.0.7",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       C
			A       A x12
			A^      B
			refused C
			refused B x9`,
		Want: `
			1 pinned dns 10.0.0.5:80
			17 broke ip refused
			21 lost uid-A 10.0.0.5`,
	},
	{
		Name:       "a lost replica with a pause in which nobody looked",
		Approaches: "ip dns",
		Pods:       "A=w-a/10.0.0.5 B=w-b/10.0.0.6",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       A x12
			refused B
			pause 60s
			refused B
			A       B`,
		Want: `
			1 pinned dns 10.0.0.5:80
			15 broke ip refused
			16 paused 1m0s
			17 recovered ip lost 2 in 2s (1s to 1m3s) refused paused 1m0s`,
	},
	{
		Name:       "a recreation that was guessed by names alone is withdrawn",
		Approaches: "dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6",
		Service:    "10.96.0.1",
		Rounds: `
			A x3
			refused
			B x2
			A x2
			B`,
		Want: `
			4 broke dns refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			5 settled #1 by answers: dns=recovered(1 in 1s)
			7 withdrawn uid-A 10.0.0.5`,
	},
	{
		Name:       "a replica is recreated in the first rounds of a run",
		Approaches: "ip dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6 D=web-4/10.0.0.8",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			refused B
			refused D
			refused B x6
			refused D x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			3 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-D 10.0.0.8
			9 settled #1 by time: ip=broken(7 in 6s) dns=survived`,
	},
	{
		Name:       "the last of two replicas goes while nobody watches its IP",
		Approaches: "ip dns",
		Pods:       "A=web-a/10.0.0.5 B=web-b/10.0.0.6 D=web-d/10.0.0.8 E=web-e/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       B
			A       A x8
			refused D  // instead of A, and B is scaled away
			refused D x18
			refused refused
			refused E x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			11 broke ip refused
			11 recreated uid-A 10.0.0.5 -> uid-D 10.0.0.8
			16 settled #1 by time: ip=broken(6 in 5s) dns=survived
			30 broke dns refused
			31 recovered dns lost 1 in 1s (0s to 2s) refused
			31 recreated uid-D 10.0.0.8 -> uid-E 10.0.0.9
			36 settled #2 by time: ip=broken(26 in 25s) dns=recovered(1 in 1s)`,
	},
}
