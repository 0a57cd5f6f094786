package resolve

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

var (
	errLongName = errors.New("with the search domain the name is too long")
	errNoAAAA   = errors.New("resolv.conf says no-aaaa")
)

// lookup is one name on its way through the search list. One goroutine owns it.
type lookup struct {
	config  *config
	servers []netip.AddrPort
	first   int // the server to begin with: the one that answered last
	family  Family
	answer  *Answer // takes what is tried
	work    *work
	// asked is when the first packet was sent, and told when the last question that was asked was answered or given up.
	asked, told time.Time
}

// outcome is what became of one fully qualified name, or of all of them.
type outcome struct {
	kind       Kind // empty: addrs are the answer
	name       string
	canonical  string
	addrs      []netip.Addr
	unanswered Family
	ttl        uint32
	rcode      string
	server     netip.AddrPort
	err        error
	cut        bool // time was up before it could be settled
}

// walk tries the names that a host may mean, in glibc's order (__res_context_search in resolv/res_query.c):
//
//   - a host with at least ndots dots is tried as it is first, and one with a last dot is tried as it is only;
//   - then with each domain of the search list, going on after NXDOMAIN, an empty answer, and SERVFAIL. Any other trouble ends
//     the list, and if no server can be reached the walk is over;
//   - last as it is, unless it has been tried or the root is in the list.
//
// When all fail it is the first as-is try that is reported, else the first empty answer, else the first SERVFAIL, else what
// came last; but a walk that the deadline cut short reports that.
//
// Unlike glibc there are no HOSTALIASES.
func (l *lookup) walk(ctx context.Context, host string) *outcome {
	dots, rooted := strings.Count(host, "."), strings.HasSuffix(host, ".")
	var asIs, noData, servFail, last *outcome
	if rooted || dots >= l.config.ndots {
		asIs = l.resolve(ctx, dns.Fqdn(host))
		if asIs.kind == "" || asIs.cut || rooted {
			return asIs
		}
	}
	root := false
search:
	for _, domain := range l.config.search {
		root = root || domain == ""
		last = l.resolve(ctx, join(host, domain))
		if last.kind == "" || last.cut || last.kind == Unreachable {
			return last
		}
		switch {
		case last.kind == NotFound && last.err == nil:
		case last.kind == NoData:
			noData = firstOf(noData, last)
		case last.rcode == "SERVFAIL":
			servFail = firstOf(servFail, last)
		default:
			break search
		}
	}
	if asIs == nil && !root && (dots > 0 || len(l.config.search) == 0 || !l.config.noTLD) {
		last = l.resolve(ctx, dns.Fqdn(host))
		if last.kind == "" || last.cut {
			return last
		}
	}
	return firstOf(asIs, firstOf(noData, firstOf(servFail, last)))
}

// join is host in a domain of the search list, fully qualified.
func join(host, domain string) string {
	if domain == "" {
		return host + "."
	}
	return host + "." + domain + "."
}

func firstOf(a, b *outcome) *outcome {
	if a != nil {
		return a
	}
	return b
}

// resolve asks for one fully qualified name, following aliases.
func (l *lookup) resolve(ctx context.Context, name string) *outcome {
	if !isQualified(name) {
		return &outcome{kind: NotFound, err: errLongName}
	}
	qs := l.work.questions[:0]
	for _, family := range []Family{IPv4, IPv6} {
		if l.family&family != 0 {
			qs = qs[:len(qs)+1]
			qs[len(qs)-1].start(name, family)
		}
	}
	if len(qs) == 0 {
		return &outcome{kind: NoData, err: errNoAAAA}
	}
	for l.ask(ctx, qs); follow(qs); {
		l.ask(ctx, qs)
	}
	o := sum(qs)
	if o.kind == "" {
		o.name = name
	}
	o.cut = !o.kind.final() && over(ctx)
	return o
}
