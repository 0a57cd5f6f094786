package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Options are where a resolver finds what it needs.
type Options struct {
	// HostsFile is /etc/hosts when empty. One that is missing reads as empty.
	HostsFile string
	// ResolvConf is /etc/resolv.conf when empty. One that is missing means a nameserver at 127.0.0.1.
	ResolvConf string
	// Nameservers are asked instead of resolv.conf's, one to three; its search list and options stay in force. Nil: those of
	// resolv.conf.
	Nameservers []netip.AddrPort
}

// Resolver looks names up. It is safe for any number of lookups at once, and reads its files again when they change.
type Resolver struct {
	hosts       *watched[hosts]
	config      *watched[config]
	nameservers []netip.AddrPort
	turn        atomic.Uint32 // of "options rotate"
	work        sync.Pool     // of *work
}

// New makes a resolver. The error is for nameservers that can't be asked.
func New(options Options) (*Resolver, error) {
	if len(options.Nameservers) > maxServers {
		return nil, fmt.Errorf("making a resolver: %d nameservers, want at most %d", len(options.Nameservers), maxServers)
	}
	for _, server := range options.Nameservers {
		if !server.IsValid() || server.Port() == 0 {
			return nil, fmt.Errorf("making a resolver: nameserver %v is no address with a port", server)
		}
	}
	hostname, _ := os.Hostname() // without one there is no domain to search
	if options.HostsFile == "" {
		options.HostsFile = "/etc/hosts"
	}
	if options.ResolvConf == "" {
		options.ResolvConf = "/etc/resolv.conf"
	}
	return &Resolver{
		hosts:       watch(options.HostsFile, parseHosts),
		config:      watch(options.ResolvConf, func(text string) config { return parseConfig(text, hostname) }),
		nameservers: append([]netip.AddrPort(nil), options.Nameservers...),
		work:        sync.Pool{New: func() any { return new(work) }},
	}, nil
}

// Lookup finds the addresses of host: an IP address is its own, then the hosts file, then DNS with the search list. Both
// families are asked for at once; a usable answer for one is enough, see grace. The whole lookup ends by ctx's
// deadline, of which every server gets a share, see ask; without one by resolv.conf's timeouts.
//
// A failure is an *Error, and the Answer then says what was tried and who said no. If the caller's cancelling of ctx ended
// the lookup the error wraps context.Canceled and is no *Error.
//
// The hosts file is always looked at first: nsswitch.conf is not read. Addresses are not sorted by RFC 6724, but stay in the
// server's order. A name with anything but letters, digits, '-', '_' and dots is NotFound, and no server is asked; so
// is one that begins with a dash, or has an empty or too long label. Names from other alphabets want their punycode.
func (r *Resolver) Lookup(ctx context.Context, host string, family Family) (Answer, error) {
	start := time.Now()
	if family &= Any; family == 0 {
		family = Any
	}
	answer := Answer{Host: host}
	o := r.local(host, family, &answer)
	if o == nil {
		answer.Source = FromDNS
		o = r.dns(ctx, host, family, &answer)
	}
	answer.Name, answer.Canonical, answer.Addrs = o.name, o.canonical, o.addrs
	answer.Unanswered, answer.Rcode, answer.Server = o.unanswered, o.rcode, o.server
	answer.TTL = time.Duration(o.ttl) * time.Second
	if answer.Took == 0 {
		answer.Took = time.Since(start)
	}
	answer.Took = answer.Took.Truncate(time.Microsecond)
	if o.kind == "" {
		return answer, nil
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return answer, fmt.Errorf("looking up %q: %w", host, err)
	}
	return answer, &Error{Host: host, Kind: o.kind, Server: o.server, Rcode: o.rcode, Err: o.err}
}

// local answers what needs no server; nil for everything else.
func (r *Resolver) local(host string, family Family, answer *Answer) *outcome {
	if addr, err := netip.ParseAddr(host); err == nil {
		answer.Source = FromLiteral
		if addr = addr.Unmap(); familyOf(addr)&family == 0 {
			return &outcome{kind: NoData, err: errors.New("an address of the other family")}
		}
		return &outcome{addrs: []netip.Addr{addr}}
	}
	if err := checkHost(host); err != nil {
		return &outcome{kind: NotFound, err: err}
	}
	if addrs := r.hosts.get().find(host, family); len(addrs) > 0 {
		answer.Source = FromHosts
		return &outcome{addrs: addrs}
	}
	return nil
}

// checkHost is the rule for names that are asked for at all: those of hosts, and '_' as glibc has it (res_hnok).
func checkHost(host string) error {
	if host == "" {
		return errors.New("the name is empty")
	}
	if host[0] == '-' {
		return errors.New("the name begins with a dash")
	}
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return fmt.Errorf("%q does not belong into a host name", c)
		}
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("a label of %d characters, want 1 to 63", len(label))
		}
	}
	if !isName(host) {
		return fmt.Errorf("a name of %d characters, want at most 253", len(host))
	}
	return nil
}

// isName reports whether DNS has room for a name: 255 bytes on the wire (RFC 1035, 2.3.4).
func isName(name string) bool {
	_, ok := dns.IsDomainName(name)
	return ok && len(strings.TrimSuffix(name, ".")) <= 253
}

// isQualified reports whether a name can be asked for as it is. One whose last dot is escaped, by a backslash that ends a
// domain of the search list, is not fully qualified.
func isQualified(name string) bool { return isName(name) && dns.IsFqdn(name) }

// dns asks the servers.
func (r *Resolver) dns(ctx context.Context, host string, family Family, answer *Answer) *outcome {
	l := lookup{config: r.config.get(), answer: answer, family: family, work: r.work.Get().(*work)}
	defer r.work.Put(l.work)
	answer.Tried = make([]Try, 0, 2) // as many as most names need
	l.servers = r.nameservers
	if len(l.servers) == 0 {
		l.servers = l.config.servers
	}
	if l.config.rotate {
		l.first = int(r.turn.Add(1)-1) % len(l.servers)
	}
	if l.config.noAAAA {
		l.family &^= IPv6
	}
	o := l.walk(ctx, host)
	if !l.asked.IsZero() {
		answer.Took = l.told.Sub(l.asked)
	}
	return o
}
