package probelog

import (
	"net/netip"
	"time"

	"go.uber.org/zap/zapcore"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// roundEncoder writes a roundRecord without reflection. Its parts are the elements of one round, each of which points to
// its encoder, so that a round allocates next to nothing.
type roundEncoder struct {
	round      probe.Round
	judged     []compare.Judged
	approaches []probe.Approach
	last       []shared
	// i is the result that is being written.
	i       int
	scratch []byte
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (e *roundEncoder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("target", e.round.Target)
	enc.AddUint64("seq", e.round.Seq)
	addMillis(enc, "lag_ms", e.round.Lag)
	return enc.AddArray("results", (*resultsEncoder)(e))
}

type resultsEncoder roundEncoder

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (e *resultsEncoder) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for e.i = range e.round.Results {
		if err := enc.AppendObject((*resultEncoder)(e)); err != nil {
			return err
		}
	}
	return nil
}

type resultEncoder roundEncoder

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (e *resultEncoder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	r, judged := &e.round.Results[e.i], e.judged[e.i].Outcome
	enc.AddString("approach", e.approaches[e.i].Name)
	enc.AddString("outcome", string(judged))
	if r.Outcome != judged {
		enc.AddString("raw_outcome", string(r.Outcome))
	}
	addText(enc, "reason", string(r.Reason))
	e.addAddrPort(enc, "addr", r.Addr)
	enc.AddFloat64("total_ms", float64(toMillis(r.Total)))
	addMillis(enc, "resolve_ms", r.Phases.Resolve)
	addMillis(enc, "connect_ms", r.Phases.Connect)
	addMillis(enc, "tls_ms", r.Phases.TLS)
	addMillis(enc, "write_ms", r.Phases.Write)
	addMillis(enc, "first_byte_ms", r.Phases.FirstByte)
	addMillis(enc, "read_ms", r.Phases.Read)
	if r.Status != 0 {
		enc.AddInt("status", r.Status)
	}
	addText(enc, "errno", r.Errno)
	addText(enc, "detail", r.Detail)
	if len(r.Failed) > 0 {
		if err := enc.AddArray("failed", attempts(r.Failed)); err != nil {
			return err
		}
	}
	addTrue(enc, "reused", r.Reused)
	addTrue(enc, "from_cache", r.FromCache)
	if r.Who != nil {
		if err := enc.AddObject("who", (*whoEncoder)(e)); err != nil {
			return err
		}
	}
	if r.Answer != nil {
		return enc.AddObject("dns", (*dnsEncoder)(e))
	}
	return nil
}

// addAddrPort leaves the zero AddrPort out.
func (e *resultEncoder) addAddrPort(enc zapcore.ObjectEncoder, key string, a netip.AddrPort) {
	if a != (netip.AddrPort{}) {
		e.scratch, _ = a.AppendText(e.scratch[:0])
		enc.AddByteString(key, e.scratch)
	}
}

type whoEncoder resultEncoder

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (e *whoEncoder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	who := e.round.Results[e.i].Who
	if before := e.last[e.i].who; before != nil && sameWho(who, before) {
		enc.AddBool("same", true)
		addText(enc, "name", who.Name)
		return nil
	}
	if len(who.IPs) > 0 {
		if err := enc.AddArray("pod_ips", addrs(who.IPs)); err != nil {
			return err
		}
	}
	addText(enc, "name", who.Name)
	addText(enc, "uid", who.UID)
	addText(enc, "namespace", who.Namespace)
	addText(enc, "node", who.Node)
	addText(enc, "instance", who.Instance)
	// JSON readers refuse a year of five digits, which an hour's offset makes of 9999.
	if started := who.Started.UTC(); !started.IsZero() && started.Year() >= 0 && started.Year() <= 9999 {
		enc.AddString("started", started.Format(time.RFC3339Nano))
	}
	addText(enc, "source", string(who.Source))
	(*resultEncoder)(e).addAddrPort(enc, "local", who.Local)
	addTrue(enc, "unready", who.Unready)
	return nil
}

type dnsEncoder resultEncoder

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (e *dnsEncoder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	a := e.round.Results[e.i].Answer
	if sameAnswer(a, e.last[e.i].dns) {
		enc.AddBool("same", true)
		addSeconds(enc, "ttl_s", a.TTL)
		addMillis(enc, "took_ms", a.Took)
		if len(a.Tried) > 0 {
			return enc.AddArray("tried_ms", triedTook(a.Tried))
		}
		return nil
	}
	addText(enc, "host", a.Host)
	addText(enc, "name", a.Name)
	addText(enc, "canonical", a.Canonical)
	if len(a.Addrs) > 0 {
		if err := enc.AddArray("addrs", addrs(a.Addrs)); err != nil {
			return err
		}
	}
	addText(enc, "unanswered", toFamily(a.Unanswered))
	addSeconds(enc, "ttl_s", a.TTL)
	addText(enc, "rcode", a.Rcode)
	(*resultEncoder)(e).addAddrPort(enc, "server", a.Server)
	addText(enc, "source", string(a.Source))
	addMillis(enc, "took_ms", a.Took)
	if len(a.Tried) > 0 {
		return enc.AddArray("tried", tries(a.Tried))
	}
	return nil
}

type addrs []netip.Addr

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (list addrs) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, a := range list {
		enc.AppendString(a.String())
	}
	return nil
}

type attempts []probe.Attempt

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (list attempts) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, a := range list {
		if err := enc.AppendObject(attemptEncoder(a)); err != nil {
			return err
		}
	}
	return nil
}

type attemptEncoder probe.Attempt

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (a attemptEncoder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("addr", text(a.Addr))
	enc.AddString("outcome", string(a.Outcome))
	enc.AddFloat64("took_ms", float64(toMillis(a.Took)))
	return nil
}

type tries []resolve.Try

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (list tries) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for i := range list {
		if err := enc.AppendObject((*tryEncoder)(&list[i])); err != nil {
			return err
		}
	}
	return nil
}

type tryEncoder resolve.Try

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (t *tryEncoder) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("name", t.Name)
	enc.AddString("type", t.Type)
	enc.AddString("server", text(t.Server))
	addText(enc, "rcode", t.Rcode)
	addText(enc, "kind", string(t.Kind))
	if t.Addrs != 0 {
		enc.AddInt("addrs", t.Addrs)
	}
	addTrue(enc, "tcp", t.TCP)
	addMillis(enc, "took_ms", t.Took)
	return nil
}

type triedTook []resolve.Try

// MarshalLogArray implements zapcore.ArrayMarshaler.
func (list triedTook) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for i := range list {
		enc.AppendFloat64(float64(toMillis(list[i].Took)))
	}
	return nil
}

// text is the address as a reader takes it: the zero AddrPort is the empty text.
func text(a netip.AddrPort) string {
	b, _ := a.MarshalText()
	return string(b)
}

// The add functions leave out what is empty.

func addText(enc zapcore.ObjectEncoder, key, s string) {
	if s != "" {
		enc.AddString(key, s)
	}
}

func addTrue(enc zapcore.ObjectEncoder, key string, b bool) {
	if b {
		enc.AddBool(key, true)
	}
}

func addMillis(enc zapcore.ObjectEncoder, key string, d time.Duration) {
	if d != 0 {
		enc.AddFloat64(key, float64(toMillis(d)))
	}
}

func addSeconds(enc zapcore.ObjectEncoder, key string, d time.Duration) {
	if d != 0 {
		enc.AddFloat64(key, d.Seconds())
	}
}
