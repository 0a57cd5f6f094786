package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/history"
	"callbyname/internal/probe"
)

// Schema is the version of a Document's JSON form. It goes up when an old reader would misread a new document; a field that
// is only added does not count.
const Schema = 1

// Document is a report of one or more runs: all that it says, and nothing that depends on who reads it. Its JSON form is
// documented in docs/report.md; text and Markdown are written from it, so that no two forms can disagree, and so that a
// document that was fetched as JSON is shown as if it had been made here.
type Document struct {
	Schema int `json:"schema"`
	// Version is that of the program that made it.
	Version string `json:"version,omitempty"`
	// Log is where it was read from; nil when a prober that runs made it.
	Log *Log `json:"log,omitempty"`
	// Runs in the order in which they were met.
	Runs []Run `json:"runs"`
	// Together has, for each target that several runs have seen with the same approaches, what they saw all together. It
	// has no recreations, as each of them is seen by several.
	Together []Target `json:"together,omitempty"`
}

// Log is how a log was read.
type Log struct {
	// Lines counts all, Skipped those of them that are no records, or cannot follow what came before.
	Lines   int `json:"lines"`
	Skipped int `json:"skipped"`
	// Where are the first of those.
	Where []Skip `json:"where,omitempty"`
	// Cut is true when a gzip stream could not be read to its end: it was cut, or is damaged.
	Cut bool `json:"cut,omitempty"`
}

// Skip is a stretch of lines that were skipped, From its first to To its last, for the same cause as the first.
type Skip struct {
	File string `json:"file,omitempty"`
	From int    `json:"from"`
	To   int    `json:"to"`
	Why  string `json:"why"`
}

// Run is one run of a prober.
type Run struct {
	ID      string `json:"run"`
	Host    string `json:"host,omitempty"`
	System  string `json:"system,omitempty"`
	Version string `json:"version,omitempty"`
	// Interval, Timeout and Settle are its settings.
	Interval Millis `json:"interval_ms"`
	Timeout  Millis `json:"timeout_ms"`
	Settle   Millis `json:"settle_ms"`
	// Started is when it began; zero when that is not in the log.
	Started time.Time `json:"started,omitzero"`
	// Stopped is when it ended, and Reason why; zero when it goes on, or when its end is not in the log, which Runs tells:
	// it is true for a prober that runs.
	Stopped time.Time `json:"stopped,omitzero"`
	Reason  string    `json:"reason,omitempty"`
	Runs    bool      `json:"running,omitempty"`
	// Unfollowed counts rounds in the log that could not be followed: before the first state record, or after lines that
	// are missing. Lost counts records that the prober could not write.
	Unfollowed int `json:"unfollowed_rounds,omitempty"`
	Lost       int `json:"lost_records,omitempty"`
	// Targets in the order of the configuration.
	Targets []Target `json:"targets"`
}

// Target is what a run saw of one target.
type Target struct {
	Name string `json:"target"`
	URL  string `json:"url"`
	// Interval is the run's, and so the uncertainty of every duration of an outage.
	Interval Millis `json:"interval_ms"`
	// First and Last are the first and the last round; zero when there was none. Begin is the first since the run's start,
	// Span the time between the two, Paused for how long of it nobody looked.
	First       time.Time     `json:"first,omitzero"`
	Last        time.Time     `json:"last,omitzero"`
	Begin       Millis        `json:"first_ms"`
	Span        Millis        `json:"span_ms"`
	Paused      Millis        `json:"paused_ms,omitempty"`
	Rounds      uint64        `json:"rounds"`
	Recreated   int           `json:"recreated"`
	Restarts    int           `json:"restarts"`
	DNSChanges  int           `json:"dns_changes"`
	Gone        bool          `json:"lost,omitempty"`
	Approaches  []Approach    `json:"approaches"`
	Recreations []Recreation  `json:"recreations,omitempty"`
	Outages     []OtherOutage `json:"other_outages,omitempty"`
}

// Approach is what a run saw of one approach.
type Approach struct {
	Name string `json:"approach"`
	// Address is what it calls: a host name, or the pin, empty while there is none.
	Address string `json:"address,omitempty"`
	Pinned  bool   `json:"pinned,omitempty"`
	// Probes counts successes and lost probes.
	Probes  int `json:"probes"`
	Lost    int `json:"lost"`
	Void    int `json:"void"`
	Pending int `json:"pending"`
	// Available is the share of probes that succeeded, 0 to 1; nil when there was none.
	Available *float64              `json:"available,omitempty"`
	Classes   map[probe.Outcome]int `json:"classes,omitempty"`
	Outages   int                   `json:"outages"`
	Longest   Millis                `json:"longest_ms,omitempty"`
	Out       Millis                `json:"out_ms,omitempty"`
	// Open is the outage that lasts; nil when there is none.
	Open     *Open                   `json:"open,omitempty"`
	Verdicts map[compare.Verdict]int `json:"verdicts,omitempty"`
	// Recovery is the time to recover of all recreations; nil when it recovered from none.
	Recovery *Recovery `json:"recovery,omitempty"`
	// Latency is what successful probes took, by phase: Total of all, the others of those whose rounds were read.
	Latency map[Phase]Quantiles `json:"latency,omitempty"`
	// Lane is the approach over time, oldest first.
	Lane []Stretch `json:"lane,omitempty"`
}

// Open is an outage that lasts.
type Open struct {
	Since   time.Time       `json:"since"`
	SinceMS Millis          `json:"since_ms"`
	Lost    int             `json:"lost"`
	Classes []probe.Outcome `json:"classes"`
	Why     string          `json:"why"`
}

// Recovery is how long an approach took to come back, over Count recreations.
type Recovery struct {
	Count  uint64 `json:"count"`
	Median Millis `json:"median_ms"`
	P95    Millis `json:"p95_ms"`
	Max    Millis `json:"max_ms"`
}

// Phase is a part of a probe: a closed set, whose words are those of the log without their unit.
type Phase string

const (
	Resolve   Phase = "resolve"
	Connect   Phase = "connect"
	TLS       Phase = "tls"
	Write     Phase = "write"
	FirstByte Phase = "first_byte"
	Read      Phase = "read"
	Total     Phase = "total"
)

// Phases are all phases there are, in order.
var Phases = []Phase{Resolve, Connect, TLS, Write, FirstByte, Read, Total}

// Quantiles sum up Count durations.
type Quantiles struct {
	Count uint64 `json:"count"`
	P50   Millis `json:"p50_ms"`
	P90   Millis `json:"p90_ms"`
	P99   Millis `json:"p99_ms"`
}

// Stretch is a run of probes with the same outcome, answered by the same pod, as in history.Stretch.
type Stretch struct {
	From    Millis        `json:"from_ms"`
	To      Millis        `json:"to_ms"`
	Time    time.Time     `json:"time"`
	Outcome probe.Outcome `json:"outcome"`
	OK      int           `json:"ok,omitempty"`
	Lost    int           `json:"lost,omitempty"`
	Void    int           `json:"void,omitempty"`
	Pending int           `json:"pending,omitempty"`
	// Missing is true where it is not known when in the stretch what happened.
	Missing bool   `json:"missing,omitempty"`
	Addr    string `json:"addr,omitempty"`
	Pod     string `json:"pod,omitempty"`
	UID     string `json:"uid,omitempty"`
	IP      string `json:"ip,omitempty"`
}

// Recreation is one replacement of a pod, as in compare.Recreation, with where the seconds went and why.
type Recreation struct {
	N    int          `json:"n"`
	Kind compare.Kind `json:"kind"`
	Old  Pod          `json:"old"`
	New  Pod          `json:"new"`
	// Sentence is the recreation in words.
	Sentence string `json:"sentence"`
	// LastOld and FirstNew are the old pod's last answer and the new one's first, Settled when it was judged, for the Reason.
	LastOld  Point          `json:"last_old"`
	FirstNew Point          `json:"first_new"`
	Settled  *Point         `json:"settled,omitempty"`
	Reason   compare.Reason `json:"reason,omitempty"`
	// Effects stand in the order of the approaches. Verdict is empty until it settled.
	Effects []Effect `json:"effects"`
	// Steps in order of time; empty for one that the log does not tell.
	Steps []Step `json:"steps,omitempty"`
}

// Pod is who answered.
type Pod struct {
	Name string `json:"name,omitempty"`
	UID  string `json:"uid,omitempty"`
	IP   string `json:"ip,omitempty"`
	Node string `json:"node,omitempty"`
}

// Point is a point in time: since the run's start, and by the wall clock.
type Point struct {
	At   Millis    `json:"t_ms"`
	Time time.Time `json:"time"`
}

// Effect is what a recreation did to one approach, and why.
type Effect struct {
	Approach string          `json:"approach"`
	Verdict  compare.Verdict `json:"verdict,omitempty"`
	Lost     int             `json:"lost"`
	For      Millis          `json:"out_ms,omitempty"`
	Classes  []probe.Outcome `json:"classes,omitempty"`
	Cause    string          `json:"cause,omitempty"`
}

// Step is one thing that happened around a recreation, as in history.Step.
type Step struct {
	Kind history.StepKind `json:"step"`
	Point
	After    Millis        `json:"after_ms"`
	Approach string        `json:"approach,omitempty"`
	Outcome  probe.Outcome `json:"outcome,omitempty"`
	Host     string        `json:"host,omitempty"`
	Addrs    []string      `json:"addrs,omitempty"`
	Words    string        `json:"words"`
}

// OtherOutage is an outage that no recreation explains.
type OtherOutage struct {
	Approach string `json:"approach"`
	Begin    Point  `json:"begin"`
	// End is nil while it lasts.
	End     *Point          `json:"end,omitempty"`
	For     Millis          `json:"out_ms"`
	Lost    int             `json:"lost"`
	Classes []probe.Outcome `json:"classes"`
	Likely  compare.Likely  `json:"likely,omitempty"`
	Why     string          `json:"why"`
}

// Millis is a duration, in JSON a number of milliseconds.
type Millis time.Duration

// MarshalJSON implements json.Marshaler. It never fails.
func (m Millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m)/1e6, 'f', -1, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler: exactly what MarshalJSON wrote, for durations up to a hundred days.
func (m *Millis) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.Abs(f) > 100*365*24*3600e3 {
		return fmt.Errorf("%q is no number of milliseconds", b)
	}
	*m = Millis(math.Round(f * 1e6))
	return nil
}

func (m Millis) String() string { return Duration(time.Duration(m)) }
