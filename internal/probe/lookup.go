package probe

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"time"

	"callbyname/internal/resolve"
)

// cache is what an approach keeps of an answer.
type cache struct {
	addrs []netip.AddrPort // nil when nothing is kept
	until time.Time        // zero: forever
}

func (c *cache) fresh(now time.Time) bool {
	return c.addrs != nil && (c.until.IsZero() || now.Before(c.until))
}

// addresses are those of the approach's name: kept ones while they are good, whatever has failed since, else resolved.
func (p *run) addresses(ctx context.Context) ([]netip.AddrPort, *fault) {
	if p.cached.fresh(p.start) {
		p.result.FromCache = true
		return p.cached.addrs, nil
	}
	p.cached = cache{}
	answer, err := p.options.Resolver.Lookup(until{ctx, p.deadline}, p.approach.Host, p.target.Family)
	p.result.Phases.Resolve = whole(answer.Took)
	p.result.Answer = &answer
	switch {
	case err != nil:
		return nil, lookupFault(ctx, err)
	case len(answer.Addrs) == 0:
		return nil, &fault{outcome: DNSNoData, detail: "the answer has no address"}
	}
	addrs := make([]netip.AddrPort, len(answer.Addrs)) // which the resolver bounds
	for i := range addrs {
		addrs[i] = netip.AddrPortFrom(answer.Addrs[i].Unmap(), p.port)
	}
	switch keep := p.approach.Cache; {
	case keep == Forever:
		p.cached = cache{addrs: addrs}
	case keep > 0:
		p.cached = cache{addrs: addrs, until: time.Now().Add(keep)}
	}
	return addrs, nil
}

// until is a context that tells a deadline to who keeps it, as a Resolver does. [context.WithDeadline] would also end it
// then, with a timer of its own, which costs more than the rest of a lookup's contexts.
type until struct {
	context.Context
	deadline time.Time
}

func (u until) Deadline() (time.Time, bool) { return u.deadline, true }

// lookupFault is why a name was not resolved.
func lookupFault(ctx context.Context, err error) *fault {
	if f := stopped(ctx); f != nil {
		return f
	}
	f := &fault{outcome: Other, detail: err.Error()}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		f.errno = errnoName(errno)
		if f.reason = shortage(errno); f.reason != "" {
			f.outcome = Void
			return f
		}
	}
	var failed *resolve.Error
	switch {
	case errors.As(err, &failed):
		f.outcome = lookupOutcome(failed.Kind)
	case timedOut(err):
		f.outcome = DNSTimeout
	}
	return f
}

func lookupOutcome(kind resolve.Kind) Outcome {
	switch kind {
	case resolve.NotFound:
		return DNSNotFound
	case resolve.NoData:
		return DNSNoData
	case resolve.ServFail:
		return DNSServFail
	case resolve.Refused:
		return DNSRefused
	case resolve.Timeout:
		return DNSTimeout
	case resolve.Unreachable:
		return DNSUnreachable
	case resolve.Malformed:
		return DNSMalformed
	}
	return Other
}
