package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOneAccessLineARequestAndHealthIsSilent(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		health bool
	}{"silent": {nil, false}, "asked for": {[]string{"--log-health"}, true}} {
		t.Run(name, func(t *testing.T) {
			log, stop := inside(t, nil, tt.args...)
			url := "http://" + log.message(t, "serving").Listen
			fetch(t, "GET", url+"/healthz")
			fetch(t, "GET", url+"/readyz")
			if _, body := fetch(t, "GET", url+"/metrics"); !strings.Contains(body, `callbyname_httpd_requests_total{code="200",method="GET",route="/readyz"} 1`) {
				t.Errorf("metrics\n%s", body)
			}
			_, body := fetch(t, "GET", url+"/")
			fetch(t, "BREW", url+"/echo/a%1bb?size=100&status=418")
			stop()
			var requests []line
			for _, next := range log.all {
				if next.Msg == "request" {
					requests = append(requests, next)
				}
			}
			if tt.health {
				if len(requests) != 5 || requests[0].Path != "/healthz" || requests[1].Path != "/readyz" || requests[2].Path != "/metrics" {
					t.Fatalf("got %+v", requests)
				}
				requests = requests[3:]
			}
			if len(requests) != 2 || len(log.other) > 0 {
				t.Fatalf("got %+v and %q", requests, log.other)
			}
			host := strings.TrimPrefix(url, "http://")
			if r := requests[0]; r.Method != "GET" || r.Path != "/" || r.Status != 200 || r.Bytes != int64(len(body)) || r.Host != host ||
				!strings.HasPrefix(r.Client, "127.0.0.1:") || r.DurationMS <= 0 {
				t.Errorf("got %+v", r)
			}
			if r := requests[1]; r.Method != "BREW" || r.Path != "/echo/a%1bb" || r.Status != 418 || r.Bytes != 100 {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestWithoutAccessLinesTheLogTellsOfTheServerAndItsAdministration(t *testing.T) {
	p := spawn(t, "--log-requests=false", "--log-health", "--drain-delay=0s")
	fetch(t, "GET", p.url+"/")
	fetch(t, "GET", p.url+"/healthz")
	fetch(t, "POST", p.admin+"/unready")
	p.signal(t, syscall.SIGTERM)
	p.exit(t)
	var told []string
	for _, next := range p.log.all {
		told = append(told, strings.TrimSpace(next.Msg+" "+next.Path))
	}
	want := []string{"serving", "request /unready", "draining: unready, and still serving", "no longer accepting", "stopped"}
	if !slices.Equal(told, want) {
		t.Errorf("got %q", told)
	}
}

func TestTheLogCanBeText(t *testing.T) {
	log, stop := inside(t, []string{"HTTPD_LOG_FORMAT=text"})
	stop()
	if len(log.other) < 2 || !strings.Contains(log.other[0], "  INFO   serving  version=") {
		t.Errorf("got %q", log.other)
	}
}

func TestAFlagWinsOverTheEnvironment(t *testing.T) {
	log, stop := inside(t, []string{"HTTPD_LOG_FORMAT=text", "HTTPD_LISTEN=nowhere", "HTTPD_DRAIN_DELAY=1h"}, "--log-format=json")
	log.message(t, "serving") // --listen and --drain-delay are among the flags of every test
	if status := stop(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestThePodIsWhatItsEnvironmentSays(t *testing.T) {
	log, _ := inside(t, []string{"POD_IP=127.0.0.1", "POD_IPS=127.0.0.1,::1", "POD_NAME=pod-httpd", "POD_UID=u", "POD_NAMESPACE=n", "NODE_NAME=w"})
	serving := log.message(t, "serving")
	if serving.Source != "pod" || serving.Name != "pod-httpd" || len(serving.PodIPs) != 2 {
		t.Errorf("got %+v", serving)
	}
	res, body := fetch(t, "GET", "http://"+serving.Listen+"/")
	for _, want := range []string{"name:       pod-httpd\n", "pod ips:    127.0.0.1, ::1\n", "uid:        u\n", "namespace:  n\n", "node:       w\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
	if res.Header.Get("Pod-Uid") != "u" {
		t.Errorf("headers %v", res.Header)
	}
}

func TestAPodIPThatIsNotTheMachinesIsWarnedOf(t *testing.T) {
	log, stop := inside(t, []string{"POD_IP=203.0.113.77"})
	if l := log.message(t, "the pod IP that the environment gives is not an address of this machine"); l.IP != "203.0.113.77" || l.Level != "warn" {
		t.Errorf("got %+v", l)
	}
	stop()

	log, stop = inside(t, []string{"POD_NAME=p", "POD_IPS="})
	if l := log.message(t, "POD_IP is not set: answers do not say the pod's IP"); l.Level != "warn" {
		t.Errorf("got %+v", l)
	}
	stop()

	log, stop = inside(t, []string{"POD_IP=127.0.0.7"})
	stop()
	for _, l := range log.all {
		if l.Level != "info" {
			t.Errorf("nothing is wrong, and yet: %+v", l)
		}
	}
}

func TestWithoutAHostItListensOnIPv4AndIPv6(t *testing.T) {
	log, _ := inside(t, nil, "--listen=:0")
	_, port, err := net.SplitHostPort(log.message(t, "serving").Listen)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		address := net.JoinHostPort(host, port)
		if res, _ := fetch(t, "GET", "http://"+address+"/"); res.StatusCode != 200 || res.Header.Get("Pod-Local-Address") != address {
			t.Errorf("%s: %v, %v", address, res.Status, res.Header)
		}
	}
}

func TestTheTimeoutsAndLimitsAreThoseOfTheFlags(t *testing.T) {
	log, _ := inside(t, nil, "--header-timeout=500ms", "--read-timeout=700ms", "--idle-timeout=50ms", "--max-body=5", "--max-header=300")
	address := log.message(t, "serving").Listen
	for name, tt := range map[string]struct{ request, want string }{
		"headers too slow": {"GET / HTTP/1.1\r\nHost:", ""},
		"body too slow":    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx", "HTTP/1.1 408 "},
		"body too large":   {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n123456", "HTTP/1.1 413 "},
		"headers too long": {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 300) + "\r\n\r\n", "HTTP/1.1 431 "},
		"idle":             {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, tt.request); err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(c)
			if err != nil || !strings.HasPrefix(string(b), tt.want) || tt.want == "" && len(b) > 0 {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

func TestItSpeaksHTTP2InTheClearAndOverTLS(t *testing.T) {
	cert, key, trusting := certificate(t)
	for name, tt := range map[string]struct {
		args     []string
		scheme   string
		protocol func(*http.Protocols)
	}{
		"h2c": {nil, "http", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }},
		"TLS": {[]string{"--tls-cert", cert, "--tls-key", key}, "https", func(p *http.Protocols) { p.SetHTTP2(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			log, _ := inside(t, nil, tt.args...)
			serving := log.message(t, "serving")
			if serving.TLS != (tt.scheme == "https") {
				t.Errorf("got %+v", serving)
			}
			tr := &http.Transport{TLSClientConfig: trusting, Protocols: new(http.Protocols)}
			defer tr.CloseIdleConnections()
			tt.protocol(tr.Protocols)
			if res, body := fetchWith(t, tr, "GET", tt.scheme+"://"+serving.Listen+"/"); res.Proto != "HTTP/2.0" || !strings.Contains(body, "HTTP/2.0") {
				t.Errorf("%s: %s", res.Proto, body)
			}
		})
	}
}

// certificate writes one for 127.0.0.1 to files, and returns a configuration that trusts it.
func certificate(t *testing.T) (cert, key string, trusting *tls.Config) {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	ts.StartTLS()
	defer ts.Close()
	pair := ts.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, ts.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
}

// Nobody may be told that it serves when it does not.
func TestNothingIsServedWhenAnAddressIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	if status := run(t.Context(), []string{"--listen", address, "--admin-listen", taken.Addr().String()}, environ(), nil, &stdout, io.Discard); status != 2 {
		t.Errorf("status %d", status)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %q", stdout.String())
	}
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Errorf("the other listener is still open: %v", err)
	} else {
		again.Close()
	}
}

func TestALineOfTheLogHasAnEnd(t *testing.T) {
	log, _ := inside(t, nil, "--max-header=100000")
	url := "http://" + log.message(t, "serving").Listen
	fetch(t, "GET", url+"/"+strings.Repeat("x", 90_000))
	if l := log.message(t, "request"); l.Status != 404 || l.Path != "/"+strings.Repeat("x", 1023)+"..." {
		t.Errorf("got %d, a path of %d bytes", l.Status, len(l.Path))
	}
}
