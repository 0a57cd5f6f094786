package resolve

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// record is one resource record of a message; its owner and data lie in the message.
type record struct {
	owner, data   int // offsets
	rrtype, class uint16
	ttl           uint32
	length        int // of the data
}

// skipName returns the offset behind a name, or -1.
func skipName(msg []byte, off int) int {
	for off < len(msg) {
		switch c := int(msg[off]); {
		case c == 0:
			return off + 1
		case c >= 0xc0:
			return off + 2
		case c > 63:
			return -1
		default:
			off += 1 + c
		}
	}
	return -1
}

// recordAt reads the record at an offset, and returns the offset behind it.
func recordAt(msg []byte, off int) (r record, next int, ok bool) {
	fixed := skipName(msg, off)
	if fixed < 0 || fixed+10 > len(msg) {
		return r, 0, false
	}
	r = record{
		owner: off, data: fixed + 10,
		rrtype: binary.BigEndian.Uint16(msg[fixed:]),
		class:  binary.BigEndian.Uint16(msg[fixed+2:]),
		ttl:    binary.BigEndian.Uint32(msg[fixed+4:]),
		length: int(binary.BigEndian.Uint16(msg[fixed+8:])),
	}
	if r.rrtype != dns.TypeOPT && r.ttl > 1<<31-1 {
		r.ttl = 0 // RFC 2181, section 8
	}
	next = r.data + r.length
	return r, next, next <= len(msg)
}

// take reads the reply to the question: the answer section along its aliases, and only if that has no address the authority
// (does it say no?) and the response code's upper bits. Nothing else is decoded, whatever a reply carries; names come out as
// miekg/dns writes them, which is printable. It returns what this reply was, whatever others have been.
func (q *question) take(msg []byte, server netip.AddrPort) (Kind, string) {
	q.waiting = false
	rcode := int(msg[3] & 0xf)
	c := chain{name: q.name, aliases: q.aliases, ttl: q.ttl}
	var no negative
	ok := c.follow(msg, q.qtype())
	if ok && len(c.addrs) == 0 {
		no = c.negative(msg)
		rcode |= no.rcode << 4
	}
	name := rcodeName(rcode)
	settle := func(s state, kind Kind, err error) (Kind, string) {
		q.state, q.kind, q.rcode, q.server, q.err = s, kind, name, server, err
		q.ttl, q.aliases = c.ttl, c.aliases
		if c.name != q.name {
			q.canonical = c.name
		}
		return kind, name
	}
	switch {
	case rcode == dns.RcodeRefused:
		return q.trouble(server, Refused, name, nil)
	case rcode != dns.RcodeSuccess && rcode != dns.RcodeNameError:
		return q.trouble(server, ServFail, name, nil)
	case !ok:
		return q.trouble(server, Malformed, name, errParse)
	case c.aliases > maxAliases:
		return settle(settled, Malformed, errAliases)
	case rcode == dns.RcodeNameError:
		c.ttl = min(c.ttl, no.ttl)
		return settle(settled, NotFound, nil)
	case len(c.addrs) > 0:
		q.addrs = c.addrs
		return settle(settled, "", nil)
	case c.name != q.name && !no.soa:
		return settle(aliased, NoData, nil)
	case !no.soa && msg[2]&0x04 == 0 && msg[3]&0x80 == 0: // neither an authority nor willing to ask one
		return q.trouble(server, ServFail, name, errLame)
	default:
		c.ttl = min(c.ttl, no.ttl)
		return settle(settled, NoData, nil)
	}
}

// chain is an answer section as seen from the name in question.
type chain struct {
	name    string // where the aliases have led
	aliases int
	ttl     uint32
	addrs   []netip.Addr
	end     int // offset behind the section
}

// follow goes along the aliases to the addresses of a type, in whatever order the records stand. False: it does not parse.
func (c *chain) follow(msg []byte, qtype uint16) bool {
	start := 12
	if binary.BigEndian.Uint16(msg[4:]) > 0 {
		if start = skipName(msg, start); start < 0 || start+4 > len(msg) {
			return false
		}
		start += 4
	}
	asked := c.name
	for {
		before := c.aliases
		c.end = start
		for range binary.BigEndian.Uint16(msg[6:]) {
			r, next, ok := recordAt(msg, c.end)
			if !ok || !c.take(msg, r, qtype, asked) {
				return false
			}
			c.end = next
		}
		if c.aliases == before || c.aliases > maxAliases || len(c.addrs) > 0 {
			return true
		}
	}
}

// take looks at one record. False: it does not parse.
func (c *chain) take(msg []byte, r record, qtype uint16, asked string) bool {
	if r.class != dns.ClassINET || r.rrtype != qtype && r.rrtype != dns.TypeCNAME {
		return true
	}
	// Nearly every owner is a pointer to the question.
	if c.name != asked || msg[r.owner] != 0xc0 || msg[r.owner+1] != 12 {
		owner, _, err := dns.UnpackDomainName(msg, r.owner)
		if err != nil {
			return false
		}
		if !strings.EqualFold(owner, c.name) {
			return true
		}
	}
	if r.rrtype == dns.TypeCNAME {
		if len(c.addrs) > 0 || c.aliases > maxAliases {
			return true
		}
		target, _, err := dns.UnpackDomainName(msg[:r.data+r.length], r.data)
		if err != nil {
			return false
		}
		c.name, c.ttl = target, min(c.ttl, r.ttl)
		c.aliases++
		return true
	}
	addr, _ := netip.AddrFromSlice(msg[r.data : r.data+r.length])
	if addr.Is4() != (qtype == dns.TypeA) || !addr.IsValid() {
		return false
	}
	c.ttl = min(c.ttl, r.ttl)
	if len(c.addrs) < maxAddrs && !slices.Contains(c.addrs, addr) {
		c.addrs = append(c.addrs, addr)
	}
	return true
}

// negative is what stands behind an answer without addresses.
type negative struct {
	soa   bool   // the zone of the name says so itself: no alias is left to follow (RFC 2308)
	ttl   uint32 // 0 without a SOA: not to be kept
	rcode int    // upper eight bits (RFC 6891)
}

// negative reads authority and additional section as far as they parse.
func (c *chain) negative(msg []byte) negative {
	var no negative
	authority := int(binary.BigEndian.Uint16(msg[8:]))
	off := c.end
	for i := range authority + int(binary.BigEndian.Uint16(msg[10:])) {
		r, next, ok := recordAt(msg, off)
		if !ok {
			break
		}
		off = next
		switch {
		case i < authority && r.rrtype == dns.TypeSOA && r.length >= 22 && !no.soa:
			owner, _, err := dns.UnpackDomainName(msg, r.owner)
			if err == nil && dns.IsSubDomain(owner, c.name) {
				no.soa = true
				no.ttl = min(r.ttl, binary.BigEndian.Uint32(msg[next-4:])) // RFC 2308, section 5
			}
		case i >= authority && r.rrtype == dns.TypeOPT:
			no.rcode = int(r.ttl >> 24)
		}
	}
	return no
}

// rcodeName is a response code's name, or RCODE and its number.
func rcodeName(rcode int) string {
	if rcode == dns.RcodeBadVers {
		return "BADVERS" // which shares its number with BADSIG
	}
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return fmt.Sprintf("RCODE%d", rcode)
}
