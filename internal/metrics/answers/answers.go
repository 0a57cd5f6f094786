// Package answers turns what httpd answered into metrics. Its labels are closed sets: a client that makes up methods, paths and
// statuses makes no series of its own.
package answers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"callbyname/internal/echo"
	"callbyname/internal/identity"
	"callbyname/internal/metrics/scrape"
)

var (
	requests = scrape.Counter("httpd_requests_total", "Requests by the status of the answer, their method, and what of httpd their path led to.",
		"code", "method", "route")
	identified = scrape.Gauge("httpd_identity_info", "Who answers: the pod, its node, and this very process. Always 1.",
		"node_name", "pod_ips", "pod_name", "pod_namespace", "pod_uid", "process")
	inFlight = scrape.Gauge("httpd_requests_in_flight", "Requests that are being answered, the scrape itself among them.")
	open     = scrape.Gauge("httpd_connections", "Connections that have a place: all that are open, but for the admin listener's, and those that were refused and have yet to read why.")
	evicted  = scrape.Counter("httpd_connections_evicted_total", "Connections that were closed because others came and there may be no more at once.")
	ready    = scrape.Gauge("httpd_ready", "1 if /readyz says so, else 0.")
	draining = scrape.Gauge("httpd_draining", "1 from the signal to stop to the end, else 0.")
)

// none and other are for what has no such label, and for all that no label of its own is made for.
const none, other = "none", "other"

var (
	routes  = []string{"/", "/echo", "/healthz", "/readyz", "/metrics", "admin", none}
	methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, none, other}
)

// Metrics is the collector of what httpd answered. It is safe for concurrent use.
type Metrics struct {
	identity  []*dto.LabelPair
	codes     codes
	counts    []atomic.Uint64 // by code, method and route
	durations *prometheus.HistogramVec
	timed     []prometheus.Observer // by route
}

// New makes the metrics of a process that has not answered yet. They are still to be registered.
func New(id identity.Identity) *Metrics {
	ips := make([]string, len(id.IPs))
	for i, ip := range id.IPs {
		ips[i] = ip.String()
	}
	m := &Metrics{
		identity: []*dto.LabelPair{
			scrape.Label("node_name", id.Node), scrape.Label("pod_ips", strings.Join(ips, ",")), scrape.Label("pod_name", id.Name),
			scrape.Label("pod_namespace", id.Namespace), scrape.Label("pod_uid", id.UID), scrape.Label("process", id.Instance),
		},
		codes: newCodes(),
		durations: prometheus.NewHistogramVec(scrape.Seconds("httpd_request_duration_seconds",
			"How long answers took, a delay that was asked for included."), []string{"route"}),
	}
	m.counts = make([]atomic.Uint64, len(m.codes.names)*len(methods)*len(routes))
	for _, r := range routes {
		m.timed = append(m.timed, m.durations.WithLabelValues(r))
	}
	return m
}

// Observe takes one answer.
func (m *Metrics) Observe(r echo.Record) {
	route := routeOf(r)
	m.counts[m.at(m.codes.of(r.Status), methodOf(r.Method), route)].Add(1)
	m.timed[route].Observe(r.Took.Seconds())
}

func (m *Metrics) at(code, method, route int) int {
	return (code*len(methods)+method)*len(routes) + route
}

func methodOf(name string) int {
	if name == "" {
		name = none
	}
	if i := slices.Index(methods, name); i >= 0 {
		return i
	}
	return len(methods) - 1
}

func routeOf(r echo.Record) int {
	name := strings.TrimSuffix(r.Route, "/*")
	if r.Admin {
		name = "admin"
	}
	if i := slices.Index(routes, name); i >= 0 {
		return i
	}
	return len(routes) - 1
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	requests.Describe(ch)
	identified.Describe(ch)
	m.durations.Describe(ch)
}

// Collect implements prometheus.Collector. A counter is there from the first such request on, but for the one that makes
// rates of all possible from the start.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	ch <- identified.Sample(m.identity, 1)
	first := m.at(m.codes.of(http.StatusOK), methodOf(http.MethodGet), routeOf(echo.Record{Route: "/"}))
	for c, code := range m.codes.names {
		for i, method := range methods {
			for k, route := range routes {
				at := m.at(c, i, k)
				if n := m.counts[at].Load(); n > 0 || at == first {
					ch <- requests.Sample([]*dto.LabelPair{
						scrape.Label("code", code), scrape.Label("method", method), scrape.Label("route", route)}, float64(n))
				}
			}
		}
	}
	m.durations.Collect(ch)
}

// codes are the statuses that have a name, then the hundreds for all others, and at last none for requests without an answer.
type codes struct {
	names []string
	index [600]uint8
}

func newCodes() (c codes) {
	for code := 200; code < len(c.index); code++ {
		if http.StatusText(code) != "" {
			c.index[code] = uint8(len(c.names))
			c.names = append(c.names, strconv.Itoa(code))
		}
	}
	for hundred := 1; hundred < len(c.index)/100; hundred++ {
		for code := 100 * hundred; code < 100*hundred+100; code++ {
			if hundred == 1 || http.StatusText(code) == "" {
				c.index[code] = uint8(len(c.names))
			}
		}
		c.names = append(c.names, strconv.Itoa(hundred)+"xx")
	}
	for code := range 100 {
		c.index[code] = uint8(len(c.names))
	}
	c.names = append(c.names, none)
	return c
}

func (c *codes) of(status int) int {
	if status < 0 || status >= len(c.index) {
		status = 0
	}
	return int(c.index[status])
}

// Server is whose state is told. *echo.Server is one.
type Server interface {
	Ready() bool
	Draining() bool
	Active() int64
	Connections() (open int, evicted uint64)
}

// StateOf is the collector of a server's state, which is asked for at each scrape.
func StateOf(s Server) prometheus.Collector { return state{s} }

type state struct{ server Server }

func (s state) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range []scrape.Family{inFlight, open, evicted, ready, draining} {
		f.Describe(ch)
	}
}

func (s state) Collect(ch chan<- prometheus.Metric) {
	ch <- inFlight.Sample(nil, float64(s.server.Active()))
	connections, gone := s.server.Connections()
	ch <- open.Sample(nil, float64(connections))
	ch <- evicted.Sample(nil, float64(gone))
	ch <- ready.Sample(nil, is(s.server.Ready()))
	ch <- draining.Sample(nil, is(s.server.Draining()))
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
