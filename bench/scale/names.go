package main

import (
	"fmt"
	"net/netip"

	"github.com/miekg/dns"
)

// names are the answers to all questions about targets, by the question as it is sent.
type names map[string][]byte

// add gives a host its address, and none of IPv6.
func (n names) add(host string, addr netip.Addr) error {
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m := new(dns.Msg)
		m.SetQuestion(host+".", qtype)
		m.Response, m.Authoritative = true, true
		record, section := fmt.Sprintf("%s. 5 IN A %v", host, addr), &m.Answer
		if qtype == dns.TypeAAAA {
			record, section = fmt.Sprintf("%s 5 IN SOA ns.%[1]s hostmaster.%[1]s 1 7200 1800 86400 5", zone), &m.Ns
		}
		rr, err := dns.NewRR(record)
		if err != nil {
			return err
		}
		*section = append(*section, rr)
		packed, err := m.Pack()
		if err != nil {
			return err
		}
		n[string(questionOf(packed))] = packed
	}
	return nil
}

// answer is that to a query, valid until the next one to the same question; nil when there is none.
func (n names) answer(query []byte) []byte {
	answer := n[string(questionOf(query))]
	if answer != nil {
		copy(answer, query[:2]) // its id
	}
	return answer
}

// questionOf is the question of a message as it is sent: name, type and class; nil when it has none.
func questionOf(m []byte) []byte {
	const header, tail = 12, 4
	for at := header; at < len(m); at += 1 + int(m[at]) {
		if m[at] == 0 && at+1+tail <= len(m) {
			return m[header : at+1+tail]
		}
	}
	return nil
}
