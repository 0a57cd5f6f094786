package resolve

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

var anyServer = netip.MustParseAddrPort("127.0.0.1:53")

// asked is a question that has been packed with a known id.
func asked(t testing.TB, name string, family Family) *question {
	t.Helper()
	q := new(question)
	q.start(name, family)
	if err := q.pack(); err != nil {
		t.Fatal(err)
	}
	q.id = 0x1234
	binary.BigEndian.PutUint16(q.query, q.id)
	return q
}

func TestTheQueryIsOneThatOthersUnderstand(t *testing.T) {
	for _, name := range []string{"web.cluster.local.", ".", strings.Repeat("x", 63) + "." + strings.Repeat(strings.Repeat("y", 60)+".", 3), `a\.b\000.c.`} {
		for family, qtype := range map[Family]uint16{IPv4: dns.TypeA, IPv6: dns.TypeAAAA} {
			q := asked(t, name, family)
			var m dns.Msg
			if err := m.Unpack(q.query); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			want := dns.Question{Name: name, Qtype: qtype, Qclass: dns.ClassINET}
			if m.Id != 0x1234 || m.Response || !m.RecursionDesired || len(m.Question) != 1 || m.Question[0] != want ||
				m.IsEdns0() == nil || m.IsEdns0().UDPSize() != udpSize || m.IsEdns0().Version() != 0 {
				t.Errorf("%s: the query reads\n%v", name, &m)
			}
			q.plain = true
			if err := q.pack(); err != nil {
				t.Fatal(err)
			}
			if m = (dns.Msg{}); m.Unpack(q.query) != nil || len(m.Extra) > 0 {
				t.Errorf("%s: without EDNS0 the query reads\n%v", name, &m)
			}
		}
	}
}

func TestIdsDoNotRepeatThemselves(t *testing.T) {
	var q question
	q.start("web.", IPv4)
	seen := make(map[uint16]bool)
	for range 1000 {
		if err := q.pack(); err != nil {
			t.Fatal(err)
		}
		seen[q.id] = true
	}
	if len(seen) < 900 {
		t.Errorf("1000 queries have %d ids", len(seen))
	}
}

// reply is a message that answers web.cluster.local. A with the records.
func reply(t testing.TB, change func(*dns.Msg), records ...string) []byte {
	t.Helper()
	m := new(dns.Msg).SetQuestion("web.cluster.local.", dns.TypeA)
	m.Id, m.Response, m.Authoritative, m.Compress = 0x1234, true, true, true
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		if rr.Header().Rrtype == dns.TypeSOA {
			m.Ns = append(m.Ns, rr)
		} else {
			m.Answer = append(m.Answer, rr)
		}
	}
	if change != nil {
		change(m)
	}
	packet, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

func TestRepliesMeanWhatTheySay(t *testing.T) {
	const soa = "cluster.local. 60 IN SOA ns. box. 1 2 3 4 "
	loop := func(off byte) func([]byte) { return func(p []byte) { p[12], p[13] = 0xc0, off } }
	for _, tc := range []struct {
		what    string
		records []string
		change  func(*dns.Msg)
		bytes   func([]byte)
		want    string // state, kind, rcode, TTL, canonical, addresses
	}{
		{"an address", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, nil, nil, "1  NOERROR 5  [10.0.0.1]"},
		{"twice the same", []string{"web.cluster.local. 5 IN A 10.0.0.1", "WEB.cluster.local. 4 IN A 10.0.0.1"}, nil, nil, "1  NOERROR 4  [10.0.0.1]"},
		{"an alias", []string{"web.cluster.local. 3 IN CNAME b.", "b. 9 IN A 10.0.0.1"}, nil, nil, "1  NOERROR 3 b. [10.0.0.1]"},
		{"an alias and no more", []string{"web.cluster.local. 3 IN CNAME b."}, nil, nil, "2 no_data NOERROR 3 b. []"},
		{"an alias whose end has none", []string{"web.cluster.local. 3 IN CNAME b.cluster.local.", soa + "2"}, nil, nil, "1 no_data NOERROR 2 b.cluster.local. []"},
		{"an alias, and the SOA of another zone", []string{"web.cluster.local. 3 IN CNAME b.example.", soa + "2"}, nil, nil, "2 no_data NOERROR 3 b.example. []"},
		{"what does not belong to the name", []string{"other.local. 5 IN A 10.0.0.9", "web.cluster.local. 5 IN TXT x", "web.cluster.local. 7 IN A 10.0.0.1",
			"web.cluster.local. 5 CH A 10.0.0.8"}, nil, nil, "1  NOERROR 7  [10.0.0.1]"},
		{"none", []string{soa + "7"}, nil, nil, "1 no_data NOERROR 7  []"},
		{"none, for no longer than the SOA lives", []string{soa + "3600"}, nil, nil, "1 no_data NOERROR 60  []"},
		{"none, and no SOA", nil, nil, nil, "1 no_data NOERROR 0  []"},
		{"not there", []string{soa + "7"}, func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }, nil, "1 not_found NXDOMAIN 7  []"},
		{"not there, whatever else it says", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }, nil,
			"1 not_found NXDOMAIN 0  []"},
		{"trouble, whatever else it says", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure }, nil,
			"0 servfail SERVFAIL 4294967295  []"},
		{"a TTL with the highest bit", []string{"web.cluster.local. 4294967295 IN A 10.0.0.1"}, nil, nil, "1  NOERROR 0  [10.0.0.1]"},
		{"the longest TTL", []string{"web.cluster.local. 2147483647 IN A 10.0.0.1"}, nil, nil, "1  NOERROR 2147483647  [10.0.0.1]"},
		{"an alias with control characters", []string{"web.cluster.local. 3 IN CNAME a\\027[31m.b."}, nil, nil, `2 no_data NOERROR 3 a\027[31m.b. []`},
		{"an alias to itself", []string{"web.cluster.local. 3 IN CNAME WEB.cluster.local."}, nil, nil, "1 malformed NOERROR 3 WEB.cluster.local. []"},
		{"an owner that points at itself", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, nil, func(p []byte) { p[36] = 35 }, "0 malformed NOERROR 4294967295  []"},
		{"a question that points at itself", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, nil, loop(12), "0 malformed NOERROR 4294967295  []"},
		{"an address of three bytes", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, nil, func(p []byte) { p[46] = 3 }, "0 malformed NOERROR 4294967295  []"},
		{"more records announced than there are", []string{"web.cluster.local. 5 IN A 10.0.0.1"}, nil, func(p []byte) { p[6] = 0xff }, "0 malformed NOERROR 4294967295  []"},
	} {
		q := asked(t, "web.cluster.local.", IPv4)
		packet := reply(t, tc.change, tc.records...)
		if tc.bytes != nil {
			tc.bytes(packet)
		}
		kind, rcode := q.take(packet, anyServer)
		got := fmt.Sprintf("%d %s %s %d %s %v", q.state, q.kind, q.rcode, q.ttl, q.canonical, q.addrs)
		if got != tc.want || kind != q.kind || rcode != q.rcode || q.waiting {
			t.Errorf("%s:\n got %s (%s, %s)\nwant %s", tc.what, got, kind, rcode, tc.want)
		}
	}
}

func TestOnlyTheAnswerToTheQuestionIsTaken(t *testing.T) {
	right := reply(t, nil, "web.cluster.local. 5 IN A 10.0.0.1")
	for _, tc := range []struct {
		what   string
		change func(p []byte) []byte
		want   bool
	}{
		{"right", func(p []byte) []byte { return p }, true},
		{"in capitals", func(p []byte) []byte { return append(append(p[:12:12], bytes.ToUpper(p[12:31])...), p[31:]...) }, true},
		{"another id", func(p []byte) []byte { p[1]++; return p }, false},
		{"a query", func(p []byte) []byte { p[2] &^= 0x80; return p }, false},
		{"another opcode", func(p []byte) []byte { p[2] |= 0x20; return p }, false},
		{"another name", func(p []byte) []byte { p[13] = 'v'; return p }, false},
		{"another type", func(p []byte) []byte { p[32] = byte(dns.TypeTXT); return p }, false},
		{"another class", func(p []byte) []byte { p[34] = byte(dns.ClassCHAOS); return p }, false},
		{"two questions", func(p []byte) []byte { p[5] = 2; return p }, false},
		{"no question", func(p []byte) []byte { p[5] = 0; return p }, false},
		{"no question, but an error", func(p []byte) []byte { p[5], p[3] = 0, dns.RcodeRefused; return p[:12] }, true},
		{"no question, but NXDOMAIN", func(p []byte) []byte { p[5], p[3] = 0, dns.RcodeNameError; return p[:12] }, false},
		{"cut within the question", func(p []byte) []byte { return p[:30] }, false},
		{"cut within the header", func(p []byte) []byte { return p[:11] }, false},
		{"nothing", func(p []byte) []byte { return nil }, false},
	} {
		q := asked(t, "web.cluster.local.", IPv4)
		if got := q.answeredBy(tc.change(bytes.Clone(right))); got != tc.want {
			t.Errorf("%s: %v", tc.what, got)
		}
	}
}

// FuzzReply gives a question any bytes for an answer, and has miekg/dns read them too.
func FuzzReply(f *testing.F) {
	soa := "cluster.local. 60 IN SOA ns. box. 1 2 3 4 5"
	for _, records := range [][]string{
		{"web.cluster.local. 5 IN A 10.0.0.1", "web.cluster.local. 5 IN A 10.0.0.2"},
		{"web.cluster.local. 5 IN CNAME b.x.", "b.x. 6 IN CNAME c.", "c. 3 IN A 10.0.0.1"},
		{"web.cluster.local. 5 IN CNAME a\\000\\255.x.", soa},
		{soa},
	} {
		f.Add(reply(f, func(m *dns.Msg) { m.SetEdns0(1232, false) }, records...))
	}
	f.Add([]byte("\x12\x34\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		q := asked(t, "web.cluster.local.", IPv4)
		if !q.answeredBy(msg) {
			return
		}
		start := time.Now()
		kind, rcode := q.take(msg, anyServer)
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
		if len(q.addrs) > maxAddrs || q.aliases > maxAliases+1 || !isPrintable(q.canonical) || !isPrintable(rcode) || !isPrintable(string(kind)) {
			t.Fatalf("out of bounds: %+v", q)
		}
		if q.state == settled && q.kind == "" && (len(q.addrs) == 0 || q.ttl > 1<<31-1) {
			t.Fatalf("settled without an answer: %+v", q)
		}
		if q.state == aliased {
			if q.name = q.canonical; q.pack() != nil {
				t.Errorf("the alias %q cannot be asked for", q.canonical)
			}
		}
		var m dns.Msg
		if m.Unpack(msg) != nil || m.Rcode != dns.RcodeSuccess || len(m.Question) != 1 || q.aliases > maxAliases {
			return
		}
		var want []netip.Addr
		name := "web.cluster.local."
		if q.canonical != "" {
			name = q.canonical
		}
		for _, rr := range m.Answer {
			if a, ok := rr.(*dns.A); ok && a.Hdr.Class == dns.ClassINET && strings.EqualFold(a.Hdr.Name, name) {
				if addr, ok := netip.AddrFromSlice(a.A.To4()); ok && !slices.Contains(want, addr) && len(want) < maxAddrs {
					want = append(want, addr)
				}
			}
		}
		// Records that stand before the alias that leads to them are found in another order.
		for _, addr := range q.addrs {
			if !slices.Contains(want, addr) {
				t.Errorf("%v is no address of %s in\n%v", addr, name, &m)
			}
		}
		if len(q.addrs) == 0 && len(want) > 0 && q.kind != Malformed {
			t.Errorf("%v were not found in\n%v\n%+v", want, &m, q)
		}
	})
}
