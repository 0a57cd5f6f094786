package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// nameserver is where the names of all targets are asked for: a server that answers when it is told to, and forgets a
// name when it is told to. It has A records only, and says so of every other type.
const nameserver = "127.0.0.1:53"

// names is a DNS server over UDP.
type names struct {
	socket *net.UDPConn
	mu     sync.Mutex
	zone   map[string]entry
}

type entry struct {
	addr netip.Addr
	wait time.Duration // before an answer
}

func serveNames(ctx context.Context) (*names, error) {
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(nameserver)))
	if err != nil {
		return nil, fmt.Errorf("the DNS server: %w", err)
	}
	n := &names{socket: socket, zone: map[string]entry{}}
	context.AfterFunc(ctx, func() { socket.Close() })
	go n.serve()
	return n, nil
}

// set gives a name its address. When set returns, no later question is answered otherwise.
func (n *names) set(name string, addr netip.Addr, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.zone[name] = entry{addr, wait}
}

// forget makes a name unknown: NXDOMAIN.
func (n *names) forget(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.zone, name)
}

func (n *names) serve() {
	var question [512]byte
	for {
		size, from, err := n.socket.ReadFromUDPAddrPort(question[:])
		if err != nil {
			return
		}
		answer, wait := n.answer(question[:size])
		switch {
		case answer == nil:
		case wait == 0:
			n.socket.WriteToUDPAddrPort(answer, from)
		default:
			time.AfterFunc(wait, func() { n.socket.WriteToUDPAddrPort(answer, from) })
		}
	}
}

// answer is the reply to a message with one question (RFC 1035, section 4); nil for what is none.
func (n *names) answer(message []byte) (reply []byte, wait time.Duration) {
	const (
		header              = 12
		response            = 0x8400 // QR, AA
		nxdomain            = 3
		typeA, internet     = 1, 1
		pointer             = 0xc000 | header // to the question's name
		rightAway, addrSize = 0, 4
	)
	name, end := questioned(message)
	if end == 0 {
		return nil, 0
	}
	n.mu.Lock()
	e, known := n.zone[name]
	n.mu.Unlock()
	flags := uint16(response)
	if !known {
		flags |= nxdomain
	}
	asksForA := binary.BigEndian.Uint16(message[end-4:]) == typeA
	answers := uint16(0)
	if known && asksForA {
		answers = 1
	}
	b := binary.BigEndian
	reply = append(reply, message[:2]...)
	for _, field := range []uint16{flags, 1, answers, 0, 0} {
		reply = b.AppendUint16(reply, field)
	}
	reply = append(reply, message[header:end]...)
	if answers == 1 {
		for _, field := range []uint16{pointer, typeA, internet, 0, rightAway, addrSize} {
			reply = b.AppendUint16(reply, field)
		}
		reply = append(reply, e.addr.AsSlice()...)
	}
	return reply, e.wait
}

// questioned is the name that a message asks for, in small letters without the last dot, and where its question ends; 0
// when there is none.
func questioned(message []byte) (name string, end int) {
	at := 12
	var labels []string
	for {
		if at >= len(message) {
			return "", 0
		}
		size := int(message[at])
		at++
		if size == 0 {
			break
		}
		if size > 63 || at+size > len(message) {
			return "", 0
		}
		labels = append(labels, strings.ToLower(string(message[at:at+size])))
		at += size
	}
	if at+4 > len(message) {
		return "", 0
	}
	return strings.Join(labels, "."), at + 4
}
