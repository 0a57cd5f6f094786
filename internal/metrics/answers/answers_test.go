package answers_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"callbyname/internal/echo"
	"callbyname/internal/identity"
	"callbyname/internal/metrics/answers"
	"callbyname/internal/metrics/scrape"
)

// httpd is a server with metrics, on a listener of its own and an admin one.
type httpd struct {
	*testing.T
	server     *echo.Server
	scrape     prometheus.Gatherer
	url, admin string
	answered   chan echo.Record
}

func serve(t *testing.T) *httpd {
	id := identity.Identity{
		Name: "pod-httpd", Namespace: "localcluster", Node: "worker\xff", UID: "u1", Instance: "i1",
		IPs: []netip.Addr{netip.MustParseAddr("10.244.0.5"), netip.MustParseAddr("fd00::5")},
	}
	registry, m := prometheus.NewPedanticRegistry(), answers.New(id)
	h := &httpd{T: t, scrape: registry, answered: make(chan echo.Record, 100)}
	h.server = echo.New(echo.Options{Identity: id, Metrics: scrape.Handler(registry), Observe: func(r echo.Record) {
		m.Observe(r)
		h.answered <- r
	}})
	registry.MustRegister(m, answers.StateOf(h.server))
	done := make(chan error, 2)
	listen := func(serve func(net.Listener) error) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { done <- serve(ln) }()
		return ln.Addr().String()
	}
	h.url, h.admin = listen(h.server.Serve), listen(h.server.ServeAdmin)
	t.Cleanup(func() {
		h.server.Close()
		<-done
		<-done
	})
	return h
}

// ask sends one request, as it stands, and waits until it was observed.
func (h *httpd) ask(address, head string) (answer string) {
	h.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		h.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.Fatal(err)
	}
	if _, err := io.WriteString(c, head+"\r\nConnection: close\r\n\r\n"); err != nil {
		h.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		h.Fatal(err)
	}
	select {
	case <-h.answered:
	case <-time.After(10 * time.Second):
		h.Fatalf("nobody observed %q", head)
	}
	return string(b)
}

// series are the counters and gauges of a scrape, as "name{labels} value", and the counts of histograms.
func (h *httpd) series() []string {
	h.Helper()
	families, err := h.scrape.Gather()
	if err != nil {
		h.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			v := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			all = append(all, fmt.Sprintf("%s{%s} %v", strings.TrimPrefix(f.GetName(), "callbyname_httpd_"), strings.Join(labels, ","), v))
		}
	}
	slices.Sort(all)
	return all
}

func (h *httpd) want(prefix string, want ...string) {
	h.Helper()
	var got []string
	for _, s := range h.series() {
		if rest, ok := strings.CutPrefix(s, prefix+"{"); ok && !strings.HasSuffix(rest, "} 0") {
			got = append(got, "{"+rest)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.Errorf("%s:\ngot\n%s\nwant\n%s", prefix, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRequestsAreCountedByCodeMethodAndRoute(t *testing.T) {
	h := serve(t)
	const host = " HTTP/1.1\r\nHost: apache.localcluster"
	for _, head := range []string{
		"GET /" + host, "GET /" + host, "HEAD /" + host, "POST /" + host, "GET /healthz" + host, "GET /readyz" + host,
		"GET /echo" + host, "PUT /echo/a/b?status=404" + host, "BREW /echo/pot?status=418" + host, "GET /echo?status=299" + host,
		"GET /nowhere" + host, "GET /ech" + host, "OPTIONS *" + host, "GET / HTTP/1.1", "GET /metrics" + host,
	} {
		h.ask(h.url, head)
	}
	h.ask(h.admin, "GET /"+host)
	h.ask(h.admin, "GET /nowhere"+host)
	h.want("requests_total",
		"{code=200,method=GET,route=/} 2", "{code=200,method=HEAD,route=/} 1", "{code=405,method=POST,route=/} 1",
		"{code=200,method=GET,route=/healthz} 1", "{code=200,method=GET,route=/readyz} 1", "{code=200,method=GET,route=/metrics} 1",
		"{code=200,method=GET,route=/echo} 1", "{code=404,method=PUT,route=/echo} 1", "{code=418,method=other,route=/echo} 1",
		"{code=2xx,method=GET,route=/echo} 1",
		"{code=404,method=GET,route=none} 2", "{code=204,method=OPTIONS,route=none} 1", "{code=400,method=none,route=none} 1",
		"{code=200,method=GET,route=admin} 1", "{code=404,method=GET,route=admin} 1")
	h.want("request_duration_seconds", "{route=/} 4", "{route=/echo} 4", "{route=/healthz} 1", "{route=/readyz} 1", "{route=/metrics} 1",
		"{route=none} 4", "{route=admin} 2")
}

func TestNoClientMakesSeriesWithoutEnd(t *testing.T) {
	h := serve(t)
	for i := range 90 {
		h.ask(h.url, fmt.Sprintf("M%d /echo/%d?status=%d HTTP/1.1\r\nHost: h%d", i, i, 430+i, i))
	}
	if n := len(h.series()); n > 40 {
		t.Errorf("%d series:\n%s", n, strings.Join(h.series(), "\n"))
	}
}

func TestTheStateIsTheServers(t *testing.T) {
	h := serve(t)
	h.want("ready", "{} 1")
	h.want("draining")
	h.server.SetReady(false)
	h.want("ready")
	h.want("draining")
	h.server.SetReady(true)
	h.want("ready", "{} 1")
	h.server.Drain()
	h.want("ready")
	h.want("draining", "{} 1")
	answer := h.ask(h.url, "GET /metrics HTTP/1.1\r\nHost: h")
	for _, want := range []string{"\ncallbyname_httpd_requests_in_flight 1\n", "\ncallbyname_httpd_draining 1\n", "\ncallbyname_httpd_connections 1\n",
		"\ncallbyname_httpd_connections_evicted_total 0\n", "\r\nPod-Uid: u1\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("%q is not in\n%s", want, answer)
		}
	}
}

func TestTheIdentityIsAMetric(t *testing.T) {
	serve(t).want("identity_info",
		"{node_name=worker\ufffd,pod_ips=10.244.0.5,fd00::5,pod_name=pod-httpd,pod_namespace=localcluster,pod_uid=u1,process=i1} 1")
}
