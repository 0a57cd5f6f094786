package comparetest

// withdrawn: pods that were thought gone, and were not.
var withdrawn = []Scenario{
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
}
