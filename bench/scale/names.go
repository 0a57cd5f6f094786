package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// names answers the questions about targets, over UDP. It knows each answer beforehand: on a machine where the servers share the
// CPUs with the prober, what they need is not the prober's to use.
type names struct {
	conn    *net.UDPConn
	answers map[string][]byte // by the question as it is sent
}

func listenNames() (*names, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	return &names{conn: conn, answers: map[string][]byte{}}, nil
}

// set gives a host its address, and none of IPv6.
func (n *names) set(host string, addr netip.Addr) error {
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m := new(dns.Msg)
		m.SetQuestion(host+".", qtype)
		m.Response, m.Authoritative = true, true
		record := fmt.Sprintf("%s. 5 IN A %v", host, addr)
		section := &m.Answer
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
		n.answers[string(questionOf(packed))] = packed
	}
	return nil
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

// serve answers until the socket is closed.
func (n *names) serve() {
	var packet [1500]byte
	for {
		size, from, err := n.conn.ReadFromUDPAddrPort(packet[:])
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			continue // a client's port that is closed again
		}
		if answer := n.answers[string(questionOf(packet[:size]))]; answer != nil {
			answer[0], answer[1] = packet[0], packet[1] // the id
			n.conn.WriteToUDPAddrPort(answer, from)     // one that is lost is asked for again
		}
	}
}
