package comparetest

// slow: probes that take long, so that it matters when in its time a probe saw the target.
var slow = []Scenario{
	{
		// Stopped just after the answer of round 2, it goes on in the middle of round 5: out for 2.8 s at least.
		Name:       "a process is stopped and goes on while a probe waits",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-                      A
			A                      A
			response_timeout~900ms response_timeout~900ms
			response_timeout~900ms response_timeout~900ms
			A~800ms                A~800ms
			A                      A x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			3 broke ip response_timeout
			3 broke dns response_timeout
			5 recovered ip lost 2 in 2.8s (100ms to 3.8s) response_timeout
			5 recovered dns lost 2 in 2.8s (100ms to 3.8s) response_timeout`,
	},
	{
		// A name takes 600 ms to resolve, and the port is closed meanwhile: when the first failed probe began, all was well.
		Name:       "a server goes away while a name is being resolved",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-       A~600ms
			A       A~600ms
			A       refused~600ms
			refused refused~600ms
			A       A~600ms
			A       A~600ms x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			3 broke dns refused likely no_endpoints
			4 broke ip refused
			5 recovered ip lost 1 in 1s (0s to 2s) refused
			5 recovered dns lost 2 in 2.6s (400ms to 3.6s) refused`,
	},
	{
		Name:       "a single probe is slow and lost",
		Approaches: "ip dns", Pods: "A=pod-httpd/10.0.0.5", Service: "10.96.0.1",
		Rounds: `
			-                      A
			A                      A
			response_timeout~900ms A
			A                      A x3`,
		Want: `
			1 pinned dns 10.0.0.5:80
			3 broke ip response_timeout
			4 recovered ip lost 1 in 1s (0s to 2s) response_timeout`,
	},
}
