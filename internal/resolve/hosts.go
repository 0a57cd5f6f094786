package resolve

import (
	"net/netip"
	"slices"
	"strings"
)

// hosts is a hosts file: addresses by name, in the order of the file.
type hosts map[string][]netip.Addr

// parseHosts reads /etc/hosts as glibc's nss_files does with "multi on", which the common distributions set in
// /etc/host.conf: a name has the addresses of all lines that name it (without it, those of the first). A line whose address
// does not parse is ignored. IPv4 addresses in IPv6 clothes are IPv4.
//
// Unlike glibc, ::1 is never turned into 127.0.0.1 when IPv4 alone is asked for.
func parseHosts(text string) hosts {
	h := make(hosts)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.FieldsFunc(line, space)
		if len(fields) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil || addr.Zone() != "" {
			continue
		}
		addr = addr.Unmap()
		for _, name := range fields[1:] {
			name = lower(name)
			if known := h[name]; len(known) < 2*maxAddrs && !slices.Contains(known, addr) {
				h[name] = append(known, addr)
			}
		}
	}
	return h
}

// find returns a name's addresses of a family. The name is taken literally, as glibc does: "web." is not "web".
func (h hosts) find(name string, family Family) []netip.Addr {
	var v4, v6 []netip.Addr
	for _, addr := range h[lower(name)] {
		switch f := familyOf(addr); {
		case f&family == 0:
		case f == IPv4:
			v4 = append(v4, addr)
		default:
			v6 = append(v6, addr)
		}
	}
	return slices.Concat(v4[:min(len(v4), maxAddrs)], v6[:min(len(v6), maxAddrs)])
}

func familyOf(addr netip.Addr) Family {
	if addr.Is4() {
		return IPv4
	}
	return IPv6
}

// space is isspace of the C locale.
func space(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// lower folds ASCII only: a hosts file's bytes beyond that are no letters to DNS.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lowerByte(b[i])
			}
			return string(b)
		}
	}
	return s
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
