package probe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"callbyname/internal/arrival"
)

// socket is a TCP connection made by system calls of our own. net.Dialer starts a goroutine and two timers for each connection, asks
// for what a probe does not need, and sleeps even where the connection is there at once, as on the same node: together a
// fifth of what a whole probe costs.
type socket struct {
	*os.File
	remote netip.AddrPort
	fd     int // File's
	raw    syscall.RawConn
	// shook is how long the handshake took as the kernel measured it, from SYN to SYN-ACK; 0 where it does not say.
	shook time.Duration
	heard

	// One Read. The function is the same for all of them.
	receive func(fd uintptr) (done bool)
	into    []byte
	n, told int
	failed  error
	control arrival.Control
}

// connect does not leave the calling goroutine. The end of ctx ends it, too. It calls called just before the first packet.
func connect(ctx context.Context, addr netip.AddrPort, deadline time.Time, called func()) (*socket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	domain, to := sockaddr(addr)
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	arrival.Ask(uintptr(fd))
	called()
	err = unix.Connect(fd, to)
	s := newSocket(fd, addr)
	if err == unix.EINPROGRESS || err == unix.EINTR {
		err = s.await(ctx, to, deadline)
	}
	if err == nil {
		// TLS writes twice before it reads, and Nagle's algorithm would hold the second one back.
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err != nil {
		s.Close()
		return nil, os.NewSyscallError("connect", err)
	}
	s.shook = handshakeOf(fd)
	return s, nil
}

func newSocket(fd int, remote netip.AddrPort) *socket {
	s := &socket{File: os.NewFile(uintptr(fd), ""), remote: remote, fd: fd}
	s.raw, _ = s.SyscallConn() // which fails for no file at all only
	s.receive = func(uintptr) bool {
		for again := true; again; again = s.failed == unix.EINTR {
			s.n, s.told, _, _, s.failed = unix.Recvmsg(fd, s.into, s.control[:], 0)
		}
		return s.failed != unix.EAGAIN
	}
	return s
}

// handshakeOf is how long a new connection's took, by the first round trip that the kernel measured (TCP_INFO in tcp(7)). After a SYN
// that was sent again it is 0: that round trip would leave the wait before it out.
func handshakeOf(fd int) time.Duration {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || info.Total_retrans > 0 {
		return 0
	}
	return time.Duration(info.Rtt) * time.Microsecond
}

// await waits until the connection is there or has failed.
func (s *socket) await(ctx context.Context, to unix.Sockaddr, deadline time.Time) error {
	there, failed := connected(s.fd, to)
	if there {
		return failed
	}
	s.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { s.SetDeadline(time.Unix(1, 0)) })
	defer stop() // one that is too late finds the socket closed, or a probe that has ended in the same way
	err := s.raw.Write(func(uintptr) (there bool) {
		there, failed = connected(s.fd, to)
		return there
	})
	return first(failed, err)
}

// Read implements net.Conn, and notes when what it returns had come.
func (s *socket) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	began := time.Now()
	s.into = b
	err := s.raw.Read(s.receive)
	s.into = nil
	now := time.Now()
	switch {
	case err != nil: // the deadline
	case s.failed != nil:
		err = os.NewSyscallError("read", s.failed)
	case s.n == 0:
		err = io.EOF
	default:
		s.note(began, arrival.Of(s.control[:s.told], s.asked, now), now)
		return s.n, nil
	}
	s.note(began, now, now)
	return 0, err
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// connected reports whether a connection that was begun is there, or why it never will be. The poller may say so too early;
// connect(2) tells when it is called again.
func connected(fd int, to unix.Sockaddr) (bool, error) {
	switch err := unix.Connect(fd, to); err {
	case nil, unix.EISCONN:
		return true, nil
	case unix.EALREADY, unix.EINPROGRESS, unix.EINTR:
		return false, nil
	default:
		return true, err
	}
}

// sockaddr is an address as the kernel takes it. An unknown zone becomes none, which the kernel has a word for.
func sockaddr(addr netip.AddrPort) (domain int, to unix.Sockaddr) {
	if addr.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	v6 := &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
	if zone := addr.Addr().Zone(); zone != "" {
		if on, err := net.InterfaceByName(zone); err == nil {
			v6.ZoneId = uint32(on.Index)
		} else if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
			v6.ZoneId = uint32(n)
		}
	}
	return unix.AF_INET6, v6
}

// local is the connection's own end, without a zone; zero when the kernel does not say.
func (s *socket) local() netip.AddrPort {
	switch name, _ := unix.Getsockname(s.fd); name := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	}
	return netip.AddrPort{}
}

// LocalAddr implements net.Conn.
func (s *socket) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(s.local()) }

// RemoteAddr implements net.Conn.
func (s *socket) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }
