package comparetest

import "time"

// unseen: time in which nobody looked.
var unseen = []Scenario{
	{
		Name:       "an outage goes on across a pause",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			A       A       x2
			refused A       x2
			pause 10s
			refused A
			A       A       x2
			pause 60s
			A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			6 paused 10s
			7 recovered ip lost 3 in 3s (2s to 14s) refused paused 10s
			9 paused 1m0s`,
	},
	{
		Name:       "void probes neither open nor extend nor end an outage",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			void    void
			-       A
			void    void x2
			A       A
			refused A
			void    void x3
			refused A
			void    A
			A       A
			void    void`,
		Want: `
			2 pinned dns 10.0.0.5:80
			6 broke ip refused
			12 recovered ip lost 2 in 6s (4s to 7s) refused void 4`,
	},
	{
		Name:       "the prober runs out of ports: said once, and nobody is out",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-        A
			A        A x2
			no_ports no_ports x3
			A        A
			refused  no_ports
			no_ports no_ports x2
			A        A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 no_ports ip 10.0.0.5:80
			8 broke ip refused
			11 recovered ip lost 1 in 3s (0s to 4s) refused void 2`,
	},
	{
		Name:       "the wall clock is set",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A
			refused A
			clock 1h
			refused A
			clock -2h
			A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			2 broke ip refused
			3 clock_changed 1h0m0s
			4 clock_changed -2h0m0s
			4 recovered ip lost 2 in 2s (1s to 2s) refused`,
	},
	{
		Name:       "a pause in the middle of a recreation",
		Approaches: "ip dns cached",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Cache:      4 * time.Second,
		Rounds: `
			-       A       *A
			A       A       A x2
			refused refused refused
			refused B       refused
			pause 60s
			refused B       *B
			refused B       B x5`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 broke dns refused
			4 broke cached refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			6 paused 1m0s
			6 dns_changed cached apache-pods.localcluster [10.0.0.5] -> [10.0.0.9]
			6 recovered cached lost 2 in 2s (1s to 1m3s) refused paused 1m0s
			10 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) cached=recovered(2 in 2s)`,
	},
	{
		Name:       "a pause hides the recreation",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			pause 60s
			void    void
			refused B x6`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 paused 1m0s
			5 broke ip refused
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.9
			10 settled #1 by time: ip=broken(6 in 5s) dns=survived`,
	},
	{
		Name:       "an outage ends in a pause",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			refused A x3
			pause 20s
			void    void
			A       A`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			7 paused 20s
			8 recovered ip lost 3 in 4s (2s to 25s) refused void 1 paused 20s`,
	},
}
