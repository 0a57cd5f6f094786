package monitor_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"callbyname/internal/monitor"
	"callbyname/internal/probe"
)

// answered stands for a *probe.Client whose target always answers.
type answered struct{}

func (answered) Probe(context.Context, netip.AddrPort) probe.Result {
	return probe.Result{Outcome: probe.OK}
}
func (answered) Close() error { return nil }

func Example() {
	targets := []probe.Target{{Name: "httpd", Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns", Host: "apache"}}}}
	open := func(*probe.Target, *probe.Approach) (monitor.Prober, error) { return answered{}, nil }
	m, err := monitor.New(targets, open, monitor.Options{Interval: 20 * time.Millisecond, Timeout: 15 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	err = m.Run(ctx, func(r probe.Round) []probe.Pin {
		fmt.Printf("%s #%d: ip %s, dns %s\n", r.Target, r.Seq, r.Results[0].Outcome, r.Results[1].Outcome)
		switch r.Seq {
		case 1: // the ip approach goes there from now on
			return []probe.Pin{{Target: r.Target, Addr: netip.MustParseAddrPort("10.244.0.5:80")}}
		case 3:
			stop()
		}
		return nil
	})
	fmt.Println("stopped:", err)
	// Output:
	// httpd #1: ip ok, dns ok
	// httpd #2: ip ok, dns ok
	// httpd #3: ip ok, dns ok
	// stopped: <nil>
}
