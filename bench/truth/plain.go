package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// plainHost is asked for, and plainPort called, by plain system calls in this process. What they take longer than the
// kernel's stamps say is what no program can do anything about that looks at its own clock: the floor beneath the error of every
// prober but one that asks the kernel.
const (
	plainHost = "plain.truth.test"
	plainPort = firstPort + ports - 1
)

// plainly makes n probes out of blocking system calls, and times them as the prober times its phases.
func plainly(n int, server netip.AddrPort) ([]record, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var rounds []record
	for range n {
		time.Sleep(10 * time.Millisecond)
		r := record{Target: plainHost, Time: time.Now()}
		x, err := plainProbe(server)
		if err != nil {
			return nil, fmt.Errorf("a probe of plain system calls: %w", err)
		}
		x.Total = ms(time.Since(r.Time))
		r.Results = []result{x}
		rounds = append(rounds, r)
	}
	return rounds, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func plainProbe(server netip.AddrPort) (x result, err error) {
	var b [4096]byte
	x.Outcome = "ok"
	dns, err := plainSocket(unix.SOCK_DGRAM)
	if err != nil {
		return x, err
	}
	defer unix.Close(dns)
	if err := unix.Connect(dns, sockaddr(netip.MustParseAddrPort(nameserver))); err != nil {
		return x, err
	}
	query := plainQuery()
	began := time.Now()
	if _, err := unix.Write(dns, query); err != nil {
		return x, err
	}
	if _, err := unix.Read(dns, b[:]); err != nil {
		return x, err
	}
	x.Resolve = ms(time.Since(began))

	tcp, err := plainSocket(unix.SOCK_STREAM)
	if err != nil {
		return x, err
	}
	defer unix.Close(tcp)
	began = time.Now()
	if err := unix.Connect(tcp, sockaddr(server)); err != nil {
		return x, err
	}
	x.Connect = ms(time.Since(began))
	request := fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", plainHost)
	began = time.Now()
	if _, err := unix.Write(tcp, request); err != nil {
		return x, err
	}
	x.Write = ms(time.Since(began))
	began = time.Now()
	size, err := unix.Read(tcp, b[:])
	if err != nil {
		return x, err
	}
	x.FirstByte = ms(time.Since(began))
	if !bytes.Contains(b[:size], []byte("200 OK")) {
		return x, fmt.Errorf("the answer begins %q", b[:min(size, 80)])
	}
	began = time.Now()
	for size > 0 {
		if size, err = unix.Read(tcp, b[:]); err != nil {
			return x, err
		}
	}
	x.Read = ms(time.Since(began))
	return x, nil
}

// plainSocket is one that nobody waits at for ever.
func plainSocket(kind int) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, err
	}
	patience := unix.Timeval{Sec: 2}
	for _, option := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, &patience); err != nil {
			unix.Close(fd)
			return 0, err
		}
	}
	return fd, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// plainQuery asks for plainHost's A record.
func plainQuery() []byte {
	query := []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(plainHost, ".") {
		query = append(append(query, byte(len(label))), label...)
	}
	return append(query, 0, 0, 1, 0, 1)
}
