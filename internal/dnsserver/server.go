// Package dnsserver is a small authoritative DNS server for loopback addresses: a zone that can change while it serves,
// with the answers that a cluster's DNS gives (NXDOMAIN against an empty answer, SOA, EDNS0, TCP for what is too long).
// It serves the demo and the tests; it is no recursive server and knows no other records than A, AAAA, CNAME and SOA.
package dnsserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/miekg/dns"
)

// DefaultZone is served when Start is given none: the domain of a Kubernetes cluster.
const DefaultZone = "cluster.local."

// maxUDP is the longest answer sent over UDP (DNS flag day 2020); a client may ask for less, never for more.
const maxUDP = 1232

// Server answers for its zones over UDP and TCP on one port. All methods may be called at any time from any goroutine.
type Server struct {
	addr  netip.AddrPort
	zones []*zone

	udp, tcp *dns.Server
	serving  sync.WaitGroup
	close    func() error
	done     chan struct{} // closed by Close; faults that wait watch it

	faults  faults
	history history
}

// Start listens on addr ("127.0.0.1:0" takes a free port, the same for UDP and TCP) and serves the zones, DefaultZone
// when none is given. It answers from the moment that Start returns.
func Start(addr string, zones ...string) (*Server, error) {
	if len(zones) == 0 {
		zones = []string{DefaultZone}
	}
	s := &Server{done: make(chan struct{})}
	s.close = sync.OnceValue(func() error {
		close(s.done)
		err := errors.Join(s.udp.Shutdown(), s.tcp.Shutdown())
		s.serving.Wait()
		return err
	})
	for _, name := range zones {
		if _, ok := dns.IsDomainName(name); !ok {
			return nil, fmt.Errorf("serving the zone %q: not a domain name", name)
		}
		s.zones = append(s.zones, newZone(dns.CanonicalName(name)))
	}
	packets, streams, err := listen(addr)
	if err != nil {
		return nil, fmt.Errorf("listening for DNS on %q: %w", addr, err)
	}
	addrPort := packets.LocalAddr().(*net.UDPAddr).AddrPort()
	s.addr = netip.AddrPortFrom(addrPort.Addr().Unmap(), addrPort.Port())
	s.udp = &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(s.serve), UDPSize: dns.MaxMsgSize}
	s.tcp = &dns.Server{Listener: streams, Handler: dns.HandlerFunc(s.serve)}
	for _, server := range []*dns.Server{s.udp, s.tcp} {
		started := make(chan error, 1)
		server.NotifyStartedFunc = func() { started <- nil }
		s.serving.Go(func() { // until Close
			if err := server.ActivateAndServe(); err != nil {
				started <- err
			}
		})
		if err := <-started; err != nil {
			_ = s.Close()
			return nil, errors.Join(fmt.Errorf("serving DNS on %v: %w", s.addr, err), packets.Close(), streams.Close())
		}
	}
	return s, nil
}

// listen opens the same port for UDP and TCP. A free port of the one may be taken in the other, so a few are tried.
func listen(addr string) (packets net.PacketConn, streams net.Listener, err error) {
	for range 16 {
		if packets, err = net.ListenPacket("udp", addr); err != nil {
			return nil, nil, err
		}
		if streams, err = net.Listen("tcp", packets.LocalAddr().String()); err == nil {
			return packets, streams, nil
		}
		packets.Close()
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, nil, err
}

// Addr is where the server listens.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close stops listening and waits for every question in hand. A second call does nothing more.
func (s *Server) Close() error { return s.close() }

// serve answers one question; the dns package has refused what is no query with one question.
func (s *Server) serve(w dns.ResponseWriter, query *dns.Msg) {
	_, tcp := w.RemoteAddr().(*net.TCPAddr)
	q := query.Question[0]
	s.history.add(Question{Name: q.Name, Type: dns.TypeToString[q.Qtype], TCP: tcp, EDNS: query.IsEdns0() != nil})

	answer := s.answer(query, tcp)
	if fault := s.faults.find(q); fault != nil {
		for _, packet := range fault(s.done, Exchange{Query: query, Answer: answer, TCP: tcp}) {
			_, _ = w.Write(packet) // whoever asked may be gone
		}
		return
	}
	_ = w.WriteMsg(answer)
}

// answer is the right reply to a query.
func (s *Server) answer(query *dns.Msg, tcp bool) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(query)
	m.Compress = true
	size := dns.MinMsgSize
	if opt := query.IsEdns0(); opt != nil {
		size = max(size, min(maxUDP, int(opt.UDPSize())))
		m.SetEdns0(maxUDP, false)
		if opt.Version() != 0 {
			m.Rcode = dns.RcodeBadVers // RFC 6891, 6.1.3
			return m
		}
	}
	q := query.Question[0]
	z := s.zoneOf(dns.CanonicalName(q.Name))
	switch {
	case query.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
	case z == nil || q.Qclass != dns.ClassINET:
		m.Rcode = dns.RcodeRefused
	default:
		m.Authoritative = true
		z.answer(m, q)
	}
	if !tcp {
		m.Truncate(size)
	}
	return m
}

// zoneOf is the closest zone around a canonical name; nil when it lies outside all of them.
func (s *Server) zoneOf(name string) *zone {
	var best *zone
	for _, z := range s.zones {
		if dns.IsSubDomain(z.apex, name) && (best == nil || len(z.apex) > len(best.apex)) {
			best = z
		}
	}
	return best
}
