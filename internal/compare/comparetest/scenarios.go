package comparetest

import "time"

// Scenarios are all stories there are.
var Scenarios = []Scenario{
	{
		Name:       "a single pod is recreated with another IP",
		Approaches: "ip dns headless cached keepalive", Cache: 4 * time.Second,
		Pods: "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9", Service: "10.96.0.1",
		Rounds: `
			-               A       A             *A        *A
			A               A       A             A         A         x4
			connect_timeout refused dns_not_found connect_timeout closed
			connect_timeout refused dns_not_found connect_timeout dns_not_found
			no_route        B       B             connect_timeout *B
			no_route        B       B             *B        B         x10`,
		Want: ``,
	},
}
