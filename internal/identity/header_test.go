package identity

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"net/netip"
	"net/textproto"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func full() Identity {
	return Identity{
		IPs: addrs("10.244.0.5", "fd00::5"), Name: "pod-httpd", UID: "b9f8e0a2-6f3f-4a55-9a4b-0e8d1d3c5c11", Namespace: "localcluster",
		Node: "kind-worker", Instance: "00010203fcfdfeff", Started: time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC), Source: FromPod,
	}
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	local := netip.MustParseAddrPort("[fd00::5]:80")
	for _, tt := range []struct {
		name string
		want Report
	}{
		{"everything", Report{Identity: full(), Local: local}},
		{"unready", Report{Identity: full(), Local: local, Unready: true}},
		{"a host", Report{Identity: Identity{IPs: addrs("192.0.2.1"), Name: "laptop", Source: FromHost}}},
		{"a local address alone", Report{Local: netip.MustParseAddrPort("127.0.0.2:8080")}},
		{"a name outside ASCII", Report{Identity: Identity{Name: "übungs-pod"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			e := NewEncoder(tt.want.Identity)
			e.Set(h, Local(tt.want.Local), !tt.want.Unready)
			if got, ok := Decode(h); !ok || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v\nheaders %v", got, ok, tt.want, h)
			}
			for name := range h {
				if name != textproto.CanonicalMIMEHeaderKey(name) {
					t.Errorf("%s is not in canonical form", name)
				}
			}
			lines := bytes.NewReader(append(e.Append(nil, Local(tt.want.Local), !tt.want.Unready), "\r\n"...))
			raw, err := textproto.NewReader(bufio.NewReader(lines)).ReadMIMEHeader()
			if err != nil || !maps.EqualFunc(h, http.Header(raw), func(a, b []string) bool { return reflect.DeepEqual(a, b) }) {
				t.Errorf("Append wrote %v, %v\nSet %v", raw, err, h)
			}
		})
	}
}

func TestAServerWithoutIdentityHasNone(t *testing.T) {
	for _, h := range []http.Header{
		nil,
		{"Server": {"nginx"}},
		{HeaderReady: {"true"}, HeaderSource: {"pod"}},
		{HeaderIP: {"not an address"}, HeaderStarted: {"yesterday"}, HeaderLocal: {"10.0.0.1"}},
	} {
		if got, ok := Decode(h); ok || !reflect.DeepEqual(got, Report{}) {
			t.Errorf("%v: got %+v, %v", h, got, ok)
		}
	}
}

func TestAHostileFieldIsDroppedAndTheOthersStay(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("10.0.0.1, ", 50), ", ")
	for _, tt := range []struct {
		name, header, value string
		want                Report
	}{
		{"a terminal escape", HeaderName, "\x1b]0;owned\a", Report{}},
		{"an eight-bit escape", HeaderName, "\u009b31m", Report{}},
		{"text that runs backwards", HeaderName, "pod\u202edptth", Report{}},
		{"bytes that are no UTF-8", HeaderNode, "\xff\xfe", Report{}},
		{"a line break", HeaderNamespace, "a\r\nb", Report{}},
		{"a name without end", HeaderName, strings.Repeat("x", 254), Report{}},
		{"a UID without end", HeaderUID, strings.Repeat("x", 129), Report{}},
		{"an address that is none", HeaderIP, "10.0.0.300", Report{}},
		{"an IPv4 address in IPv6", HeaderIP, "::ffff:10.0.0.1", Report{Identity: Identity{IPs: addrs("10.0.0.1")}}},
		{"an address with a zone", HeaderIP, "fe80::1%eth0\x1b[2J", Report{Identity: Identity{IPs: addrs("fe80::1")}}},
		{"one address often", HeaderIPs, many, Report{Identity: Identity{IPs: addrs("10.0.0.1")}}},
		{"some addresses that are none", HeaderIPs, "x, 10.0.0.2,,fd00::2", Report{Identity: Identity{IPs: addrs("10.0.0.2", "fd00::2")}}},
		{"a list without end", HeaderIPs, strings.Repeat("10.0.0.1,", 1000), Report{}},
		{"a time that JSON can't hold", HeaderStarted, "9999-12-31T23:59:59-23:00", Report{}},
		{"a time before time", HeaderStarted, "0000-01-01T00:00:00+23:00", Report{}},
		{"a time elsewhere", HeaderStarted, "2026-03-04T06:06:07.8912345+01:00",
			Report{Identity: Identity{Started: time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC)}}},
		{"a source that is none", HeaderSource, "moon", Report{}},
		{"port 0", HeaderLocal, "10.0.0.1:0", Report{}},
		{"a wildcard", HeaderLocal, "[::]:80", Report{}},
		{"readiness that is none", HeaderReady, "0", Report{}},
		{"a local address in IPv6", HeaderLocal, "[::ffff:10.0.0.1%x]:80", Report{Local: netip.MustParseAddrPort("10.0.0.1:80")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Instance = "abc"
			got, ok := Decode(http.Header{HeaderInstance: {"abc"}, tt.header: {tt.value}})
			if !ok || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, ok, tt.want)
			}
		})
	}
}

func TestOneAnswerNeverChangesTheNext(t *testing.T) {
	e, local := NewEncoder(full()), Local(netip.MustParseAddrPort("10.244.0.5:80"))
	first, second := http.Header{}, http.Header{}
	e.Set(first, local, true)
	for name := range first {
		first.Add(name, "more")
	}
	e.Set(second, local, true)
	for name, v := range second {
		if len(v) != 1 || v[0] == "more" {
			t.Errorf("%s: %q", name, v)
		}
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	e, local, h := NewEncoder(full()), Local(netip.MustParseAddrPort("10.244.0.5:80")), http.Header{}
	e.Set(h, local, true)
	if n := testing.AllocsPerRun(100, func() { e.Set(h, local, true) }); n != 0 {
		t.Errorf("%v allocations an answer", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("10.0.0.1", "10.0.0.1, fd00::1", "pod", "uid", "2026-03-04T05:06:07.891Z", "[fd00::1]:80", "false")
	f.Add("fe80::1%\x1b[2J", ",,::ffff:1.2.3.4", "a\r\nb", "\u202e", "9999-12-31T23:59:59-23:00", "[::1%x]:65536", "maybe")
	f.Add("", "1.2.3.4", "\xff", strings.Repeat("u", 200), "0001-01-01T00:00:00Z", "0.0.0.0:1", "true")
	f.Fuzz(func(t *testing.T, ip, ips, name, uid, started, local, ready string) {
		got, ok := Decode(http.Header{HeaderIP: {ip}, HeaderIPs: {ips}, HeaderName: {name}, HeaderNamespace: {name}, HeaderNode: {name},
			HeaderUID: {uid}, HeaderInstance: {uid}, HeaderStarted: {started}, HeaderSource: {name}, HeaderLocal: {local}, HeaderReady: {ready}})
		if !ok && !reflect.DeepEqual(got, Report{}) {
			t.Fatalf("no identity, and yet %+v", got)
		}
		for _, s := range []string{got.Name, got.Namespace, got.Node, got.UID, got.Instance, string(got.Source)} {
			if len(s) > maxName || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q was let through", s)
			}
		}
		if len(got.IPs) > maxIPs {
			t.Fatalf("%d addresses", len(got.IPs))
		}
		if _, err := got.Started.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		NewEncoder(got.Identity).Set(h, Local(got.Local), !got.Unready)
		if again, okAgain := Decode(h); okAgain != ok || !reflect.DeepEqual(again, got) {
			t.Fatalf("encoded and decoded again:\n%+v, %v\nwas\n%+v, %v", again, okAgain, got, ok)
		}
	})
}
