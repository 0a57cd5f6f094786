package identity

import (
	"net/netip"
	"unicode"
	"unicode/utf8"
)

// What a field of an identity may hold at most: written by us, or believed when somebody else wrote it.
const (
	maxName     = 253 // bytes of a name, namespace or node: a DNS subdomain, as Kubernetes has it
	maxUID      = 128 // bytes; Kubernetes writes 36
	maxInstance = 64  // bytes; ours has 16
	maxIPs      = 16
	maxAddr     = 64 // bytes of an address with its port; the longest IPv6 one has 47
)

// text reports whether s may be shown to anybody: 1 to limit bytes of valid UTF-8 that a terminal prints and does not obey.
func text(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// plain is an address as the identity holds it: IPv4 as IPv4, and without a zone, which means something on one machine only.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
