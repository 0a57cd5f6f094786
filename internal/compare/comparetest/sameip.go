package comparetest

// sameIP: a successor that has the old pod's IP.
var sameIP = []Scenario{
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
}
