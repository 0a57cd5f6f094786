package endure

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"callbyname/internal/probe"
)

const (
	flood = 1000 // replies to one question, of which a socket may lose some, and with them those to another one
	held  = 50   // replies that a socket has room for
)

// hostile is a name, what DNS says of it, and what that may come to. All of it is over in a while even if nobody listens.
type hostile struct {
	name string
	lie  lie
	want []probe.Outcome
}

// hostileDNS are lies about where the target is.
func hostileDNS(target netip.Addr) []hostile {
	right := (&liar{target: target}).right
	// many are the right address and, behind it, as many others as a message has room for.
	many := func(query *dns.Msg, n int) []byte {
		m := right(query)
		for i := range n {
			m.Answer = append(m.Answer, address(query.Question[0].Name, netip.AddrFrom4([4]byte{127, 9, byte(i >> 8), byte(i)})))
		}
		return pack(m)[0]
	}
	return []hostile{
		{"other-ids", lie{udp: func(q *dns.Msg) [][]byte {
			m := right(q)
			m.Id = ^m.Id
			return times(flood, pack(m))
		}}, []probe.Outcome{probe.DNSMalformed}},
		{"other-questions", lie{udp: func(q *dns.Msg) [][]byte {
			m := right(q)
			m.Question[0].Name = "another." + m.Question[0].Name
			return times(flood, pack(m))
		}}, []probe.Outcome{probe.DNSMalformed}},
		{"noise", lie{udp: func(*dns.Msg) [][]byte { return times(flood, [][]byte{[]byte("HTTP/1.1 400"), {0}, {}}) }},
			[]probe.Outcome{probe.DNSMalformed}},
		{"duplicates", lie{udp: func(q *dns.Msg) [][]byte { return times(held, pack(right(q))) }}, []probe.Outcome{probe.OK}},
		{"more-duplicates", lie{udp: func(q *dns.Msg) [][]byte { return times(flood, pack(right(q))) }},
			[]probe.Outcome{probe.OK, probe.DNSTimeout}},
		{"right-at-last", lie{udp: func(q *dns.Msg) [][]byte { // which may be lost among the others
			m := right(q)
			m.Id = ^m.Id
			return append(times(flood, pack(m)), pack(right(q))...)
		}}, []probe.Outcome{probe.OK, probe.DNSMalformed}},
		{"oversized", lie{udp: func(q *dns.Msg) [][]byte { return times(10, [][]byte{many(q, 3500)}) }}, []probe.Outcome{probe.DNSMalformed}},
		{"truncated", lie{udp: func(q *dns.Msg) [][]byte { return times(held, truncated(q)) }}, // and TCP hangs up
			[]probe.Outcome{probe.DNSUnreachable, probe.DNSMalformed}},
		{"loop", lie{udp: func(q *dns.Msg) [][]byte {
			m, name := right(q), q.Question[0].Name
			m.Answer = []dns.RR{alias(name, "a."+name), alias("a."+name, name)}
			return pack(m)
		}}, []probe.Outcome{probe.DNSMalformed}},
		{"chain", lie{udp: func(q *dns.Msg) [][]byte {
			m, name := right(q), q.Question[0].Name
			m.Answer = nil
			for range 200 {
				next := fmt.Sprintf("n%d.%s", len(m.Answer), q.Question[0].Name)
				m.Answer = append(m.Answer, alias(name, next))
				name = next
			}
			return pack(m)
		}}, []probe.Outcome{probe.DNSMalformed}},
		{"thousands", lie{truncated, func(c net.Conn, q *dns.Msg) { frame(c, many(q, 4000)) }}, []probe.Outcome{probe.OK}},
		{"endless", lie{truncated, func(c net.Conn, q *dns.Msg) {
			m := right(q)
			m.Id = ^m.Id
			for b := pack(m)[0]; frame(c, append(b, make([]byte, 60_000)...)) == nil; {
			}
		}}, []probe.Outcome{probe.DNSMalformed}},
		{"trickle", lie{truncated, func(c net.Conn, q *dns.Msg) {
			b := many(q, 4000)
			if _, err := c.Write([]byte{byte(len(b) >> 8), byte(len(b))}); err != nil {
				return
			}
			for i := range b {
				if _, err := c.Write(b[i : i+1]); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}}, []probe.Outcome{probe.DNSTimeout}},
		{"silent-tcp", lie{truncated, func(c net.Conn, _ *dns.Msg) { io.Copy(io.Discard, c) }}, []probe.Outcome{probe.DNSTimeout}},
	}
}

func TestADNSServerThatFloodsHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, lies := hostileDNS(w.addr.Addr()), map[string]lie{}
	text := ""
	for _, h := range all {
		name := h.name + ".endure."
		lies[name] = h.lie
		text += fmt.Sprintf("  - {name: %s, url: 'http://%s:%d', approaches: [dns]}\n", h.name, name, w.addr.Port())
	}
	server := startLiar(t, w.addr.Addr(), lies)
	text = fmt.Sprintf(`nameservers: ["%s"]
targets:
  - {name: httpd, url: 'http://%s:%d', ip: %s}
`, server.addr, host, w.addr.Port(), w.addr.Addr()) + text
	file := filepath.Join(t.TempDir(), "prober.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := logFile(t)
	p := start(t, prober(log, "--config="+file, "--interval=1s", "--timeout=900ms"))
	wellAfter(t, log.Name(), "httpd", 0, 12)
	for _, h := range all {
		eventually(t, "rounds of "+h.name, func() bool { return hearFile(t, log.Name()).seq(h.name) >= 5 })
	}
	peak := p.peak()
	p.end(0, "")
	h := hearFile(t, log.Name())
	h.innocent(w.witness, "httpd")
	if paused, lost := h.paused(), w.witness.lost(h.started, time.Now()); paused > 0 && lost < time.Second {
		t.Errorf("pauses of %v are told: the flood of one name held up others", paused)
	}
	for _, x := range all {
		h.only(w.witness, x.name, x.want...)
	}
	if longest := longestLine(t, log.Name()); longest > 16<<10 {
		t.Errorf("a line of %d bytes in the log", longest)
	}
	if peak > 96 {
		t.Errorf("the prober took %d MiB", peak)
	}
	t.Logf("%d MiB; httpd %v, all %v", peak, h.count("httpd", 0), h.count("", 0))
}

// longestLine is how long the longest line of a file is.
func longestLine(t *testing.T, file string) (longest int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		longest = max(longest, len(line))
	}
	return longest
}
