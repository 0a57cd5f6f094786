package probe

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// socket is a TCP connection made by system calls of our own. net.Dialer starts a goroutine and two timers for each connection, asks
// for what a probe does not need, and sleeps even where the connection is there at once, as on the same node: together a
// fifth of what a whole probe costs.
type socket struct {
	*os.File
	remote netip.AddrPort
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
	called()
	err = unix.Connect(fd, to)
	s := &socket{os.NewFile(uintptr(fd), ""), addr}
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
	return s, nil
}

// await waits until the connection is there or has failed.
func (s *socket) await(ctx context.Context, to unix.Sockaddr, deadline time.Time) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	there := false
	if err := raw.Control(func(fd uintptr) { there, failed = connected(int(fd), to) }); err != nil || there {
		return first(failed, err)
	}
	s.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { s.SetDeadline(time.Unix(1, 0)) })
	defer stop() // one that is too late finds the socket closed, or a probe that has ended in the same way
	err = raw.Write(func(fd uintptr) bool {
		there, failed = connected(int(fd), to)
		return there
	})
	return first(failed, err)
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
func (s *socket) local() (a netip.AddrPort) {
	raw, err := s.SyscallConn()
	if err != nil {
		return a
	}
	raw.Control(func(fd uintptr) {
		switch name, _ := unix.Getsockname(int(fd)); name := name.(type) {
		case *unix.SockaddrInet4:
			a = netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
		case *unix.SockaddrInet6:
			a = netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
		}
	})
	return a
}

// LocalAddr implements net.Conn.
func (s *socket) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(s.local()) }

// RemoteAddr implements net.Conn.
func (s *socket) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }
