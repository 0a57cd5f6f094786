package endure

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// lie is how a DNS server answers what is asked about one name: over UDP with the packets that it returns, over TCP as it likes. All
// that it does must end soon, and at the latest when its connection is closed.
type lie struct {
	udp func(query *dns.Msg) [][]byte
	tcp func(c net.Conn, query *dns.Msg)
}

// liar is a DNS server that lies about some names and tells where the target is for all others.
type liar struct {
	addr   netip.AddrPort
	target netip.Addr
	lies   map[string]lie // by name
}

// startLiar starts one, which ends with the test.
func startLiar(t *testing.T, target netip.Addr, lies map[string]lie) *liar {
	t.Helper()
	var l *liar
	var packets net.PacketConn
	var streams net.Listener
	for range 20 { // a port that is free for UDP need not be free for TCP
		var err error
		if packets, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		addr := packets.LocalAddr().(*net.UDPAddr).AddrPort()
		if streams, err = net.Listen("tcp", addr.String()); err == nil {
			l = &liar{addr: addr, target: target, lies: lies}
			break
		}
		packets.Close()
	}
	if l == nil {
		t.Fatal("no port is free for UDP and TCP")
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		packets.Close()
		streams.Close()
		serving.Wait()
	})
	serving.Go(func() { l.serveUDP(packets) })
	serving.Go(func() {
		for {
			c, err := streams.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { l.serveTCP(c) })
		}
	})
	return l
}

func (l *liar) serveUDP(packets net.PacketConn) {
	var sending sync.WaitGroup
	defer sending.Wait()
	for buffer := make([]byte, 1<<16); ; {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		query := new(dns.Msg)
		if query.Unpack(buffer[:n]) != nil || len(query.Question) != 1 {
			continue
		}
		sending.Go(func() {
			answer := l.lies[query.Question[0].Name].udp
			if answer == nil {
				answer = func(query *dns.Msg) [][]byte { return pack(l.right(query)) }
			}
			for _, packet := range answer(query) {
				packets.WriteTo(packet, from) // who asked may be gone
			}
		})
	}
}

func (l *liar) serveTCP(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * time.Second)) // longer than anybody waits for an answer here
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return
	}
	b := make([]byte, binary.BigEndian.Uint16(length[:]))
	query := new(dns.Msg)
	if _, err := io.ReadFull(c, b); err != nil || query.Unpack(b) != nil || len(query.Question) != 1 {
		return
	}
	if answer := l.lies[query.Question[0].Name].tcp; answer != nil {
		answer(c, query)
	}
}

// right is the right answer: all names lead to the target.
func (l *liar) right(query *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(query)
	if q := query.Question[0]; q.Qtype == dns.TypeA {
		m.Answer = []dns.RR{address(q.Name, l.target)}
	}
	m.RecursionAvailable = true
	return m
}

func address(name string, addr netip.Addr) dns.RR {
	return &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5}, A: addr.AsSlice()}
}

func alias(name, target string) dns.RR {
	return &dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 5}, Target: target}
}

func pack(m *dns.Msg) [][]byte {
	m.Compress = true
	b, err := m.Pack()
	if err != nil {
		panic(err) // a lie of this package's own
	}
	return [][]byte{b}
}

// times is a packet again and again.
func times(n int, packets [][]byte) (all [][]byte) {
	for range n {
		all = append(all, packets...)
	}
	return all
}

// truncated says nothing but that there is more over TCP.
func truncated(query *dns.Msg) [][]byte {
	m := new(dns.Msg).SetReply(query)
	m.Truncated = true
	return pack(m)
}

// frame sends a message over TCP.
func frame(c net.Conn, message []byte) error {
	_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}
