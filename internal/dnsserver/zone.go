package dnsserver

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// NegativeTTL is how long a "no" may be kept, in the SOA of every such answer (RFC 2308): the 5 s of the CoreDNS
// kubernetes plugin.
const NegativeTTL = 5 * time.Second

// maxTTL is the longest TTL there is (RFC 2181, section 8).
const maxTTL = (1<<31 - 1) * time.Second

// zone is one zone's records. Names are canonical: lower case, with the last dot.
type zone struct {
	apex string

	mu     sync.RWMutex
	serial uint32
	nodes  map[string]node
	below  map[string]int // how many nodes lie below a name, so that one without records is told from one that is not there
}

// node is what one name has: addresses, or the target of a CNAME.
type node struct {
	ttl   uint32
	addrs []netip.Addr
	cname string
}

func newZone(apex string) *zone {
	return &zone{apex: apex, serial: 1, nodes: make(map[string]node), below: make(map[string]int)}
}

// Set gives a name exactly these addresses, answered in this order with this TTL (whole seconds, 0 included). Without
// addresses the name exists and has none: NODATA. The error is for a name outside the zones or no name at all.
func (s *Server) Set(name string, ttl time.Duration, addrs ...netip.Addr) error {
	return s.put(name, ttl, node{addrs: append([]netip.Addr(nil), addrs...)})
}

// CNAME makes a name an alias of target, which may lie outside the zones, and takes its addresses away.
func (s *Server) CNAME(name string, ttl time.Duration, target string) error {
	if _, ok := dns.IsDomainName(target); !ok {
		return fmt.Errorf("setting the alias %q to %q: not a domain name", name, target)
	}
	return s.put(name, ttl, node{cname: dns.Fqdn(target)})
}

func (s *Server) put(name string, ttl time.Duration, n node) error {
	canonical := dns.CanonicalName(name)
	z := s.zoneOf(canonical)
	if _, ok := dns.IsDomainName(name); !ok || z == nil {
		return fmt.Errorf("setting the records of %q: not a name in a zone of this server", name)
	}
	n.ttl = uint32(min(max(0, ttl), maxTTL) / time.Second)
	z.mu.Lock()
	defer z.mu.Unlock()
	z.serial++
	if _, had := z.nodes[canonical]; !had {
		z.count(canonical, 1)
	}
	z.nodes[canonical] = n
	return nil
}

// Remove takes a name out of its zone: NXDOMAIN from now on, unless other names lie below it. A name that is not there
// is no error.
func (s *Server) Remove(name string) {
	canonical := dns.CanonicalName(name)
	z := s.zoneOf(canonical)
	if z == nil {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if _, had := z.nodes[canonical]; had {
		z.serial++
		z.count(canonical, -1)
		delete(z.nodes, canonical)
	}
}

// count adds n to what lies below each name between a node and the apex.
func (z *zone) count(name string, n int) {
	for name != z.apex {
		name = parent(name)
		if z.below[name] += n; z.below[name] == 0 {
			delete(z.below, name)
		}
	}
}

// parent is a name without its first label.
func parent(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

// answer fills in the reply to a question about a name in the zone. An alias is followed as far as the zone goes; a
// loop of aliases is shown once and not followed further.
func (z *zone) answer(m *dns.Msg, q dns.Question) {
	z.mu.RLock()
	defer z.mu.RUnlock()
	name, owner := dns.CanonicalName(q.Name), q.Name
	for seen := make(map[string]bool); ; {
		n, exists := z.nodes[name]
		if exists && n.cname != "" && q.Qtype != dns.TypeCNAME {
			if seen[name] {
				return
			}
			seen[name] = true
			m.Answer = append(m.Answer, &dns.CNAME{Hdr: header(owner, dns.TypeCNAME, n.ttl), Target: n.cname})
			name, owner = dns.CanonicalName(n.cname), n.cname
			if !dns.IsSubDomain(z.apex, name) {
				return
			}
			continue
		}
		before := len(m.Answer)
		m.Answer = n.records(m.Answer, owner, q.Qtype)
		if name == z.apex && q.Qtype == dns.TypeSOA {
			m.Answer = append(m.Answer, z.soa())
		}
		if len(m.Answer) == before {
			m.Ns = append(m.Ns, z.soa())
			if !exists && z.below[name] == 0 && name != z.apex {
				m.Rcode = dns.RcodeNameError // of the last name of the chain (RFC 6604)
			}
		}
		return
	}
}

// records appends the node's records of a type.
func (n node) records(to []dns.RR, owner string, qtype uint16) []dns.RR {
	if qtype == dns.TypeCNAME && n.cname != "" {
		return append(to, &dns.CNAME{Hdr: header(owner, dns.TypeCNAME, n.ttl), Target: n.cname})
	}
	for _, a := range n.addrs {
		switch {
		case qtype == dns.TypeA && a.Is4():
			to = append(to, &dns.A{Hdr: header(owner, qtype, n.ttl), A: net.IP(a.AsSlice())})
		case qtype == dns.TypeAAAA && a.Is6():
			to = append(to, &dns.AAAA{Hdr: header(owner, qtype, n.ttl), AAAA: net.IP(a.AsSlice())})
		}
	}
	return to
}

func (z *zone) soa() dns.RR {
	below := strings.TrimPrefix(z.apex, ".") // of the root zone, nothing
	return &dns.SOA{
		Hdr: header(z.apex, dns.TypeSOA, uint32(NegativeTTL/time.Second)),
		Ns:  "ns.dns." + below, Mbox: "hostmaster." + below, Serial: z.serial,
		Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: uint32(NegativeTTL / time.Second),
	}
}

func header(owner string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}
