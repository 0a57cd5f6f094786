//go:build !linux

package probe

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// socket is a TCP connection.
type socket struct {
	*net.TCPConn
	shook time.Duration // stays 0: only Linux is asked how long a handshake took
	heard
}

// Read implements net.Conn.
func (s *socket) Read(b []byte) (int, error) {
	began := time.Now()
	n, err := s.TCPConn.Read(b)
	now := time.Now()
	s.note(began, now, now)
	return n, err
}

// connect does not leave the calling goroutine: there is one address. The end of ctx ends it, too. It
// calls called just before the first packet.
func connect(ctx context.Context, addr netip.AddrPort, deadline time.Time, called func()) (*socket, error) {
	dialer := net.Dialer{Deadline: deadline, KeepAlive: -1, Control: func(string, string, syscall.RawConn) error {
		called()
		return nil
	}}
	opened, err := dialer.DialTCP(ctx, "tcp", netip.AddrPort{}, addr)
	if err != nil {
		return nil, err
	}
	return &socket{TCPConn: opened}, nil
}

// local is the connection's own end, without a zone.
func (s *socket) local() netip.AddrPort {
	a := s.LocalAddr().(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
