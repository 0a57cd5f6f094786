package page

import (
	"fmt"
	"strings"
	"time"

	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

// whoView is who gave the last success of an approach.
type whoView struct {
	// Words say it in one line: "pod-httpd at 10.244.0.7 on node-a".
	Words string `json:"words"`
	// Now is false when the approach does not get an answer any more.
	Now       bool       `json:"now"`
	Clock     string     `json:"clock"` // of the last success
	Pod       string     `json:"pod,omitempty"`
	UID       string     `json:"uid,omitempty"`
	IP        string     `json:"ip,omitempty"`
	Node      string     `json:"node,omitempty"`
	Namespace string     `json:"namespace,omitempty"`
	Instance  string     `json:"instance,omitempty"`
	Started   *time.Time `json:"started,omitempty"`
	// Since tells since when this process runs.
	Since string `json:"since,omitempty"`
	From  string `json:"from,omitempty"` // the address that was called
}

// dnsView is what DNS said last to an approach.
type dnsView struct {
	// Words say it in one line: "apache.localcluster is 10.96.0.1".
	Words string   `json:"words"`
	Host  string   `json:"host"`
	Name  string   `json:"name,omitempty"`
	Addrs []string `json:"addrs"`
	Rcode string   `json:"rcode,omitempty"`
	// TTLS is for how long the answer may be kept, TTL the same in words.
	TTLS   float64 `json:"ttl_s"`
	TTL    string  `json:"ttl"`
	Server string  `json:"server,omitempty"`
	Source string  `json:"source"`
	TookMS float64 `json:"took_ms"`
	Clock  string  `json:"clock"` // when it said so
	AtMS   float64 `json:"at_ms"`
}

func (t *target) who(i int) *whoView {
	w := &t.ways[i]
	if w.at == 0 {
		return nil
	}
	v := &whoView{Now: w.judged == probe.OK, Clock: t.page.clock(w.at.time()), Words: "somebody who does not say who it is"}
	if w.from.IsValid() {
		v.From = w.from.String()
	}
	id := w.who
	if id == nil {
		return v
	}
	v.Pod, v.UID, v.Node, v.Namespace, v.Instance = id.Name, id.UID, id.Node, id.Namespace, id.Instance
	if ip := id.IP(); ip.IsValid() {
		v.IP = ip.String()
	}
	if started := id.Started.UTC(); !started.IsZero() && started.Year() >= 0 && started.Year() <= 9999 { // as RFC 3339 has it
		v.Started = &started
		v.Since = t.since(started)
	}
	var words []string
	if v.Pod != "" {
		words = append(words, v.Pod)
	}
	if ip := id.IP(); ip.IsValid() {
		words = append(words, "at "+bare(ip))
	}
	if v.Node != "" {
		words = append(words, "on "+v.Node)
	}
	if len(words) > 0 {
		v.Words = strings.Join(words, " ")
	}
	return v
}

// since is an instant as a time of day, with its day when that is not the last round's.
func (t *target) since(at time.Time) string {
	at, now := at.In(t.page.zone), t.seen.Last.Wall.In(t.page.zone)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format("2006-01-02 15:04")
}

func (t *target) dns(i int) *dnsView {
	w := &t.ways[i]
	a := w.answer
	if a == nil {
		return nil
	}
	v := &dnsView{
		Host: a.Host, Name: a.Name, Addrs: make([]string, len(a.Addrs)), Rcode: a.Rcode, TTLS: a.TTL.Seconds(), TTL: ttl(a),
		Source: string(a.Source), TookMS: ms(a.Took), Clock: t.page.clock(w.clock.time()), AtMS: ms(w.asked),
	}
	words := make([]string, len(a.Addrs))
	for k, addr := range a.Addrs {
		v.Addrs[k], words[k] = addr.String(), bare(addr)
	}
	if a.Server.IsValid() {
		v.Server = a.Server.String()
	}
	switch {
	case len(a.Addrs) > 0:
		v.Words = a.Host + " is " + strings.Join(words[:min(len(words), shown)], ", ")
		if more := len(words) - shown; more > 0 {
			v.Words += fmt.Sprintf(" and %d more", more)
		}
	case a.Rcode == "NXDOMAIN":
		v.Words = a.Host + " does not exist (NXDOMAIN)"
	case a.Unanswered != 0:
		v.Words = a.Host + ": no usable answer"
	default:
		v.Words = a.Host + " has no address"
	}
	return v
}

// shown is how many addresses are put in words.
const shown = 4

// ttl is for how long an answer may be kept, in words.
func ttl(a *resolve.Answer) string {
	switch {
	case a.Source == resolve.FromHosts:
		return "from the hosts file"
	case a.Source == resolve.FromLiteral:
		return "an address, not a name"
	case a.TTL == 0:
		return "may not be kept (TTL 0)"
	}
	return fmt.Sprintf("may be kept for %s (TTL)", lasted(a.TTL))
}
