package identity

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.FixedZone("", 3600))

func random() *bytes.Reader { return bytes.NewReader([]byte("\x00\x01\x02\x03\xfc\xfd\xfe\xffunread")) }

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		m[k] = v
	}
	return func(k string) string { return m[k] }
}

func addrs(s ...string) []netip.Addr {
	var all []netip.Addr
	for _, a := range s {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

func TestAPodIsWhatItsManifestSays(t *testing.T) {
	started := time.Date(2026, 3, 4, 4, 6, 7, 891_000_000, time.UTC)
	for _, tt := range []struct {
		name string
		env  []string
		want Identity
	}{
		{"everything", []string{"POD_IP=10.244.0.5", "POD_IPS=10.244.0.5,fd00::5", "POD_NAME=pod-httpd", "POD_UID=6f3f",
			"POD_NAMESPACE=localcluster", "NODE_NAME=kind"}, Identity{IPs: addrs("10.244.0.5", "fd00::5"),
			Name: "pod-httpd", UID: "6f3f", Namespace: "localcluster", Node: "kind"}},
		{"the primary address first", []string{"POD_IP=fd00::5", "POD_IPS=10.244.0.5, fd00::5"},
			Identity{IPs: addrs("fd00::5", "10.244.0.5")}},
		{"one address", []string{"POD_IP=10.244.0.5"}, Identity{IPs: addrs("10.244.0.5")}},
		{"a list alone", []string{"POD_IPS=10.244.0.5,fd00::5"}, Identity{IPs: addrs("10.244.0.5", "fd00::5")}},
		{"IPv4 in IPv6, a zone, spaces", []string{"POD_IP= ::ffff:10.0.0.1 ", "POD_IPS=fe80::1%eth0"},
			Identity{IPs: addrs("10.0.0.1", "fe80::1")}},
		{"no address", []string{"POD_NAME=p"}, Identity{Name: "p"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Started, tt.want.Instance, tt.want.Source = started, "00010203fcfdfeff", FromPod
			got, err := FromEnv(env(tt.env...), now, random())
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestOutsideAPodTheHostStandsIn(t *testing.T) {
	// NODE_NAME alone makes no pod: a login shell may have it.
	id, err := FromEnv(env("NODE_NAME=x"), now, random())
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if id.Source != FromHost || id.Name != host || id.Instance != "00010203fcfdfeff" || id.UID != "" || id.Node != "" {
		t.Errorf("got %+v, host %q", id, host)
	}
	if !id.IP().IsValid() {
		t.Error("no address, not even a loopback one")
	}
	for _, a := range id.IPs {
		if on, err := OnMachine(a); !on || err != nil {
			t.Errorf("OnMachine(%v) = %v, %v", a, on, err)
		}
	}
}

func TestOfAHostsAddressesThoseCountThatOthersReach(t *testing.T) {
	var all []netip.Prefix
	for _, p := range []string{"127.0.0.1/8", "::1/128", "fe80::1/64", "192.0.2.7/24", "2001:db8::7/64"} {
		all = append(all, netip.MustParsePrefix(p))
	}
	if got, want := hostIPs(all), addrs("192.0.2.7", "2001:db8::7"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := hostIPs(all[:3]), addrs("127.0.0.1", "::1"); !reflect.DeepEqual(got, want) {
		t.Errorf("without others: got %v, want %v", got, want)
	}
	var many []netip.Prefix
	for i := range byte(99) {
		many = append(many, netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, i}), 24))
	}
	if got := hostIPs(many); len(got) != maxIPs {
		t.Errorf("%d addresses, want %d", len(got), maxIPs)
	}
}

func TestAMalformedVariableIsNamedWithItsValue(t *testing.T) {
	for _, tt := range []struct{ env, want string }{
		{"POD_IP=10.244.0", `POD_IP="10.244.0": must be IP addresses, such as`},
		{"POD_IP=10.0.0.1,10.0.0.2", `POD_IP="10.0.0.1,10.0.0.2"`},
		{"POD_IPS=10.0.0.1,,", `POD_IPS="10.0.0.1,,"`},
		{"POD_IPS=" + strings.Repeat("10.0.0.1,", 900) + "10.0.0.1", "at most 1024 printable bytes"},
		{"POD_IPS=::1,::2,::3,::4,::5,::6,::7,::8,::9,::a,::b,::c,::d,::e,::f,::10,::11", "at most 16 addresses"},
		{"POD_NAME=a\r\nSet-Cookie: x", `POD_NAME="a\r\nSet-Cookie: x": must be at most 253 printable bytes`},
		{"POD_UID=\x1b[31m", `POD_UID="\x1b[31m"`},
		{"POD_NAMESPACE=" + strings.Repeat("x", 254), "POD_NAMESPACE="},
	} {
		_, err := FromEnv(env(tt.env), now, random())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: got %v, want %q in it", tt.env, err, tt.want)
		}
	}
	if _, err := FromEnv(env("POD_NAME=p", "NODE_NAME=\x00"), now, random()); err == nil || !strings.Contains(err.Error(), `NODE_NAME="\x00"`) {
		t.Errorf("NODE_NAME: got %v", err)
	}
}

func TestWithoutRandomnessThereIsNoIdentity(t *testing.T) {
	if _, err := FromEnv(env("POD_NAME=p"), now, bytes.NewReader(nil)); err == nil {
		t.Error("an instance id was made of nothing")
	}
}

func TestOnMachineAgreesWithWhatCanBeBound(t *testing.T) {
	for _, a := range addrs("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::2", "203.0.113.77", "2001:db8::77") {
		got, err := OnMachine(a)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
		if err == nil {
			err = c.Close()
		}
		if op := (*net.OpError)(nil); err != nil && !errors.As(err, &op) {
			t.Fatal(err)
		}
		if got != (err == nil) {
			t.Errorf("OnMachine(%v) = %v, but binding it gave %v", a, got, err)
		}
	}
}
