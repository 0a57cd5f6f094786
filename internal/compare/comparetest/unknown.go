package comparetest

// unknown: targets that do not tell all of who answers, or where.
var unknown = []Scenario{
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
		Name:       "a pod that is near and reports a link-local address is not pinned",
		Approaches: "ip dns", Pods: "A=liar/169.254.169.254", Service: "127.0.0.1",
		Rounds: `
			-       A x3`,
		Want: `
			1 untrusted_ip dns`,
	},
}
