package comparetest

import (
	"time"

	"callbyname/internal/resolve"
)

// pins are stories of what is pinned: by the user, by a name, again and to whose address.
var pins = []Scenario{
	{
		Name:       "a given pin is dead from the start",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.9 B=pod-httpd/10.0.0.10",
		Service:    "10.96.0.1",
		Given:      "10.0.0.5:80",
		Rounds: `
			connect_timeout A x4
			connect_timeout refused
			connect_timeout B x7`,
		Want: `
			1 broke ip connect_timeout
			5 broke dns refused
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recreated uid-A 10.0.0.9 -> uid-B 10.0.0.10
			11 settled #1 by time: ip=broken(11 in 10s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "a given pin belongs to a stranger from the start",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.9 B=pod-httpd/10.0.0.10 S=stranger/10.0.0.5",
		Service:    "10.96.0.1",
		Given:      "10.0.0.5:80",
		Rounds: `
			S A x32
			S refused
			S B x7`,
		Want: `
			30 broke ip wrong_pod
			33 broke dns refused
			34 recovered dns lost 1 in 1s (0s to 2s) refused
			34 recreated uid-A 10.0.0.9 -> uid-B 10.0.0.10
			39 settled #1 by time: ip=misrouted(10 in 9s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "a given pin belongs to a server without identity from the start",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Given:      "10.0.0.5:80",
		Rounds: `
			?@10.0.0.5 A x32
			?!503      A`,
		Want: `
			30 broke ip wrong_pod
			33 changed ip wrong_pod,http_status`,
	},
	{
		Name:       "a given pin is a replica that no name reaches for long",
		Approaches: "ip dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6 C=web-3/10.0.0.7",
		Service:    "10.96.0.1",
		Given:      "10.0.0.6:80",
		Rounds: `
			B       A x33
			B       B
			B       A x3
			refused A
			refused C
			refused A x6`,
		Want: `
			30 broke ip wrong_pod
			34 corrected ip 4, left 0 lost
			38 broke ip refused
			39 recreated uid-B 10.0.0.6 -> uid-C 10.0.0.7
			44 settled #1 by time: ip=broken(7 in 6s) dns=survived`,
	},
	{
		Name:       "a given pin is a replica that names reach soon",
		Approaches: "ip dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6",
		Service:    "10.96.0.1",
		Given:      "10.0.0.6:80",
		Rounds: `
			B A x5
			B B
			B A x40`,
		Want: ``,
	},
	{
		Name:       "a given pin answers before any name does and is recreated",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6",
		Service:    "10.96.0.1",
		Given:      "10.0.0.5:80",
		Rounds: `
			A       dns_timeout x3
			refused dns_timeout
			refused B x7`,
		Want: `
			1 broke dns dns_timeout likely dns
			4 broke ip refused
			5 recovered dns lost 4 in 4s (3s to 4s) dns_timeout
			5 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			10 settled #1 by time: ip=broken(7 in 6s) dns=recovered(4 in 4s)`,
	},
	{
		Name:       "the prober starts in the middle of a recreation",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			- refused dns_not_found
			- refused dns_not_found
			- B       B
			B B       B x4`,
		Want: `
			1 broke dns refused
			1 broke headless dns_not_found
			3 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9]
			3 recovered dns lost 2 in 2s (1s to 2s) refused
			3 recovered headless lost 2 in 2s (1s to 2s) dns_not_found
			3 pinned dns 10.0.0.9:80`,
	},
	{
		Name:       "the prober starts while the old pod drains and cannot know its successor from a replica",
		Approaches: "ip dns",
		Pods:       "A=web-a/10.0.0.5 B=web-b/10.0.0.9",
		Service:    "10.96.0.1",
		Rounds: `
			-       A^
			A^      A^
			A^      B
			refused B x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			8 lost uid-A 10.0.0.5`,
	},
	{
		Name:       "a recreation right after the pin moved",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6 C=pod-httpd/10.0.0.7",
		Service:    "10.96.0.1",
		RepinAfter: 2 * time.Second,
		Rounds: `
			-       A
			A       A x2
			refused B x8
			refused refused
			refused C x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			9 settled #1 by time: ip=broken(6 in 5s) dns=survived
			11 repinned 10.0.0.5:80 -> 10.0.0.6:80
			12 broke ip refused
			12 broke dns refused
			13 recovered dns lost 1 in 1s (0s to 2s) refused
			13 recreated uid-B 10.0.0.6 -> uid-C 10.0.0.7
			18 settled #2 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s)
			20 repinned 10.0.0.6:80 -> 10.0.0.7:80`,
	},
	{
		Name:       "nobody answers when the pin would move",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6",
		Service:    "10.96.0.1",
		RepinAfter: 2 * time.Second,
		Rounds: `
			-       A
			A       A x2
			refused B x6
			refused refused x5
			refused B x2
			B       B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			9 settled #1 by time: ip=broken(6 in 5s) dns=survived
			10 broke dns refused
			15 recovered dns lost 5 in 5s (4s to 6s) refused
			15 repinned 10.0.0.5:80 -> 10.0.0.6:80
			16 broke ip refused
			17 recovered ip lost 1 in 1s (0s to 1s) refused`,
	},
	{
		Name:       "the old pod answers after the pin has moved on",
		Approaches: "ip dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6",
		Service:    "10.96.0.1",
		RepinAfter: 2 * time.Second,
		Rounds: `
			-       A
			A       A x2
			refused B x8
			B       B
			B       A
			B       B
			B       A
			refused A x8`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke ip refused
			4 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			9 settled #1 by time: ip=broken(6 in 5s) dns=survived
			11 repinned 10.0.0.5:80 -> 10.0.0.6:80
			13 withdrawn uid-A 10.0.0.5
			16 broke ip refused
			20 lost uid-B 10.0.0.6
			22 repinned 10.0.0.6:80 -> 10.0.0.5:80
			23 broke ip refused`,
	},
	{
		Name:       "the pin moves on from a lost replica",
		Approaches: "ip dns",
		Pods:       "A=web-1/10.0.0.5 B=web-2/10.0.0.6",
		Service:    "10.96.0.1",
		RepinAfter: 2 * time.Second,
		Rounds: `
			-        A
			A        B
			A        A x8
			no_route B x7
			B        B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			11 broke ip no_route
			15 lost uid-A 10.0.0.5
			17 repinned 10.0.0.5:80 -> 10.0.0.6:80`,
	},
	{
		Name:       "the pin follows a pod that moved",
		Approaches: "ip dns",
		Pods:       "A=web-0/10.0.0.5",
		Service:    "10.96.0.1",
		RepinAfter: 2 * time.Second,
		Rounds: `
			-           A
			A           A
			no_route    A'@10.0.0.7 x8
			A'@10.0.0.7 A'@10.0.0.7 x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			3 broke ip no_route
			3 moved uid-A 10.0.0.5 -> uid-A 10.0.0.7
			8 settled #1 by time: ip=broken(6 in 5s) dns=survived
			10 repinned 10.0.0.5:80 -> 10.0.0.7:80`,
	},
	{
		Name:       "the pin is void in the very round of the recreation and of settling",
		Approaches: "ip dns",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.6",
		Service:    "10.96.0.1",
		Rounds: `
			-       A
			A       A x2
			void    refused
			void    B
			void    void
			refused B x4
			void    void x2
			refused B x2`,
		Want: `
			1 pinned dns 10.0.0.5:80
			4 broke dns refused
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			7 broke ip refused
			7 recreated uid-A 10.0.0.5 -> uid-B 10.0.0.6
			10 settled #1 by time: ip=broken(4 in 3s) dns=recovered(1 in 1s)`,
	},
	{
		Name:       "only an IP",
		Approaches: "ip",
		Pods:       "A=pod-httpd/10.0.0.5 B=pod-httpd/10.0.0.5",
		Given:      "10.0.0.5:80",
		Rounds: `
			A x3
			refused x2
			A' x2
			B x2`,
		Want: `
			4 broke ip refused
			6 recovered ip lost 2 in 2s (1s to 3s) refused
			6 restarted pod-httpd A -> A'
			8 broke ip wrong_pod`,
	},
	{
		Name:       "a dual-stack pod is pinned by its second address",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5+fd00::5 B=pod-httpd/10.0.0.9+fd00::9",
		Service:    "10.96.0.1",
		Given:      "[fd00::5]:80",
		Rounds: `
			A        A       A x3
			no_route refused dns_not_found
			no_route B       B x7
			A        B       B
			A        A       A`,
		Want: `
			4 dns_changed headless apache-pods.localcluster [10.0.0.5 fd00::5] -> []
			4 broke ip no_route
			4 broke dns refused
			4 broke headless dns_not_found
			5 dns_changed headless apache-pods.localcluster [] -> [10.0.0.9 fd00::9]
			5 recovered dns lost 1 in 1s (0s to 2s) refused
			5 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			5 recreated uid-A fd00::5 -> uid-B fd00::9
			10 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) headless=recovered(1 in 1s)
			12 recovered ip lost 8 in 8s (7s to 9s) no_route
			12 withdrawn uid-A fd00::5
			13 dns_changed headless apache-pods.localcluster [10.0.0.9 fd00::9] -> [10.0.0.5 fd00::5]`,
	},
	{
		Name:       "a family is asked for",
		Approaches: "ip dns headless",
		Pods:       "A=pod-httpd/10.0.0.5+fd00::5 B=pod-httpd/10.0.0.9+fd00::9",
		Service:    "fd00:96::1",
		Family:     resolve.IPv6,
		Rounds: `
			-        A       A
			A        A       A x3
			no_route refused dns_not_found
			no_route B       B x7`,
		Want: `
			1 pinned dns [fd00::5]:80
			5 dns_changed headless apache-pods.localcluster [fd00::5] -> []
			5 broke ip no_route
			5 broke dns refused
			5 broke headless dns_not_found
			6 dns_changed headless apache-pods.localcluster [] -> [fd00::9]
			6 recovered dns lost 1 in 1s (0s to 2s) refused
			6 recovered headless lost 1 in 1s (0s to 2s) dns_not_found
			6 recreated uid-A fd00::5 -> uid-B fd00::9
			11 settled #1 by time: ip=broken(7 in 6s) dns=recovered(1 in 1s) headless=recovered(1 in 1s)`,
	},
}
