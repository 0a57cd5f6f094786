package resolve

import (
	"fmt"
	"net/netip"
)

// ParseServer reads a DNS server as a person writes it: ADDR[:PORT], IPv6 in brackets when a port follows, and port 53 (RFC
// 1035, section 4.2) when none does.
func ParseServer(s string) (netip.AddrPort, error) {
	server, err := netip.ParseAddrPort(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return server, fmt.Errorf("%q is not an IP address; write it like 10.96.0.10 or [fd00::a]:53", s)
		}
		server = netip.AddrPortFrom(addr, dnsPort)
	}
	if server.Port() == 0 {
		return server, fmt.Errorf("%q has no valid port; a port is a number from 1 to 65535", s)
	}
	return server, nil
}
