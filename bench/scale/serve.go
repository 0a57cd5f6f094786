package main

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"callbyname/internal/identity"
)

// zone is where the names of all targets lie.
const zone = "scale.test."

// host is the name of target i.
func host(i int) string { return fmt.Sprintf("t%05d.%s", i, zone[:len(zone)-1]) }

// address is where target i answers: each has its own, so that no connection's ports run out. The first ones of a loopback
// network are left to others.
func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 40, byte(i >> 8), byte(i)}) }

// serve answers for a number of targets, by name and over HTTP, until standard input ends: it says on which ports. It is a process
// of its own, so that what it takes is not counted for the prober; and since it shares the CPUs with the prober, one thread
// waits for all sockets and sends what is ready beforehand, which takes half of what Go's own servers do.
func serve(number string) error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > mostTargets {
		return fmt.Errorf("serving %q targets: from 1 to %d", number, mostTargets)
	}
	s := &server{names: map[string][]byte{}, pages: make(map[string][]byte, n)}
	if err := s.listen(); err != nil {
		return err
	}
	for i := range n {
		if err := s.names.add(host(i), address(i)); err != nil {
			return err
		}
		s.pages[host(i)] = page(i, s.port)
	}
	fmt.Println(s.dns, s.port)
	failed := make(chan error, 1)
	go func() { failed <- s.run() }()
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	select {
	case err := <-failed:
		return err
	case err := <-ended:
		return err
	}
}

// server is the sockets and what is said on them.
type server struct {
	poll, tcp, udp int // file descriptors
	dns            netip.AddrPort
	port           uint16
	names          names
	pages          map[string][]byte // by Host
}

// listen opens the sockets: one for names, and one for HTTP at every address, since all of 127.0.0.0/8 leads here.
func (s *server) listen() (err error) {
	const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	if s.udp, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|flags, 0); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if s.tcp, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|flags, 0); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	bound := func(fd int, at *unix.SockaddrInet4) (netip.AddrPort, error) {
		if err := unix.Bind(fd, at); err != nil {
			return netip.AddrPort{}, fmt.Errorf("bind: %w", err)
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("getsockname: %w", err)
		}
		is := name.(*unix.SockaddrInet4)
		return netip.AddrPortFrom(netip.AddrFrom4(is.Addr), uint16(is.Port)), nil
	}
	if s.dns, err = bound(s.udp, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	at, err := bound(s.tcp, &unix.SockaddrInet4{})
	if err != nil {
		return err
	}
	s.port = at.Port()
	if err := unix.Listen(s.tcp, 4096); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if s.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	for _, fd := range []int{s.udp, s.tcp} {
		if err := s.watch(fd); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) watch(fd int) error {
	if err := unix.EpollCtl(s.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// run answers until a socket of its own fails. What fails on one of a client's is the client's.
func (s *server) run() error {
	var events [256]unix.EpollEvent
	var buffer [4096]byte
	for {
		n, err := unix.EpollWait(s.poll, events[:], -1)
		if err == unix.EINTR {
			continue
		} else if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, e := range events[:n] {
			switch fd := int(e.Fd); fd {
			case s.udp:
				s.tell(buffer[:])
			case s.tcp:
				if err := s.accept(); err != nil {
					return err
				}
			default:
				if !s.reply(fd, buffer[:]) {
					unix.Close(fd)
				}
			}
		}
	}
}

// tell answers the question that has come.
func (s *server) tell(buffer []byte) {
	size, from, err := unix.Recvfrom(s.udp, buffer, 0)
	if err != nil {
		return // a client's port that is closed again
	}
	if answer := s.names.answer(buffer[:size]); answer != nil {
		unix.Sendto(s.udp, answer, 0, from) // one that is lost is asked for again
	}
}

func (s *server) accept() error {
	fd, _, err := unix.Accept4(s.tcp, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return nil // the client has gone, or there are too many for now
	}
	return s.watch(fd)
}

// reply answers the request that has come on a connection, in one piece as a prober sends it. It reports whether another one may
// come: the client closes it, and so is left to wait for stray packets (TIME_WAIT).
func (s *server) reply(fd int, buffer []byte) bool {
	size, err := unix.Read(fd, buffer)
	if err != nil || size == 0 {
		return err == unix.EAGAIN || err == unix.EINTR
	}
	_, after, _ := bytes.Cut(buffer[:size], []byte("\r\nHost: "))
	name, _, _ := bytes.Cut(after, []byte("\r\n"))
	name, _, _ = bytes.Cut(name, []byte(":"))
	page, known := s.pages[string(name)]
	if !known || !bytes.HasSuffix(buffer[:size], []byte("\r\n\r\n")) {
		return false
	}
	_, err = unix.Write(fd, page)
	return err == nil
}

// page is all that target i ever says: who it is, as httpd does, and a short body.
func page(i int, port uint16) []byte {
	const body = "It works!\n"
	name := fmt.Sprintf("pod-%05d", i)
	who := identity.NewEncoder(identity.Identity{
		IPs: []netip.Addr{address(i)}, Name: name, UID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Namespace: "scale",
		Node: "loopback", Instance: fmt.Sprintf("%016x", i), Started: time.Now(), Source: identity.FromPod,
	})
	b := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n", len(body))
	b = who.Append(b, identity.Local(netip.AddrPortFrom(address(i), port)), true)
	return append(b, "\r\n"+body...)
}
