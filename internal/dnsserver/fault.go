package dnsserver

import (
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Fault is what a broken server does with one exchange: it returns the packets that go out instead of the right answer.
// None is silence. It may wait, but no longer than until done is closed: the server is closing. Faults are for tests; a server
// starts without any.
type Fault func(done <-chan struct{}, x Exchange) [][]byte

// Exchange is one query and the right answer to it. A fault may change both: they are its own.
type Exchange struct {
	Query, Answer *dns.Msg
	TCP           bool
}

// faults are those in force, by canonical name ("" for every name) and type (0 for every type).
type faults struct {
	mu sync.RWMutex
	by map[dns.Question]Fault
}

// Break makes the server do fault for every question about name ("" for every name) of type qtype (0 for every type). The
// most exact fault wins, a name before a type. A nil fault mends what was broken by the same name and type.
func (s *Server) Break(name string, qtype uint16, fault Fault) {
	if name != "" {
		name = dns.CanonicalName(name)
	}
	key := dns.Question{Name: name, Qtype: qtype}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if fault == nil {
		delete(s.faults.by, key)
		return
	}
	if s.faults.by == nil {
		s.faults.by = make(map[dns.Question]Fault)
	}
	s.faults.by[key] = fault
}

func (f *faults) find(q dns.Question) Fault {
	f.mu.RLock()
	defer f.mu.RUnlock()
	name := dns.CanonicalName(q.Name)
	for _, key := range []dns.Question{{Name: name, Qtype: q.Qtype}, {Name: name}, {Qtype: q.Qtype}, {}} {
		if fault := f.by[key]; fault != nil {
			return fault
		}
	}
	return nil
}

// Rcode answers with a response code alone: dns.RcodeServerFailure, dns.RcodeRefused, ...
func Rcode(code int) Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		m := new(dns.Msg).SetRcode(x.Query, code)
		if code > 0xf {
			m.SetEdns0(maxUDP, false) // whose record has the upper bits
		}
		return pack(m)
	}
}

// Silence answers nothing.
func Silence() Fault {
	return func(<-chan struct{}, Exchange) [][]byte { return nil }
}

// Delay answers rightly after d.
func Delay(d time.Duration) Fault {
	return func(done <-chan struct{}, x Exchange) [][]byte {
		select {
		case <-time.After(d):
			return pack(x.Answer)
		case <-done:
			return nil
		}
	}
}

// Truncate answers UDP with nothing but the bit that says to ask over TCP, where the answer is right.
func Truncate() Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		if !x.TCP {
			x.Answer.Answer, x.Answer.Ns, x.Answer.Truncated = nil, nil, true
		}
		return pack(x.Answer)
	}
}

// WrongID answers with another id than the query's.
func WrongID() Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		x.Answer.Id = ^x.Answer.Id
		return pack(x.Answer)
	}
}

// WrongQuestion answers another question than the one that was asked.
func WrongQuestion() Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		x.Answer.Question = []dns.Question{{Name: "other.example.", Qtype: dns.TypeA, Qclass: dns.ClassINET}}
		return pack(x.Answer)
	}
}

// Garbage answers with the right header and question, then with an answer that does not parse.
func Garbage() Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		x.Answer.Answer, x.Answer.Ns, x.Answer.Extra, x.Answer.Rcode = nil, nil, nil, dns.RcodeSuccess
		packets := pack(x.Answer)
		for i, p := range packets {
			p[7] = 3 // records that are announced
			packets[i] = append(p, 0xc0, 0xff, 0xff, 0x00, 0xde, 0xad, 0xbe, 0xef)
		}
		return packets
	}
}

// Noise answers with bytes that are no DNS message.
func Noise() Fault {
	return func(<-chan struct{}, Exchange) [][]byte {
		return [][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), {0}}
	}
}

// Loop answers with two aliases that name each other.
func Loop() Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		name := x.Query.Question[0].Name
		other := "loop." + name
		x.Answer.Rcode, x.Answer.Ns = dns.RcodeSuccess, nil
		x.Answer.Answer = []dns.RR{
			&dns.CNAME{Hdr: header(name, dns.TypeCNAME, 5), Target: other},
			&dns.CNAME{Hdr: header(other, dns.TypeCNAME, 5), Target: name},
		}
		return pack(x.Answer)
	}
}

// NoEDNS0 answers FORMERR to a query with EDNS0, and rightly to one without (RFC 6891, section 7).
func NoEDNS0() Fault {
	return func(_ <-chan struct{}, x Exchange) [][]byte {
		if x.Query.IsEdns0() != nil {
			return pack(new(dns.Msg).SetRcode(x.Query, dns.RcodeFormatError))
		}
		return pack(x.Answer)
	}
}

// Before lets a fault's packets go out before the right answer, as a forger's packets may.
func Before(fault Fault) Fault {
	return func(done <-chan struct{}, x Exchange) [][]byte {
		right := pack(x.Answer)
		return slices.Concat(fault(done, x), right)
	}
}

// pack is a message's one packet. What does not pack is silence.
func pack(m *dns.Msg) [][]byte {
	packet, err := m.Pack()
	if err != nil {
		return nil
	}
	return [][]byte{packet}
}
