package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

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
// of its own, so that what it takes is not counted for the prober.
func serve(number string) error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > mostTargets {
		return fmt.Errorf("serving %q targets: from 1 to %d", number, mostTargets)
	}
	names, err := listenNames()
	if err != nil {
		return err
	}
	defer names.conn.Close()
	answers := make(map[netip.Addr][]byte, n)
	config := net.ListenConfig{KeepAlive: -1}                           // four system calls for each connection
	ln, err := config.Listen(context.Background(), "tcp4", "0.0.0.0:0") // all of 127.0.0.0/8 leads here
	if err != nil {
		return err
	}
	defer ln.Close()
	port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
	for i := range n {
		if err := names.set(host(i), address(i)); err != nil {
			return err
		}
		answers[address(i)] = answer(i, port)
	}
	fmt.Println(names.conn.LocalAddr(), port)
	go names.serve()
	go accept(ln, answers)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// answer is all that target i ever says: who it is, as httpd does, and a short body.
func answer(i int, port uint16) []byte {
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

func accept(ln net.Listener, answers map[netip.Addr][]byte) {
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			continue // the client has gone, or there are too many for now
		}
		go func() {
			defer conn.Close()
			reply(conn, answers[conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()])
		}()
	}
}

// reply answers each request on a connection until its client closes it, and so is left to wait for stray packets (TIME_WAIT).
func reply(conn net.Conn, answer []byte) {
	var buffer [4096]byte
	for filled := 0; filled < len(buffer); {
		n, err := conn.Read(buffer[filled:])
		if err != nil {
			return
		}
		if filled += n; !bytes.HasSuffix(buffer[:filled], []byte("\r\n\r\n")) {
			continue
		}
		filled = 0
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}
