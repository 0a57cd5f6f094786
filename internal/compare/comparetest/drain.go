package comparetest

// drain are stories of pods that go slowly, come back, or only seem to go.
var drain = []Scenario{
	{
		Name:       "a pod that drains goes on answering by IP while its name already fails",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x3
			A^      refused dns_not_found x2
			A^      B       B x2
			refused B       B
			refused B       B x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			5 broke dns refused likely not_ready
			5 broke headless dns_not_found likely not_ready
			7 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9]
			7 recovered dns lost 2 in 2s (1s to 3s) refused
			7 recovered headless lost 2 in 2s (1s to 3s) dns_not_found
			9 broke ip refused
			10 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			13 settled #1 by time: ip=broken(5 in 4s) dns=recovered(2 in 2s) headless=recovered(2 in 2s)`,
	},
	{
		Name:       "a connection that was kept is served by a pod that takes no new ones",
		Approaches: "ip dns keepalive",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       *A
			A       A       A x3
			refused refused A
			refused B       A x3
			refused B       closed
			refused B       *B x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip refused
			5 broke dns refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			9 broke keepalive closed
			10 dns_changed keepalive apache-pods.localcluster [10.0.0.5] -> [10.0.0.9]
			10 recovered keepalive lost 1 in 1s (0s to 2s) closed
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) keepalive=recovered(1 in 1s)`,
	},
	{
		Name:       "a pinned connection that was kept and one that was not",
		Approaches: "ip ip-keepalive literal dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       -       -       A
			A       *A      A       A
			A       A       A       A x3
			refused A       refused B x2
			refused closed  refused B
			refused refused refused B x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			6 broke ip refused
			6 broke literal refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			8 broke ip-keepalive closed
			9 changed ip-keepalive closed,refused
			11 settled #1 by time: ip=broken(6 in 5s) ip-keepalive=broken(4 in 3s) literal=broken(6 in 5s) dns=survived`,
	},
	{
		Name:       "a pod is lost to its IP alone and comes back while it drains nothing",
		Approaches: "ip dns keepalive",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6",
		Service:    "10.96.0.1",
		Rounds: `
			-               A *A
			A               B A
			A               A A x12
			connect_timeout B A
			connect_timeout A A
			connect_timeout B A x3
			A               B A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			15 broke ip connect_timeout
			20 recovered ip lost 5 in 5s (4s to 6s) connect_timeout`,
	},
	{
		Name:       "the container restarts and is not Ready for a while",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x2
			refused refused refused
			A'^     refused dns_not_found x3
			A'      A'      A' x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			4 broke headless refused
			5 dns_changed headless apache-pods.localcluster [10.0.0.5] -> []
			5 recovered ip lost 1 in 1s (0s to 2s) refused
			5 explained dns refused likely not_ready
			5 changed headless refused,dns_not_found likely not_ready
			5 explained headless refused,dns_not_found likely not_ready
			5 restarted pod-httpd A -> A'
			8 dns_changed headless apache-pods.localcluster [] -> [10.0.0.5]
			8 recovered dns lost 4 in 4s (3s to 5s) refused
			8 recovered headless lost 4 in 4s (3s to 5s) refused,dns_not_found`,
	},
	{
		Name:       "restarts during a recreation",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused A
			A'      A'
			refused refused
			refused B
			refused refused
			refused B'
			refused B'' x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			5 recovered ip lost 1 in 1s (0s to 2s) refused
			5 restarted pod-httpd A -> A'
			6 broke ip refused
			6 broke dns refused
			7 recovered dns lost 1 in 1s (0s to 2s) refused
			7 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			8 broke dns refused
			9 recovered dns lost 1 in 1s (0s to 2s) refused
			9 restarted pod-httpd B -> B'
			10 restarted pod-httpd B' -> B''
			12 settled #1 by time: ip=broken(7 in 6s) dns=recovered(2 in 3s)`,
	},
	{
		Name:       "processes that share a pod's IP are no restarts",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-   A   A'
			A   A'  A''
			A'' A   A'
			A'  A'' A x3`,
		Want: `
			1 restarted pod-httpd A -> A'
			1 pinned dns 10.0.0.5:80
			2 restarted pod-httpd A' -> A''`,
	},
	{
		Name:       "a pod moves and moves back",
		Approaches: "ip dns",
		Pods:       "A=web-0/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-        A
			A        A x2
			no_route A'@10.0.0.7 x2
			no_route refused
			A''      A''
			A''      A'' x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip no_route
			4 moved uid-A 10.0.0.5 -> uid-A 10.0.0.7
			6 broke dns refused
			7 recovered ip lost 3 in 3s (2s to 4s) no_route
			7 recovered dns lost 1 in 1s (0s to 2s) refused
			7 settled #1 by next: ip=broken(3 in 2s) dns=survived
			7 moved uid-A 10.0.0.7 -> uid-A 10.0.0.5
			7 verdict_changed ip [1] broken -> recovered
			7 settled #2 by answers: ip=recovered(3 in 3s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "every replica says the same UID",
		Approaches: "ip dns",
		Pods:       "A=web/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			- A
			A A'@10.0.0.6
			A A
			A A'@10.0.0.6
			A A x2`,
		Want: `
			1 pinned dns 10.0.0.5:80`,
	},
}
