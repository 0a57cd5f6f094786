package comparetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Random are stories in which anything may happen, the same ones every time.
func Random(n int) []Scenario {
	columns := map[string][]string{
		"ip":        strings.Fields("A B C A' refused no_route void A!500 ? ?!503 A^ s"),
		"dns":       strings.Fields("A B C A' refused dns_not_found dns_timeout void A@10.0.0.8 ? ?!503 B!404"),
		"headless":  strings.Fields("A B C B' dns_not_found dns_servfail void ? connect_timeout"),
		"cached":    strings.Fields("A B C *A *B *C connect_timeout void reset"),
		"keepalive": strings.Fields("A A^ B C *A *B *C closed void reset"),
	}
	names := []string{"ip", "dns", "headless", "cached", "keepalive"}
	var scenarios []Scenario
	for i := range n {
		rnd := rand.New(rand.NewPCG(uint64(i), 1))
		sc := Scenario{
			Name: "random", Approaches: strings.Join(names, " "), Service: "10.96.0.1", Cache: 2 * time.Second,
			Pods:   "A=web-1/10.0.0.5 B=web-1/10.0.0.6 C=web-2/10.0.0.5 s=stranger/10.0.0.5",
			NoUID:  i%5 == 4,
			Settle: 3 * time.Second,
		}
		if i%3 == 0 {
			sc.RepinAfter = 2 * time.Second
		}
		if i%4 == 1 {
			sc.Given = "10.0.0.5:80"
		}
		calm := i%2 == 0 // what was stays for a while, as it does in life
		var b strings.Builder
		for range map[bool]int{true: 20, false: 60}[calm] {
			if rnd.IntN(12) == 0 {
				b.WriteString("pause 4s\n")
			}
			for _, name := range names {
				c := columns[name]
				// Mostly what is likely, so that stories get somewhere.
				b.WriteString(c[min(rnd.IntN(len(c)), rnd.IntN(len(c)))] + " ")
			}
			if calm {
				fmt.Fprintf(&b, " x%d", 1+rnd.IntN(6))
			}
			b.WriteString("\n")
		}
		sc.Rounds = b.String()
		scenarios = append(scenarios, sc)
	}
	return scenarios
}
