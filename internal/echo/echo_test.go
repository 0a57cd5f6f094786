package echo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestTheEchoIsTheRequestAsItCame(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	const request = "PATCH /echo/a%%20b?x=1&y=%%3Cb%%3E&x=2&bad=%%zz HTTP/1.1\r\nHost: apache:80\r\nX-Forwarded-For: 1.2.3.4\r\nX-Two: a\r\nX-Two: b\u009b2J\r\n" +
		"Content-Length: 6\r\n%s\r\nhällo"
	res, body := raw(t, address, "PATCH", fmt.Sprintf(request, "Accept: application/json\r\n"))
	got := decode[Request](t, body)
	want := Request{
		Method: "PATCH", URI: "/echo/a%20b?x=1&y=%3Cb%3E&x=2&bad=%zz", Path: "/echo/a b", Protocol: "HTTP/1.1", Host: "apache:80", HostKind: "name",
		Client: got.Client, Local: address, Query: []Param{{"x", "1"}, {"y", "<b>"}, {"x", "2"}},
		QueryNote: "1 of the parameters do not parse and are left out",
		Header: http.Header{"X-Forwarded-For": {"1.2.3.4"}, "X-Two": {"a", "b\u009b2J"}, "Content-Length": {"6"},
			"Accept": {"application/json"}},
		BodyLength: 6, Body: "hällo", AnsweredBy: pod(),
	}
	if !reflect.DeepEqual(got, want) || res.StatusCode != 200 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	_, body = raw(t, address, "PATCH", fmt.Sprintf(request, ""))
	wantText := `method:      PATCH
uri:         /echo/a%20b?x=1&y=%3Cb%3E&x=2&bad=%zz
path:        /echo/a b
protocol:    HTTP/1.1
host:        apache:80 (a name)
client:      CLIENT
came in on:  LOCAL
forwarded:   1.2.3.4 (the client says so; not trusted)
answered by: pod-httpd 00010203fcfdfeff
query:       x=1
query:       y=<b>
query:       x=2
query note:  1 of the parameters do not parse and are left out
header:      Content-Length: 6
header:      X-Forwarded-For: 1.2.3.4
header:      X-Two: a
header:      "X-Two: b\u009b2J"
body:        6 bytes

hällo
`
	_, rest, _ := strings.Cut(body, "client:      ")
	client, _, _ := strings.Cut(rest, "\n")
	if wantText = strings.NewReplacer("CLIENT", client, "LOCAL", address).Replace(wantText); body != wantText {
		t.Errorf("got:\n%s\nwant:\n%s", body, wantText)
	}
}

func TestTheLengthIsTrueWhateverIsShown(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c := client(t, http1, nil)
	long := strings.Repeat("x", maxShown)
	binary := string(bytes.Repeat([]byte{0xff, 0}, 10))
	for _, tt := range []struct {
		name, body  string
		shown, note string
		binary      bool
	}{
		{"none", "", "", "", false},
		{"text", "a\tb\r\n", "a\tb\r\n", "", false},
		{"as much as is shown", long, long, "", false},
		{"a byte more", long + "y", long, "cut after 65536 of 65537 bytes", false},
		{"the largest", strings.Repeat("x", 1<<20), long, "cut after 65536 of 1048576 bytes", false},
		{"a character cut in two", long[1:] + "äää", long[1:], "cut after 65535 of 65541 bytes", false},
		{"a long character cut in two", long[3:] + "😀", long[3:], "cut after 65533 of 65537 bytes", false},
		{"half a character at the end", "x\xc3", "x\xc3", "not text, so in base64", true},
		{"no text", binary, binary, "not text, so in base64", true},
		{"terminal escapes", "\x1b[2J", "\x1b[2J", "not text, so in base64", true},
		{"no text, and cut", binary + long, (binary + long)[:maxShown], "cut after 65536 of 65556 bytes; not text, so in base64", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, body := do(t, c, "POST", "http://"+address+"/echo", tt.body, "Accept: application/json")
			got := decode[Request](t, body)
			shown := got.Body
			if tt.binary {
				b, err := base64.StdEncoding.DecodeString(got.BodyBase64)
				if err != nil || got.Body != "" {
					t.Errorf("%v, body %q", err, got.Body)
				}
				shown = string(b)
			}
			if got.BodyLength != int64(len(tt.body)) || shown != tt.shown || got.BodyNote != tt.note {
				t.Errorf("length %d of %d, note %q, shown %.20q (%d bytes)", got.BodyLength, len(tt.body), got.BodyNote, shown, len(shown))
			}
		})
	}
	t.Run("chunked", func(t *testing.T) {
		_, body := raw(t, address, "POST", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nAccept: application/json\r\n\r\n"+
			"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
		if got := decode[Request](t, body); got.BodyLength != 5 || got.Body != "abcde" || !reflect.DeepEqual(got.TransferEncoding, []string{"chunked"}) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTheQueryShapesTheAnswer(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "h2c": h2c} {
		c := client(t, protocols, nil)
		for _, tt := range []struct {
			query  string
			status int
			length int // -1 for the echo's
			header http.Header
		}{
			{"", 200, -1, nil},
			{"status=200", 200, -1, nil},
			{"status=599", 599, -1, nil},
			{"status=204", 204, 0, nil},
			{"status=304", 304, 0, nil},
			{"status=205&size=0", 205, 0, nil},
			{"size=0", 200, 0, nil},
			{"size=1", 200, 1, nil},
			{"size=10485760", 200, maxSize, nil},
			{"header=X-A:1&header=x-a:+2+&header=X-Empty:", 200, -1, http.Header{"X-A": {"1", "2"}, "X-Empty": {""}}},
			{"header=Content-Type:text/html", 200, -1, http.Header{"Content-Type": {"text/html"}}},
			{"header=Location:/x%3Fa:b&status=302", 302, -1, http.Header{"Location": {"/x?a:b"}}},
			{"status=503&size=2000&delay=1ms&header=Retry-After:1&other=7&status2=x", 503, 2000, http.Header{"Retry-After": {"1"}}},
			{strings.Repeat("header=X:1&", maxHeaders), 200, -1, http.Header{"X": strings.Split(strings.Repeat("1", maxHeaders), "")}},
		} {
			t.Run(name+" "+tt.query, func(t *testing.T) {
				res, body := do(t, c, "GET", "http://"+address+"/echo/x?"+tt.query, "")
				if res.StatusCode != tt.status || tt.length >= 0 && len(body) != tt.length || tt.length < 0 && !strings.Contains(body, "GET") {
					t.Errorf("got %d with %d bytes", res.StatusCode, len(body))
				}
				for name, want := range tt.header {
					if got := res.Header[name]; !reflect.DeepEqual(got, want) {
						t.Errorf("%s: got %q, want %q", name, got, want)
					}
				}
				if res.Header.Get("Content-Security-Policy") == "" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("what a client sent may run in a browser: %v", res.Header)
				}
				wantIdentity(t, res.Header, address, true)
			})
		}
	}
}

func TestAWrongParameterIsNamed(t *testing.T) {
	_, address := serve(t, Options{}, "127.0.0.1:0", nil)
	c := client(t, http1, nil)
	for _, tt := range []struct{ query, want string }{
		{"status=199", `parameter status="199": must be a number from 200 to 599`},
		{"status=600", `parameter status="600": must be a number from 200 to 599`},
		{"status=", `parameter status="": must be a number`},
		{"status", `parameter status="": must be a number`},
		{"status=200&status=200", `parameter status="200": must be given once`},
		{"status=%zz", `parameter status="%zz": must be percent signs`},
		{"delay=1", `parameter delay="1": must be a duration from 0s to 1m`},
		{"delay=-1s", `parameter delay="-1s": must be a duration`},
		{"delay=61s", `parameter delay="61s": must be a duration`},
		{"size=-1", `parameter size="-1": must be a number of bytes from 0 to 10485760`},
		{"size=10485761", `parameter size="10485761": must be`},
		{"size=1&status=204", `parameter size="1": must be 0 or absent`},
		{"header=X", `parameter header="X": must be Name:value`},
		{"header=:x", `parameter header=":x": must be Name:value`},
		{"header=a+b:x", `parameter header="a b:x": must be Name:value`},
		{"header=X:a%0d%0aSet-Cookie:b", `must be Name:value with a value of at most 1024 printable`},
		{"header=X:%c3%a4", `must be Name:value with a value of at most 1024 printable`},
		{"header=X:" + strings.Repeat("x", 1025), `must be Name:value with a value of at most 1024 printable`},
		{"header=pod-ip:1.2.3.4", `header="pod-ip:1.2.3.4": must be the name of a header that the server does not set itself`},
		{"header=POD-READY:true", `does not set itself`},
		{"header=content-length:5", `does not set itself`},
		{"header=transfer-encoding:chunked", `does not set itself`},
		{"header=Connection:close", `does not set itself`},
		{"header=Content-Security-Policy:x", `does not set itself`},
		{"header=Proxy-Authenticate:x", `does not set itself`},
		{strings.Repeat("header=X:1&", maxHeaders+1), `must be given at most 16 times`},
	} {
		res, body := do(t, c, "GET", "http://"+address+"/echo?"+tt.query, "", "Accept: application/json")
		if got := decode[Message](t, body); res.StatusCode != 400 || !strings.Contains(got.Detail, tt.want) {
			t.Errorf("%.40s: %d %q, want %q", tt.query, res.StatusCode, got.Detail, tt.want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"status=404&delay=1.5s&size=10&header=X-A:b&header=X-B:c", "status=%zz&&=&a;b", "header=Pod-Ip:x", "header=X:%0d%0a", "x=%",
		"status=204&size=1", "delay=1h&delay=1h", "header=%c3%a4:x", "size=0x10&x=+",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		sh, params, _, err := parseQuery(query)
		if err != nil {
			if fault, ok := err.(*failure); !ok || fault.status != 400 || !strings.HasPrefix(fault.detail, "parameter ") {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		if len(params) > strings.Count(query, "&")+1 {
			t.Fatalf("%d parameters in %q", len(params), query)
		}
		if sh.status < minStatus || sh.status > maxStatus || sh.delay < 0 || sh.delay > maxDelay || sh.size < -1 || sh.size > maxSize {
			t.Fatalf("%q: %+v", query, sh)
		}
		n := 0
		for name, values := range sh.header {
			if n += len(values); !token(name) || strings.HasPrefix(name, "Pod-") || name == "Content-Length" || name == "Connection" {
				t.Fatalf("%q sets %q", query, name)
			}
			for _, v := range values {
				if len(v) > maxHeaderValue || strings.ContainsAny(v, "\r\n\x00\x1b") {
					t.Fatalf("%q sets %s to %q", query, name, v)
				}
			}
		}
		if n > maxHeaders {
			t.Fatalf("%q sets %d headers", query, n)
		}
	})
}

func FuzzNoFormatRepeatsEscapes(f *testing.F) {
	f.Add("/a\x1b[2J", "<b>", "X\u009b: y", []byte("body\x1b"))
	f.Add("</pre><script>", "\u202e", "\xff", []byte("</pre>\n"))
	f.Fuzz(func(t *testing.T, path, host, value string, body []byte) {
		q := &Request{Method: "GET", URI: path, Path: path, Host: host, HostKind: hostKind(host), Header: http.Header{"X": {value}},
			Query: []Param{{value, host}}, BodyLength: int64(len(body))}
		q.setBody(body)
		for _, format := range []format{text, html} {
			b, err := new(scratch).render(format, q)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.ContainsAny(b, "\x00\x07\x1b\x7f\u009b\u202e") {
				t.Fatalf("%q", b)
			}
			if format == html && (bytes.Contains(b, []byte("<script")) || bytes.Contains(b, []byte("<b>")) || bytes.Count(b, []byte("</pre>")) > 1) {
				t.Fatalf("%s", b)
			}
		}
		b, err := new(scratch).render(jsonFormat, q)
		if err != nil || bytes.ContainsAny(b, "\x00\x07\x1b") {
			t.Fatalf("%q, %v", b, err)
		}
	})
}
