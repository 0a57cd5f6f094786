package resolve

import (
	"net/netip"
	"slices"
	"testing"
)

func TestHostsFilesAreReadAsGlibcReadsThem(t *testing.T) {
	h := parseHosts(`# addresses of this machine
127.0.0.1	localhost
::1		localhost ip6-localhost
10.0.0.1  web.example.com  Web WEB2 # web3
10.0.0.2  web
fd00::2   web
10.0.0.1  web
   10.0.0.3 indented
10.0.0.4
10.0.0    short
0x0a000001 hex
010.0.0.5 octal
10.0.0.6,  comma
fe80::1%eth0 zone
::ffff:10.0.0.7 mapped
10.0.0.8 dotted.
10.0.0.9` + "\v\f\rodd\r\n10.0.0.10 last")
	for _, tc := range []struct {
		name   string
		family Family
		want   []string
	}{
		{"localhost", Any, []string{"127.0.0.1", "::1"}},
		{"LOCALHOST", IPv6, []string{"::1"}},
		{"ip6-localhost", IPv4, nil},
		{"web", Any, []string{"10.0.0.1", "10.0.0.2", "fd00::2"}},
		{"wEb", IPv4, []string{"10.0.0.1", "10.0.0.2"}},
		{"web2", Any, []string{"10.0.0.1"}},
		{"web3", Any, nil},
		{"web.example.com", Any, []string{"10.0.0.1"}},
		{"web.example.com.", Any, nil},
		{"indented", Any, []string{"10.0.0.3"}},
		{"short", Any, nil},
		{"hex", Any, nil},
		{"octal", Any, nil},
		{"comma", Any, nil},
		{"zone", Any, nil},
		{"mapped", IPv4, []string{"10.0.0.7"}},
		{"dotted.", Any, []string{"10.0.0.8"}},
		{"dotted", Any, nil},
		{"odd", Any, []string{"10.0.0.9"}},
		{"last", Any, []string{"10.0.0.10"}},
		{"", Any, nil},
	} {
		if got := h.find(tc.name, tc.family); !slices.Equal(got, parseAddrs(tc.want...)) {
			t.Errorf("%q, family %d: got %v, want %v", tc.name, tc.family, got, tc.want)
		}
	}
}

func FuzzHosts(f *testing.F) {
	f.Add("127.0.0.1 localhost\n::1 localhost # six\n", "LocalHost")
	f.Add("10.0.0.1\tweb web Web\r\nfe80::1%eth0 web\n::ffff:1.2.3.4 web", "web")
	f.Add("1.1.1.1 \xff\xfe K \x00", "K")
	f.Fuzz(func(t *testing.T, text, name string) {
		h := parseHosts(text)
		all := h.find(name, Any)
		v4, v6 := h.find(name, IPv4), h.find(name, IPv6)
		if len(v4) > maxAddrs || len(v6) > maxAddrs || !slices.Equal(all, slices.Concat(v4, v6)) {
			t.Errorf("%q has %v, but %v and %v", name, all, v4, v6)
		}
		for _, addr := range all {
			if addr.Is4() != slices.Contains(v4, addr) || addr.Zone() != "" || addr == (netip.Addr{}) {
				t.Errorf("%q has %v", name, addr)
			}
		}
	})
}
