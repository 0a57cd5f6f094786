package probelog

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// fast reads the one line that nearly all of a log consists of, a round as our own writer writes it: its fields in their
// order, nothing escaped, and who answered and what DNS said as they were. It gives up on every other line, which is
// encoding/json's then, some eight times as slow; what it does read, it reads exactly as encoding/json would. Of a state it
// reads what tells whether the rest is needed at all.
type fast struct {
	line  []byte
	wire  roundRecord
	parts []fastParts
	texts map[string]string
	addrs map[string]netip.AddrPort
}

// fastParts are what a resultWire points to.
type fastParts struct {
	who   whoWire
	dns   dnsWire
	tried []millis
	tries []attemptWire
}

const (
	// maxKept is how many texts and addresses a fast keeps, to make each of them once only, and maxKeptText how long ones.
	maxKept     = 4096
	maxKeptText = 64
)

func newFast() *fast {
	return &fast{texts: map[string]string{}, addrs: map[string]netip.AddrPort{}, parts: make([]fastParts, maxApproaches)}
}

// round reads a line from its first brace on. The record is valid until the next call; nil for a line that is not for it.
func (f *fast) round(line []byte) *roundRecord {
	f.line = bytes.TrimRight(line, "\r\n")
	w := &f.wire
	*w = roundRecord{head: head{Record: RoundRecord}, Results: w.Results[:0]}
	ok := f.skip(`{"time":"`) && f.time(&w.Time) && f.skip(`","record":"round","t_ms":`) && f.millis(&w.At) &&
		f.skip(`,"run":`) && f.text(&w.Run) && f.skip(`,"target":`) && f.text(&w.Target) &&
		f.skip(`,"seq":`) && f.number(&w.Seq) && f.millisIf(`,"lag_ms":`, &w.Lag) && f.skip(`,"results":[`)
	for ok {
		if len(w.Results) == maxApproaches {
			return nil
		}
		w.Results = append(w.Results, resultWire{})
		n := len(w.Results) - 1
		ok = f.result(&w.Results[n], &f.parts[n])
		if !f.skip(",") {
			break
		}
	}
	if !ok || !f.skip("]}") || len(f.line) > 0 {
		return nil
	}
	return w
}

// stateHead is which state a record holds: that of a target after its round seq.
type stateHead struct {
	head
	Target string
	seq    uint64
}

// state reads a line from its first brace on. What it looks for stands in no text, where a quote would be escaped.
func (f *fast) state(line []byte) (w stateHead, ok bool) {
	f.line = line
	w.Record = StateRecord
	ok = f.skip(`{"time":"`) && f.time(&w.Time) && f.skip(`","record":"state","t_ms":`) && f.millis(&w.At) &&
		f.skip(`,"run":`) && f.text(&w.Run) && f.skip(knownSchema) && f.text(&w.Target) &&
		f.skipTo(`,"state":{"first":{`) && f.skipTo("}") && f.skip(`,"last":{"seq":`) && f.number(&w.seq)
	return w, ok
}

var knownSchema = fmt.Sprintf(`,"schema":%d,"target":`, Schema)

func (f *fast) result(w *resultWire, p *fastParts) bool {
	return f.skip(`{"approach":`) && f.text(&w.Approach) && f.skip(`,"outcome":`) && f.text((*string)(&w.Outcome)) &&
		f.textIf(`,"raw_outcome":`, (*string)(&w.RawOutcome)) && f.textIf(`,"reason":`, (*string)(&w.Reason)) &&
		(!f.skip(`,"addr":`) || f.addr(&w.Addr)) && f.skip(`,"total_ms":`) && f.millis(&w.Total) &&
		f.millisIf(`,"resolve_ms":`, &w.Resolve) && f.millisIf(`,"connect_ms":`, &w.Connect) && f.millisIf(`,"tls_ms":`, &w.TLS) &&
		f.millisIf(`,"write_ms":`, &w.Write) && f.millisIf(`,"first_byte_ms":`, &w.FirstByte) && f.millisIf(`,"read_ms":`, &w.Read) &&
		(!f.skip(`,"status":`) || f.status(&w.Status)) && f.textIf(`,"errno":`, &w.Errno) && f.textIf(`,"detail":`, &w.Detail) &&
		(!f.skip(`,"failed":[`) || f.failed(w, p)) && f.trueIf(`,"reused":true`, &w.Reused) &&
		f.trueIf(`,"from_cache":true`, &w.FromCache) && (!f.skip(`,"who":`) || f.who(w, p)) && (!f.skip(`,"dns":`) || f.dns(w, p)) &&
		f.skip("}")
}

func (f *fast) failed(w *resultWire, p *fastParts) bool {
	p.tries = p.tries[:0]
	for {
		var a attemptWire
		if !f.skip(`{"addr":`) || !f.addr(&a.Addr) || !f.skip(`,"outcome":`) || !f.text((*string)(&a.Outcome)) ||
			!f.skip(`,"took_ms":`) || !f.millis(&a.Took) || !f.skip("}") {
			return false
		}
		if p.tries = append(p.tries, a); !f.skip(",") {
			break
		}
	}
	w.Failed = p.tries
	return f.skip("]")
}

func (f *fast) who(w *resultWire, p *fastParts) bool {
	p.who = whoWire{Same: true}
	w.Who = &p.who
	return f.skip(`{"same":true`) && f.textIf(`,"name":`, &p.who.Name) && f.skip("}")
}

func (f *fast) dns(w *resultWire, p *fastParts) bool {
	p.dns = dnsWire{Same: true}
	w.DNS = &p.dns
	if !f.skip(`{"same":true`) || !f.millisIf(`,"ttl_s":`, (*millis)(&p.dns.TTL)) || !f.millisIf(`,"took_ms":`, &p.dns.Took) {
		return false
	}
	if f.skip(`,"tried_ms":[`) {
		p.tried = p.tried[:0]
		for {
			var m millis
			if !f.millis(&m) {
				return false
			}
			if p.tried = append(p.tried, m); !f.skip(",") {
				break
			}
		}
		p.dns.TriedTook = p.tried
		if !f.skip("]") {
			return false
		}
	}
	return f.skip("}")
}

// skip goes past s, if it stands there.
func (f *fast) skip(s string) bool {
	if len(f.line) < len(s) || string(f.line[:len(s)]) != s {
		return false
	}
	f.line = f.line[len(s):]
	return true
}

// skipTo goes past s, wherever it stands.
func (f *fast) skipTo(s string) bool {
	i := bytes.Index(f.line, []byte(s))
	if i < 0 {
		return false
	}
	f.line = f.line[i+len(s):]
	return true
}

// plain is a text in quotes that stands for itself, valid as long as the line.
func (f *fast) plain() (text []byte, ok bool) {
	if len(f.line) == 0 || f.line[0] != '"' {
		return nil, false
	}
	for i, c := range f.line[1:] {
		switch {
		case c == '"':
			text, f.line = f.line[1:i+1], f.line[i+2:]
			return text, true
		case c < ' ' || c > '~' || c == '\\':
			return nil, false
		}
	}
	return nil, false
}

func (f *fast) text(s *string) bool {
	text, ok := f.plain()
	if !ok {
		return false
	}
	if kept, seen := f.texts[string(text)]; seen {
		*s = kept
		return true
	}
	*s = string(text)
	if len(text) <= maxKeptText {
		if len(f.texts) == maxKept {
			clear(f.texts)
		}
		f.texts[*s] = *s
	}
	return true
}

func (f *fast) addr(a *netip.AddrPort) bool {
	text, ok := f.plain()
	if !ok {
		return false
	}
	if kept, seen := f.addrs[string(text)]; seen {
		*a = kept
		return true
	}
	s := string(text)
	parsed, err := netip.ParseAddrPort(s)
	if err != nil {
		return false
	}
	*a = parsed
	if len(text) <= maxKeptText {
		if len(f.addrs) == maxKept {
			clear(f.addrs)
		}
		f.addrs[s] = parsed
	}
	return true
}

// digits is a run of digits as a number, and how many they are. JSON has no leading zeros, but after the point.
func (f *fast) digits(fraction bool) (number uint64, n int) {
	for n < len(f.line) && f.line[n] >= '0' && f.line[n] <= '9' && n < 19 {
		number = number*10 + uint64(f.line[n]-'0')
		n++
	}
	if n > 1 && f.line[0] == '0' && !fraction {
		return 0, 0
	}
	f.line = f.line[n:]
	return number, n
}

func (f *fast) number(to *uint64) bool {
	number, n := f.digits(false)
	*to = number
	return n > 0 && n < 19
}

func (f *fast) status(to *int) bool {
	number, n := f.digits(false)
	*to = int(number)
	return n > 0 && n < 9
}

// exact are powers of ten, which a float64 holds exactly, as it does any number of fifteen digits: their quotient is the
// float64 next to the decimal fraction, which is what strconv gives.
var exact = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func (f *fast) millis(to *millis) bool {
	whole, n := f.digits(false)
	if n == 0 {
		return false
	}
	if !f.skip(".") {
		*to = millis(whole)
		return n <= 15
	}
	part, m := f.digits(true)
	if m == 0 || n+m > 15 {
		return false
	}
	*to = millis((float64(whole)*exact[m] + float64(part)) / exact[m])
	return true
}

func (f *fast) textIf(key string, s *string) bool       { return !f.skip(key) || f.text(s) }
func (f *fast) millisIf(key string, m *millis) bool     { return !f.skip(key) || f.millis(m) }
func (f *fast) trueIf(keyAndValue string, b *bool) bool { *b = f.skip(keyAndValue); return true }

// time reads a time as timeLayout has it in UTC, up to the quote behind it.
func (f *fast) time(t *time.Time) bool {
	const form = "2006-01-02T15:04:05.000000Z"
	if len(f.line) < len(form) {
		return false
	}
	var parts [7]int
	k := 0
	for i := range len(form) {
		c := f.line[i]
		if strings.IndexByte("-T:.Z", form[i]) >= 0 {
			if c != form[i] {
				return false
			}
			k++
			continue
		}
		if c < '0' || c > '9' {
			return false
		}
		parts[k] = parts[k]*10 + int(c-'0')
	}
	*t = time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], parts[6]*1000, time.UTC)
	f.line = f.line[len(form):]
	return parts[1] >= 1 && parts[1] <= 12 && t.Day() == parts[2] && parts[3] < 24 && parts[4] < 60 && parts[5] < 60
}
