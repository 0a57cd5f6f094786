package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// packet is one TCP or DNS packet with the kernel's stamp: when it was handed to an interface, or came from one.
type packet struct {
	at       time.Time
	sent     bool // by this side; else received
	src, dst netip.AddrPort
	syn      bool
	payload  int    // bytes of TCP's
	name     string // of a DNS message
}

// capture is what passes the interfaces of this network namespace.
type capture struct {
	fd   int
	done sync.WaitGroup

	mu      sync.Mutex
	packets []packet
	stop    bool
	err     error
}

func startCapture() (*capture, error) {
	const everything = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order; packets that are sent come with no other
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, everything)
	if err != nil {
		return nil, fmt.Errorf("a packet socket: %w", err)
	}
	for _, option := range [][2]int{{unix.SO_RCVBUFFORCE, 32 << 20}, {unix.SO_TIMESTAMPNS, 1}} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option[0], option[1]); err != nil {
			unix.Close(fd)
			return nil, fmt.Errorf("a packet socket: %w", err)
		}
	}
	patience := unix.Timeval{Usec: 100_000}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		unix.Close(fd)
		return nil, err
	}
	c := &capture{fd: fd}
	c.done.Go(c.read)
	return c, nil
}

func (c *capture) read() {
	// Only the begin of a packet is of interest: the headers, and the name that DNS is asked for.
	var b [256]byte
	control := make([]byte, 128)
	for {
		n, controls, _, from, err := unix.Recvmsg(c.fd, b[:], control, unix.MSG_TRUNC)
		c.mu.Lock()
		stop := c.stop
		c.mu.Unlock()
		switch {
		case stop:
			return
		case err == unix.EAGAIN || err == unix.EINTR:
			continue
		case err != nil:
			c.mu.Lock()
			c.err = err
			c.mu.Unlock()
			return
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if !ok {
			continue
		}
		p, ok := parsePacket(b[:min(n, len(b))])
		if !ok {
			continue
		}
		p.sent = link.Pkttype == unix.PACKET_OUTGOING
		if p.at, ok = stamp(control[:controls]); !ok {
			continue
		}
		c.mu.Lock()
		c.packets = append(c.packets, p)
		c.mu.Unlock()
	}
}

// end returns all packets in the order in which the kernel told of them.
func (c *capture) end() ([]packet, error) {
	time.Sleep(50 * time.Millisecond) // for what is under way
	c.mu.Lock()
	c.stop = true
	c.mu.Unlock()
	c.done.Wait()
	defer unix.Close(c.fd)
	stats, err := unix.GetsockoptTpacketStats(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return nil, fmt.Errorf("asking what the capture lost: %w", err)
	}
	if stats.Drops > 0 {
		return nil, fmt.Errorf("the capture lost %d packets of %d", stats.Drops, stats.Packets)
	}
	return c.packets, c.err
}

// stamp is the kernel's time of a packet.
func stamp(control []byte) (time.Time, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Time{}, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			sec, nsec := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return time.Unix(int64(sec), int64(nsec)), true
		}
	}
	return time.Time{}, false
}

// parsePacket reads what matters of an IPv4 packet: TCP, or UDP from or to DNS' port.
func parsePacket(b []byte) (p packet, ok bool) {
	const tcp, udp, dnsPort, synFlag = 6, 17, 53, 2
	if len(b) < 20 || b[0]>>4 != 4 {
		return p, false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	rest := b[min(header, len(b)):]
	if len(rest) < 8 {
		return p, false
	}
	end := func(at int, port []byte) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[at:at+4])), binary.BigEndian.Uint16(port))
	}
	p.src, p.dst = end(12, rest), end(16, rest[2:])
	switch b[9] {
	case tcp:
		if len(rest) < 20 {
			return p, false
		}
		p.syn = rest[13]&synFlag != 0
		p.payload = total - header - int(rest[12]>>4)*4
		return p, true
	case udp:
		if p.src.Port() != dnsPort && p.dst.Port() != dnsPort {
			return p, false
		}
		p.name, _ = questioned(rest[8:])
		return p, p.name != ""
	}
	return p, false
}
