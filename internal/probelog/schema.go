package probelog

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// Kind is which record a line is.
type Kind string

const (
	StartRecord Kind = "start"
	RoundRecord Kind = "round"
	EventRecord Kind = "event"
	StateRecord Kind = "state"
	StopRecord  Kind = "stop"
)

// The names of the fields of every record, for the writer; head has them for the reader.
const (
	keyTime   = "time"
	keyRecord = "record"
	keyAt     = "t_ms"
	keyRun    = "run"
	// timeLayout is RFC 3339 with microseconds, always six digits, so that times sort as text.
	timeLayout = "2006-01-02T15:04:05.000000Z07:00"
)

// head is what every record begins with.
type head struct {
	Time   time.Time `json:"time"`
	Record Kind      `json:"record"`
	At     millis    `json:"t_ms"`
	Run    string    `json:"run"`
}

// startRecord is a run.
type startRecord struct {
	head
	Schema  int          `json:"schema"`
	Version string       `json:"version,omitempty"`
	Host    string       `json:"host,omitempty"`
	System  string       `json:"system,omitempty"`
	Options optionsWire  `json:"options"`
	Targets []targetWire `json:"targets"`
}

// stopRecord is the end of a run.
type stopRecord struct {
	head
	Reason string `json:"reason,omitempty"`
	Lost   int    `json:"lost_records,omitempty"`
}

type optionsWire struct {
	Interval   millis `json:"interval_ms"`
	Timeout    millis `json:"timeout_ms"`
	Settle     millis `json:"settle_ms"`
	RepinAfter millis `json:"repin_after_ms,omitempty"`
	Rounds     Mode   `json:"log_rounds"`
}

func toOptions(r Run) optionsWire {
	o := r.Options
	return optionsWire{toMillis(o.Interval), toMillis(r.Timeout), toMillis(o.Settle), toMillis(o.RepinAfter), r.Rounds}
}

func (w optionsWire) into(d *decoder, r *Run) {
	r.Options = compare.Options{
		Interval: d.span("interval_ms", w.Interval), Settle: d.span("settle_ms", w.Settle),
		RepinAfter: d.span("repin_after_ms", w.RepinAfter),
	}
	r.Timeout = d.span("timeout_ms", w.Timeout)
	if r.Rounds = w.Rounds; r.Rounds != All && r.Rounds != Changes {
		d.fail("log_rounds %q", r.Rounds)
	}
	if r.Options.Interval == 0 {
		d.fail("interval_ms is 0")
	}
}

type targetWire struct {
	Name       string         `json:"name"`
	URL        string         `json:"url"`
	Method     string         `json:"method,omitempty"`
	Header     http.Header    `json:"headers,omitempty"`
	Statuses   []statusWire   `json:"statuses,omitempty"`
	Family     string         `json:"family,omitempty"`
	Pin        netip.AddrPort `json:"pin,omitzero"`
	Insecure   bool           `json:"insecure,omitempty"`
	Approaches []approachWire `json:"approaches"`
}

type statusWire struct {
	From int `json:"from"`
	To   int `json:"to"`
}

type approachWire struct {
	Name      string `json:"name"`
	Host      string `json:"host,omitempty"`
	Port      uint16 `json:"port,omitempty"`
	Literal   bool   `json:"literal,omitempty"`
	Cache     millis `json:"cache_ms,omitempty"`
	KeepAlive bool   `json:"keepalive,omitempty"`
	Headless  bool   `json:"headless,omitempty"`
}

// hidden stands for what may be a secret, as in url.URL's Redacted.
const hidden = "xxxxx"

// foreverMillis stands for probe.Forever.
const foreverMillis millis = -1

func toTarget(t *probe.Target) targetWire {
	w := targetWire{Name: t.Name, Method: t.Method, Family: toFamily(t.Family), Pin: t.Pin, Insecure: t.Insecure}
	if t.URL != nil {
		w.URL = t.URL.Redacted()
	}
	for name, values := range t.Header {
		if w.Header == nil {
			w.Header = http.Header{}
		}
		w.Header[name] = slices.Repeat([]string{hidden}, len(values))
	}
	for _, s := range t.Statuses {
		w.Statuses = append(w.Statuses, statusWire(s))
	}
	for _, a := range t.Approaches {
		cache := toMillis(a.Cache)
		if a.Cache == probe.Forever {
			cache = foreverMillis
		}
		w.Approaches = append(w.Approaches, approachWire{a.Name, a.Host, a.Port, a.Literal, cache, a.KeepAlive, a.Headless})
	}
	return w
}

func (w targetWire) target(d *decoder) probe.Target {
	u, err := url.Parse(w.URL)
	if err != nil {
		d.fail("url %q", w.URL)
	}
	t := probe.Target{
		Name: d.text("name", w.Name), URL: u, Method: w.Method, Header: w.Header, Family: d.family(w.Family), Pin: w.Pin,
		Insecure: w.Insecure,
	}
	for _, s := range w.Statuses {
		t.Statuses = append(t.Statuses, probe.StatusRange(s))
	}
	if n := len(w.Approaches); n == 0 || n > maxApproaches {
		d.fail("target %q has %d approaches", w.Name, n)
	}
	for _, a := range w.Approaches {
		cache := probe.Forever
		if a.Cache != foreverMillis {
			cache = d.span("cache_ms", a.Cache)
		}
		t.Approaches = append(t.Approaches, probe.Approach{
			Name: d.text("name", a.Name), Host: d.text("host", a.Host), Port: a.Port, Literal: a.Literal,
			Cache: cache, KeepAlive: a.KeepAlive, Headless: a.Headless,
		})
	}
	return t
}

func toFamily(f resolve.Family) string {
	return [...]string{"", "ipv4", "ipv6", "any"}[f&resolve.Any]
}

// millis is a duration in milliseconds. Whole microseconds survive the way through a float64 and back exactly, for
// more than a hundred years.
type millis float64

func toMillis(d time.Duration) millis { return millis(float64(d.Microseconds()) / 1e3) }

// What a reader believes at most, so that no line of a log can ask for more memory or time than it is long.
const (
	maxApproaches = 64
	maxAddrs      = 4096                    // of one name or pod
	maxTried      = 64                      // as resolve keeps at most
	maxText       = 4096                    // bytes of one text
	maxMillis     = 100 * 365 * 24 * 3600e3 // a hundred years
	maxCount      = 1 << 53                 // what JSON's numbers hold exactly
)

// decoder turns what a line holds into the types that the program uses, and keeps the first thing that cannot be.
type decoder struct{ err error }

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// duration may be negative, span may not.
func (d *decoder) duration(name string, m millis) time.Duration {
	if !(m >= -maxMillis && m <= maxMillis) {
		d.fail("%s %v is out of range", name, float64(m))
		return 0
	}
	return time.Duration(math.Round(float64(m)*1e3)) * time.Microsecond
}

func (d *decoder) span(name string, m millis) time.Duration {
	if m < 0 {
		d.fail("%s %v is negative", name, float64(m))
	}
	return d.duration(name, m)
}

func (d *decoder) count(name string, n int) int {
	if n < 0 || n > maxCount {
		d.fail("%s %d is out of range", name, n)
	}
	return n
}

func (d *decoder) text(name, s string) string {
	if len(s) > maxText {
		d.fail("%s is longer than %d bytes", name, maxText)
	}
	return s
}

func (d *decoder) outcome(o probe.Outcome) probe.Outcome {
	if !slices.Contains(probe.Outcomes, o) {
		d.fail("outcome %q is not known", o)
	}
	return o
}

func (d *decoder) classes(list []probe.Outcome) []probe.Outcome {
	if len(list) > len(probe.Outcomes) {
		d.fail("%d classes", len(list))
	}
	for _, o := range list {
		d.outcome(o)
	}
	return list
}

func (d *decoder) family(s string) resolve.Family {
	for f := range resolve.Any + 1 {
		if s == toFamily(f) {
			return f
		}
	}
	d.fail("family %q is not known", s)
	return 0
}
