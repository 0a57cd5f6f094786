package config

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbyname/internal/probe"
	"callbyname/internal/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load loads text as prober.yaml, so that messages are the same wherever the test runs.
func load(t *testing.T, text string, given ...Given) (Settings, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("prober.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load("prober.yaml", given...)
}

func flag(key, value string) Given { return Given{Key: key, From: "--" + key, Value: value} }

func parsed(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// example is the YAML in the documentation.
func example(t testing.TB) string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "config.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(doc), "```yaml\n")
	text, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("docs/config.md has no example")
	}
	return text
}

func TestTheDocumentedExampleMeansWhatItSays(t *testing.T) {
	got, err := load(t, example(t))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, Settings{
		Interval:    time.Second,
		Timeout:     900 * time.Millisecond,
		Settle:      30 * time.Second,
		RepinAfter:  2 * time.Minute,
		Nameservers: []netip.AddrPort{netip.MustParseAddrPort("10.96.0.10:53"), netip.MustParseAddrPort("[fd00::a]:53")},
		Targets: []probe.Target{{
			Name:     "httpd",
			URL:      parsed(t, "http://apache.localcluster"),
			Pin:      netip.MustParseAddrPort("10.244.0.5:80"),
			Method:   "GET",
			Header:   http.Header{"X-Probe": {"callbyname"}},
			Statuses: []probe.StatusRange{{From: 200, To: 299}, {From: 404, To: 404}},
			Family:   resolve.IPv4,
			Approaches: []probe.Approach{
				{Name: "ip"},
				{Name: "dns", Host: "apache.localcluster"},
				{Name: "headless", Host: "apache-pods.localcluster", Headless: true},
				{Name: "pod-dns", Host: "httpd-0.apache-pods.localcluster", Port: 8080, Headless: true},
				{Name: "cached", Host: "apache-pods.localcluster", Cache: 30 * time.Second},
				{Name: "keepalive", Host: "apache-pods.localcluster", KeepAlive: true},
			},
		}, {
			Name:       "secure",
			URL:        parsed(t, "https://web.localcluster/healthz"),
			Insecure:   true,
			Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns", Host: "web.localcluster"}},
		}},
	})
}

func TestOneFlagIsEnough(t *testing.T) {
	got, err := Load("", flag("target", "httpd=http://apache.localcluster"))
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Targets = []probe.Target{{
		Name:       "httpd",
		URL:        parsed(t, "http://apache.localcluster"),
		Approaches: []probe.Approach{{Name: "ip"}, {Name: "dns", Host: "apache.localcluster"}},
	}}
	same(t, got, want)
}

func TestAFlagWinsOverTheFileAndTargetsAddUp(t *testing.T) {
	const file = `
interval: 2s
timeout: 1s
settle: 10s
nameservers: [10.0.0.1]
targets: [{name: a, url: http://a}]
`
	got, err := load(t, file, flag("interval", "1s"), flag("timeout", "500ms"), flag("nameserver", "10.0.0.2:5353"),
		flag("nameserver", "fd00::a"), flag("target", "http://b"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, []time.Duration{got.Interval, got.Timeout, got.Settle}, []time.Duration{time.Second, 500 * time.Millisecond, 10 * time.Second})
	same(t, got.Nameservers, []netip.AddrPort{netip.MustParseAddrPort("10.0.0.2:5353"), netip.MustParseAddrPort("[fd00::a]:53")})
	same(t, []string{got.Targets[0].Name, got.Targets[1].Name}, []string{"a", "b"})
}

func TestSettlingLastsForTheLongestCacheAndTwoIntervals(t *testing.T) {
	for _, tt := range []struct {
		name             string
		settle, interval time.Duration
		caches           []time.Duration
		want             time.Duration
	}{
		{"long enough", 30 * time.Second, time.Second, []time.Duration{0, 10 * time.Second}, 30 * time.Second},
		{"a longer cache", 30 * time.Second, time.Second, []time.Duration{40 * time.Second, time.Minute}, time.Minute},
		{"forever does not count", 30 * time.Second, time.Second, []time.Duration{probe.Forever}, 30 * time.Second},
		{"slow rounds", 30 * time.Second, 20 * time.Second, nil, 40 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Settings{Settle: tt.settle, Interval: tt.interval}
			for _, cache := range tt.caches {
				s.Targets = append(s.Targets, probe.Target{Approaches: []probe.Approach{{Host: "h", Cache: cache}}})
			}
			if got := s.EffectiveSettle(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnchorsAreFollowed(t *testing.T) {
	got, err := load(t, `
targets:
  - name: a
    url: http://a.ns
    approaches: &all
      - &first ip
      - dns
      - {name: cached, cache: forever}
  - name: b
    url: http://b.ns
    approaches: *all
  - name: c
    url: http://c.ns
    approaches: [*first, dns]
`)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got.Targets[1].Approaches, []probe.Approach{
		{Name: "ip"}, {Name: "dns", Host: "b.ns"}, {Name: "cached", Host: "b.ns", Cache: probe.Forever}})
	same(t, got.Targets[2].Approaches, []probe.Approach{{Name: "ip"}, {Name: "dns", Host: "c.ns"}})
}

func TestWhatWasUnderstoodIsSaidInWords(t *testing.T) {
	got, err := load(t, example(t)+`
  - name: odd
    url: https://[fd00::1]:8443/x
    headers: {Authorization: secret}
    ip: "[fd00::5]:8443"
    family: ipv6
    method: HEAD
    approaches:
      - {name: pod, address: pin, host: literal}
      - {name: service, keepalive: true}
      - {name: jvm, address: web.ns:8443, cache: forever}
      - {name: slow, address: web.ns:8443, cache: 90m}
`)
	if err != nil {
		t.Fatal(err)
	}
	const want = `every 1s, timeout 900ms, settle 1h30m (raised from 30s: at least the longest cache and two intervals), repin after 2m, DNS by 10.96.0.10:53 and [fd00::a]:53
target httpd: GET http://apache.localcluster, success is 200-299 404, IPv4 only, with header X-Probe
  ip         10.244.0.5:80 whatever happens
  dns        apache.localcluster:80, resolved for each probe
  headless   apache-pods.localcluster:80, resolved for each probe, headless
  pod-dns    httpd-0.apache-pods.localcluster:8080, resolved for each probe, headless
  cached     apache-pods.localcluster:80, resolved and kept for 30s
  keepalive  apache-pods.localcluster:80, resolved for each connection, over one connection that is kept open
target secure: GET https://web.localcluster/healthz, success is 200-399, any certificate
  ip   the IP of the first pod that a name leads to
  dns  web.localcluster:443, resolved for each probe
target odd: HEAD https://[fd00::1]:8443/x, success is 200-399, IPv6 only, with header Authorization
  pod      [fd00::5]:8443 whatever happens, with the address as Host
  service  [fd00::1]:8443, over one connection that is kept open
  jvm      web.ns:8443, resolved once and kept forever
  slow     web.ns:8443, resolved and kept for 1h30m
`
	if text := got.Describe(); text != want {
		t.Errorf("got:\n%s\nwant:\n%s", text, want)
	}
}

func TestNoTargetIsToldTheSimplestUse(t *testing.T) {
	const want = "no target; the simplest use is: prober --target httpd=http://apache.localcluster"
	if _, err := Load(""); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	_, err := load(t, "interval: 1x\n")
	same(t, strings.Split(err.Error(), "\n"), []string{
		`prober.yaml:1: interval "1x" is not a duration; write it like 1s or 500ms`, want})
}

func TestAProblemIsData(t *testing.T) {
	_, err := load(t, "interval: 1x\ntargets: [{name: a, url: http://a}]", flag("timeout", "soon"))
	var got Problems
	if !errors.As(err, &got) {
		t.Fatalf("got %T", err)
	}
	same(t, got, Problems{
		{Place{File: "prober.yaml", Line: 1}, `interval "1x" is not a duration; write it like 1s or 500ms`},
		{Place{Flag: "--timeout"}, `"soon" is not a duration; write it like 1s or 500ms`},
	})
}
