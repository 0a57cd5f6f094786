package echo

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestTextSaysWhoAnswered(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for n := 1; n <= 3; n++ {
		res, got := exchange(t, c, r, "GET", "GET / HTTP/1.1\r\nHost: apache.localcluster\r\n\r\n")
		want := fmt.Sprintf(`name:       pod-httpd
pod ip:     10.244.0.5
pod ips:    10.244.0.5, fd00::5
uid:        b9f8e0a2
namespace:  localcluster
node:       kind-worker
instance:   00010203fcfdfeff
started:    2026-03-04T05:06:07.891Z
known from: the pod's environment
ready:      yes
client:     %v
came in on: %v
host:       apache.localcluster (a name)
protocol:   HTTP/1.1
requests:   %d on this connection
`, c.LocalAddr(), address, n)
		if got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
		if ct := res.Header.Get("Content-Type"); ct != "text/plain; charset=utf-8" || res.Header.Get("Vary") != "Accept" {
			t.Errorf("header %v", res.Header)
		}
		wantIdentity(t, res.Header, address, true)
	}
}

func TestJSONSaysWhoAnswered(t *testing.T) {
	_, address := serve(t, Options{}, "[::1]:0", nil)
	res, body := do(t, client(t, http1, nil), "GET", "http://"+address+"/", "", "Accept: application/json")
	got := decode[Who](t, body)
	want := Who{PodIP: pod().IP(), Identity: pod(), Ready: true, Client: got.Client, Local: address, Host: address, HostKind: "ip",
		Proto: "HTTP/1.1", Served: 1}
	if !reflect.DeepEqual(got, want) || !strings.HasPrefix(got.Client, "[::1]:") {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ct := res.Header.Get("Content-Type"); ct != "application/json" || res.Header.Get("Vary") != "Accept" {
		t.Errorf("header %v", res.Header)
	}
	wantIdentity(t, res.Header, address, true)
}

func TestThePageForBrowsersStandsAlone(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	res, body := do(t, client(t, http1, nil), "GET", "http://"+address+"/", "",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	for _, want := range []string{"<!doctype html>", "<h1>pod-httpd</h1>", "<tr><th>pod ip<td>10.244.0.5\n", "color-scheme:light dark"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
	for _, other := range []string{"<script", "src=", "http:", "https:", "@import", "url("} {
		if strings.Contains(body, other) {
			t.Errorf("%q is in\n%s", other, body)
		}
	}
	if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("policy %q", policy)
	}
	if ct := res.Header.Get("Content-Type"); ct != "text/html; charset=utf-8" || res.Header.Get("Vary") != "Accept" {
		t.Errorf("header %v", res.Header)
	}
}

func TestAHostIsAnAddressOrAName(t *testing.T) {
	for host, want := range map[string]string{
		"apache": "name", "apache.localcluster": "name", "apache:8080": "name", "10.1.2.3.example": "name", "a1": "name", "1.2.3": "name",
		"10.244.0.5": "ip", "10.244.0.5:80": "ip", "[fd00::5]": "ip", "[fd00::5]:80": "ip", "fd00::5": "ip", "[fd00::x]": "name",
		"": "none", "[": "name", "[]": "name", ":80": "name",
	} {
		if got := hostKind(host); got != want {
			t.Errorf("%q is %q, want %q", host, got, want)
		}
	}
}

func TestOneHandlerSpeaksEveryProtocol(t *testing.T) {
	server, trusting := certificate(t)
	for _, tt := range []struct {
		name, scheme, proto string
		protocols           func(*http.Protocols)
		secure              bool
	}{
		{"HTTP/1.1", "http", "HTTP/1.1", http1, false},
		{"h2c", "http", "HTTP/2.0", h2c, false},
		{"HTTP/1.1 over TLS", "https", "HTTP/1.1", http1, true},
		{"HTTP/2 over TLS", "https", "HTTP/2.0", http2, true},
	} {
		for _, on := range []string{"127.0.0.1:0", "[::1]:0"} {
			t.Run(tt.name+" on "+on, func(t *testing.T) {
				var config *tls.Config
				if tt.secure {
					config = server
				}
				_, address := serve(t, Options{}, on, config)
				c := client(t, tt.protocols, trusting)
				for n := int64(1); n <= 3; n++ {
					res, body := do(t, c, "GET", tt.scheme+"://"+address+"/", "", "Accept: application/json")
					got := decode[Who](t, body)
					if got.Served != n || got.Proto != tt.proto || got.TLS != tt.secure || got.Local != address || res.Proto != tt.proto {
						t.Errorf("request %d over %s: %+v", n, res.Proto, got)
					}
					wantIdentity(t, res.Header, address, true)
				}
				_, body := do(t, c, "POST", tt.scheme+"://"+address+"/echo", "hello", "Accept: application/json")
				if got := decode[Request](t, body); got.Body != "hello" || got.BodyLength != 5 || got.TLS != tt.secure {
					t.Errorf("got %+v", got)
				}
			})
		}
	}
}
