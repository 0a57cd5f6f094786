package probelog

import (
	"net/netip"
	"slices"
	"time"

	"callbyname/internal/identity"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// roundRecord is a round. Its writer is roundEncoder, by hand, because rounds are many; a test holds the two together.
type roundRecord struct {
	head
	Target  string       `json:"target"`
	Seq     uint64       `json:"seq"`
	Lag     millis       `json:"lag_ms,omitempty"`
	Results []resultWire `json:"results"`
}

type resultWire struct {
	Approach   string           `json:"approach"`
	Outcome    probe.Outcome    `json:"outcome"`
	RawOutcome probe.Outcome    `json:"raw_outcome,omitempty"`
	Reason     probe.VoidReason `json:"reason,omitempty"`
	Addr       netip.AddrPort   `json:"addr,omitzero"`
	Total      millis           `json:"total_ms"`
	Resolve    millis           `json:"resolve_ms,omitempty"`
	Connect    millis           `json:"connect_ms,omitempty"`
	TLS        millis           `json:"tls_ms,omitempty"`
	Write      millis           `json:"write_ms,omitempty"`
	FirstByte  millis           `json:"first_byte_ms,omitempty"`
	Read       millis           `json:"read_ms,omitempty"`
	Status     int              `json:"status,omitempty"`
	Errno      string           `json:"errno,omitempty"`
	Detail     string           `json:"detail,omitempty"`
	Failed     []attemptWire    `json:"failed,omitempty"`
	Reused     bool             `json:"reused,omitempty"`
	FromCache  bool             `json:"from_cache,omitempty"`
	Who        *whoWire         `json:"who,omitempty"`
	DNS        *dnsWire         `json:"dns,omitempty"`
}

type attemptWire struct {
	Addr    netip.AddrPort `json:"addr"`
	Outcome probe.Outcome  `json:"outcome"`
	Took    millis         `json:"took_ms"`
}

// whoWire is who answered. With Same only the name stands there, and all is as in the approach's result one round before.
type whoWire struct {
	Same bool `json:"same,omitempty"`
	identity.Identity
	Local   netip.AddrPort `json:"local,omitzero"`
	Unready bool           `json:"unready,omitempty"`
}

// dnsWire is what DNS said. With Same only TTL and times stand there (TriedTook for those of Tried), and all
// else is as in the approach's result one round before.
type dnsWire struct {
	Same       bool           `json:"same,omitempty"`
	Host       string         `json:"host,omitempty"`
	Name       string         `json:"name,omitempty"`
	Canonical  string         `json:"canonical,omitempty"`
	Addrs      []netip.Addr   `json:"addrs,omitempty"`
	Unanswered string         `json:"unanswered,omitempty"`
	TTL        float64        `json:"ttl_s,omitempty"`
	Rcode      string         `json:"rcode,omitempty"`
	Server     netip.AddrPort `json:"server,omitzero"`
	Source     resolve.Source `json:"source,omitempty"`
	Took       millis         `json:"took_ms,omitempty"`
	Tried      []tryWire      `json:"tried,omitempty"`
	TriedTook  []millis       `json:"tried_ms,omitempty"`
}

type tryWire struct {
	Name   string         `json:"name"`
	Type   string         `json:"type"`
	Server netip.AddrPort `json:"server"`
	Rcode  string         `json:"rcode,omitempty"`
	Kind   resolve.Kind   `json:"kind,omitempty"`
	Addrs  int            `json:"addrs,omitempty"`
	TCP    bool           `json:"tcp,omitempty"`
	Took   millis         `json:"took_ms,omitempty"`
}

// shared is what the next result of an approach may have in common with the last one.
type shared struct {
	who *identity.Report
	dns *resolve.Answer
}

// sameWho reports whether two answers say the same of who gave them.
func sameWho(a, b *identity.Report) bool {
	return a == b || a != nil && b != nil && a.Local == b.Local && a.Unready == b.Unready && a.UID == b.UID &&
		a.Instance == b.Instance && a.Name == b.Name && a.Namespace == b.Namespace && a.Node == b.Node &&
		a.Source == b.Source && a.Started.Equal(b.Started) && slices.Equal(a.IPs, b.IPs)
}

// sameAnswer reports whether two answers of DNS differ in their TTL and times at most.
func sameAnswer(a, b *resolve.Answer) bool {
	if a == nil || b == nil || a.Host != b.Host || a.Name != b.Name || a.Canonical != b.Canonical ||
		a.Unanswered != b.Unanswered || a.Rcode != b.Rcode || a.Server != b.Server || a.Source != b.Source ||
		!slices.Equal(a.Addrs, b.Addrs) || len(a.Tried) != len(b.Tried) {
		return false
	}
	for i, t := range a.Tried {
		if t.Took = b.Tried[i].Took; t != b.Tried[i] {
			return false
		}
	}
	return true
}

// result is a result as it was before it was judged. before is what the approach's result one round before said, if the
// reader knows; whole is false when it needs that and does not have it.
func (w *resultWire) result(d *decoder, before shared) (r probe.Result, whole bool) {
	r = probe.Result{
		Outcome: d.outcome(w.Outcome), Reason: w.Reason, Detail: d.text("detail", w.Detail), Errno: d.text("errno", w.Errno),
		Addr: w.Addr, Reused: w.Reused, FromCache: w.FromCache, Total: d.span("total_ms", w.Total), Status: w.Status,
		Phases: probe.Phases{
			Resolve: d.span("resolve_ms", w.Resolve), Connect: d.span("connect_ms", w.Connect), TLS: d.span("tls_ms", w.TLS),
			Write: d.span("write_ms", w.Write), FirstByte: d.span("first_byte_ms", w.FirstByte), Read: d.span("read_ms", w.Read),
		},
	}
	if w.RawOutcome != "" {
		r.Outcome = d.outcome(w.RawOutcome)
	}
	if r.Outcome == probe.WrongPod {
		d.fail("a probe alone cannot come to %q", r.Outcome)
	}
	for _, a := range w.Failed {
		r.Failed = append(r.Failed, probe.Attempt{Addr: a.Addr, Outcome: d.outcome(a.Outcome), Took: d.span("took_ms", a.Took)})
	}
	var wholeWho, wholeDNS bool
	r.Who, wholeWho = w.Who.report(d, before.who)
	r.Answer, wholeDNS = w.DNS.answer(d, before.dns)
	return r, wholeWho && wholeDNS
}

func (w *whoWire) report(d *decoder, before *identity.Report) (who *identity.Report, whole bool) {
	switch {
	case w == nil:
		return nil, true
	case w.Same:
		return before, before != nil
	}
	d.text("who", w.Name+w.UID+w.Namespace+w.Node+w.Instance+string(w.Source))
	if len(w.IPs) > maxAddrs {
		d.fail("%d pod_ips", len(w.IPs))
	}
	w.Started = w.Started.UTC()
	return &identity.Report{Identity: w.Identity, Local: w.Local, Unready: w.Unready}, true
}

func (w *dnsWire) answer(d *decoder, before *resolve.Answer) (a *resolve.Answer, whole bool) {
	if w == nil {
		return nil, true
	}
	if w.Same {
		if before == nil || len(before.Tried) != len(w.TriedTook) {
			return nil, false
		}
		same := *before
		same.TTL, same.Took = d.seconds("ttl_s", w.TTL), d.span("took_ms", w.Took)
		same.Tried = slices.Clone(before.Tried)
		for i := range same.Tried {
			same.Tried[i].Took = d.span("tried_ms", w.TriedTook[i])
		}
		return &same, true
	}
	if len(w.Addrs) > maxAddrs || len(w.Tried) > maxTried {
		d.fail("%d addrs, %d tried", len(w.Addrs), len(w.Tried))
		return nil, true
	}
	a = &resolve.Answer{
		Host: d.text("host", w.Host), Name: d.text("name", w.Name), Canonical: d.text("canonical", w.Canonical), Addrs: w.Addrs,
		Unanswered: d.family(w.Unanswered), TTL: d.seconds("ttl_s", w.TTL), Rcode: d.text("rcode", w.Rcode), Server: w.Server,
		Source: w.Source, Took: d.span("took_ms", w.Took),
	}
	for _, t := range w.Tried {
		a.Tried = append(a.Tried, resolve.Try{
			Name: d.text("name", t.Name), Type: t.Type, Server: t.Server, Rcode: d.text("rcode", t.Rcode), Kind: t.Kind,
			Addrs: t.Addrs, TCP: t.TCP, Took: d.span("took_ms", t.Took),
		})
	}
	return a, true
}

// seconds is a TTL.
func (d *decoder) seconds(name string, s float64) time.Duration {
	if s < 0 || s > 1<<32 {
		d.fail("%s %v is out of range", name, s)
		return 0
	}
	return time.Duration(s * float64(time.Second)).Round(time.Microsecond)
}
