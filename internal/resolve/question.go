package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// maxAliases is how many CNAMEs are followed for one question, as unbound and BIND do.
	maxAliases = 11
	// maxAddrs is how many addresses of a family are kept.
	maxAddrs = 64
	// udpSize is the longest UDP reply that is asked for (DNS flag day 2020).
	udpSize = 1232
)

var (
	errParse   = errors.New("the reply does not parse")
	errAliases = errors.New("its aliases loop, or are too many")
	errStray   = errors.New("only packets that do not answer the question")
	errLame    = errors.New("the server knows nothing of the name and will not ask")
)

// question is one name's question for one family, and what has become of it.
type question struct {
	family Family
	name   string // what is asked for now: the name, then the target of its aliases
	state  state
	// kind, rcode, server and err are the reply when the state is settled, else the most telling trouble so far.
	kind   Kind
	rcode  string
	server netip.AddrPort
	err    error

	addrs     []netip.Addr
	canonical string // the last alias's target; empty without aliases
	ttl       uint32 // the smallest so far
	aliases   int
	followed  []string // targets that took a question of their own

	// One exchange with one server.
	waiting   bool
	truncated bool
	plain     bool // without EDNS0, which the server did not understand
	try       int  // index into Answer.Tried; -1 when there is no room
	id        uint16
	end       int // of the question section in query
	query     []byte
	room      [12 + 255 + 4 + 11]byte // header, name, type and class, OPT: query lies in it
}

// state is where a question stands.
type state uint8

const (
	open    state = iota // to be asked, of further servers too
	settled              // a server that should know has said what there is
	aliased              // the answer is an alias: its target is to be asked for
	failed               // no server settled it
)

// start makes q the question for a name.
func (q *question) start(name string, family Family) {
	*q = question{family: family, name: name, ttl: ^uint32(0)}
}

func (q *question) qtype() uint16 {
	if q.family == IPv4 {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// pack writes the query with an id of its own, so that a forged reply has to guess it besides the port (RFC 5452).
func (q *question) pack() error {
	q.id = uint16(rand.Uint32())
	b := q.room[:]
	clear(b[:12])
	binary.BigEndian.PutUint16(b, q.id)
	b[2] = 1 // recursion desired
	b[5] = 1 // one question
	end, err := dns.PackDomainName(q.name, b, 12, nil, false)
	if err != nil {
		return err
	}
	b = binary.BigEndian.AppendUint16(b[:end], q.qtype())
	b = binary.BigEndian.AppendUint16(b, dns.ClassINET)
	q.end = len(b)
	if !q.plain {
		b[11] = 1 // one additional record
		b = append(b, 0, 0, byte(dns.TypeOPT), udpSize>>8, udpSize&0xff, 0, 0, 0, 0, 0, 0)
	}
	q.query = b
	return nil
}

// answeredBy reports whether a message is the reply to the query: its id, and its question in any case. A reply that is
// nothing but an error may leave the question out.
func (q *question) answeredBy(msg []byte) bool {
	if len(msg) < 12 || binary.BigEndian.Uint16(msg) != q.id || msg[2]&0xf8 != 0x80 {
		return false
	}
	switch binary.BigEndian.Uint16(msg[4:]) {
	case 0:
		rcode := msg[3] & 0xf
		return rcode != dns.RcodeSuccess && rcode != dns.RcodeNameError
	case 1:
		return len(msg) >= q.end && equalFold(msg[12:q.end], q.query[12:q.end])
	}
	return false
}

// equalFold compares two questions in wire format; the bytes that are lengths, types and classes are no letters there, but
// for types and classes that nobody asks for here.
func equalFold(a, b []byte) bool {
	for i := range a {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

// trouble notes why a server did not settle the question, if it is more telling than what is known so far. This machine's own
// shortage is the most telling of all. It returns the kind and rcode that it was given.
func (q *question) trouble(server netip.AddrPort, kind Kind, rcode string, err error) (Kind, string) {
	q.waiting = false
	short := shortage(err)
	if q.kind == "" || !shortage(q.err) && (short || rank(kind) > rank(q.kind)) {
		q.kind, q.rcode, q.server, q.err = kind, rcode, server, err
	}
	return kind, rcode
}

// rank orders kinds by how telling they are when servers, or families, failed differently: a server that was asked and
// failed says more than one that refused, that more than nonsense, that more than silence, and that more than a dead
// port; and any trouble more than a "no", because addresses may be behind it.
func rank(k Kind) int {
	return strings.Index("not_found no_data unreachable timeout malformed refused servfail", string(k))
}

// final reports whether the kind is a server's word on a name, no trouble: addresses, or that there are none.
func (k Kind) final() bool { return k == "" || k == NotFound || k == NoData }

// enough reports whether the lookup need not wait for the other question: this one has addresses or an alias, or says that the
// name does not exist. Of that only A's word is taken: there are servers that wrongly say so for AAAA (RFC 4074, 4.2).
func (q *question) enough() bool {
	return len(q.addrs) > 0 || q.state == aliased || q.gone()
}

func (q *question) gone() bool { return q.state == settled && q.kind == NotFound && q.family == IPv4 }

// follow turns questions with an alias into ones for its target, and reports whether there are any.
func follow(qs []question) bool {
	any := false
	for i := range qs {
		q := &qs[i]
		if q.state != aliased {
			continue
		}
		for _, name := range append(q.followed, q.name) {
			if strings.EqualFold(name, q.canonical) {
				q.state, q.kind, q.err = settled, Malformed, errAliases
			}
		}
		if q.state == aliased {
			q.followed = append(q.followed, q.name)
			q.name, q.state, q.kind, q.err = q.canonical, open, "", nil
			any = true
		}
	}
	return any
}

// sum is what the questions about one name came to.
func sum(qs []question) *outcome {
	o := &outcome{}
	var said *question // whose word it is
	for i := range qs {
		q := &qs[i]
		if len(q.addrs) > 0 {
			if len(o.addrs) == 0 {
				said, o.addrs, o.ttl = q, q.addrs, q.ttl
				continue
			}
			o.addrs, o.ttl = append(o.addrs, q.addrs...), min(o.ttl, q.ttl)
		} else if said == nil || len(said.addrs) == 0 && !said.gone() && rank(q.kind) > rank(said.kind) {
			said = q
		}
		if !q.kind.final() {
			o.unanswered |= q.family
		}
	}
	if said.gone() {
		o.unanswered = 0
	}
	if len(o.addrs) == 0 {
		o.kind, o.err = said.kind, said.err
		if o.kind.final() {
			o.ttl = said.ttl
		}
	}
	o.canonical, o.rcode, o.server = said.canonical, said.rcode, said.server
	return o
}

// over reports whether the lookup's time is up.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}
