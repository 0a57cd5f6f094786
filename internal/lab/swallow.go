package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// swallower makes an address take no connection, without root: a listener whose queue of one is full. The kernel then
// drops every further SYN, and who calls waits for an answer that never comes.
type swallower struct {
	fd     int
	filler net.Conn
}

func swallow(at netip.AddrPort) (*swallower, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("swallowing what goes to %v: %w", at, os.NewSyscallError("socket", err))
	}
	s := &swallower{fd: fd}
	syscall.CloseOnExec(fd)
	err = errors.Join(
		os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)),
		os.NewSyscallError("bind", syscall.Bind(fd, &syscall.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})),
		os.NewSyscallError("listen", syscall.Listen(fd, 0)),
	)
	if err == nil {
		s.filler, err = net.DialTimeout("tcp4", at.String(), time.Second)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("swallowing what goes to %v: %w", at, err), s.close())
	}
	return s, nil
}

// close lets the address go.
func (s *swallower) close() error {
	var err error
	if s.filler != nil {
		err = s.filler.Close()
	}
	return errors.Join(err, os.NewSyscallError("close", syscall.Close(s.fd)))
}
