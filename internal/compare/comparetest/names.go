package comparetest

import (
	"time"

	"callbyname/internal/probe"
)

// names: names that fail, and why.
var names = []Scenario{
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
		Name:       "a name that is cached for ever stays with the dead pod",
		Approaches: "ip dns cached",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9 S=stranger/10.0.0.5",
		Service:    "10.96.0.1",
		Cache:      probe.Forever,
		Rounds: `
			-               A       *A
			A               A       A x3
			connect_timeout refused connect_timeout
			connect_timeout B       connect_timeout x8
			S               B       S x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			5 broke ip connect_timeout
			5 broke dns refused
			5 broke cached connect_timeout
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) cached=broken(7 in 6s)
			14 changed ip connect_timeout,wrong_pod
			14 changed cached connect_timeout,wrong_pod
			14 verdict_changed ip [1] broken -> misrouted
			14 verdict_changed cached [1] broken -> misrouted`,
	},
	{
		Name:       "the successor is first reached through a cached name that was resolved anew",
		Approaches: "ip dns cached",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Cache:      3 * time.Second,
		Rounds: `
			-       A       *A
			A       A       A x2
			refused refused refused
			B^      refused B^
			B       refused *B
			B       B       B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			4 broke cached refused
			5 changed ip refused,wrong_pod
			5 changed cached refused,wrong_pod
			6 explained dns refused likely no_endpoints
			6 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.5
			6 corrected ip 1, left 1 lost
			6 corrected cached 1, left 1 lost
			7 recovered dns lost 3 in 3s (2s to 4s) refused
			7 settled #1 by answers: ip=recovered(1 in 1s) dns=recovered(3 in 3s) cached=recovered(1 in 1s)`,
	},
	{
		Name:       "several names of one target fail each in its way",
		Approaches: "ip dns dns-other:api.localcluster",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A       A
			A       A       A x2
			A       A       dns_not_found x2
			refused refused dns_not_found
			refused B       B x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 dns_changed dns-other api.localcluster [10.96.0.1] -> []
			4 broke dns-other dns_not_found likely no_service
			6 broke ip refused
			6 broke dns refused
			7 dns_changed dns-other api.localcluster [] -> [10.96.0.1]
			7 recovered dns lost 1 in 1s (0s to 2s) refused
			7 recovered dns-other lost 3 in 3s (2s to 4s) dns_not_found
			7 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			12 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) dns-other=recovered(3 in 3s)`,
	},
	{
		Name:       "DNS gives no address and then two",
		Approaches: "dns headless",
		Pods:       "A=web-1/10.0.0.5+fd00::5",
		Service:    "10.96.0.1",
		Rounds: `
			A           A x2
			dns_no_data dns_servfail
			A           dns_no_data
			A           A`,
		Want: `
			3 dns_changed dns apache.localcluster [10.96.0.1] -> []
			3 broke dns dns_no_data
			3 broke headless dns_servfail
			4 dns_changed dns apache.localcluster [] -> [10.96.0.1]
			4 dns_changed headless apache-pods.localcluster [10.0.0.5 fd00::5] -> []
			4 recovered dns lost 1 in 1s (0s to 2s) dns_no_data
			4 changed headless dns_servfail,dns_no_data
			5 dns_changed headless apache-pods.localcluster [] -> [10.0.0.5 fd00::5]
			5 recovered headless lost 2 in 2s (1s to 3s) dns_servfail,dns_no_data`,
	},
}
