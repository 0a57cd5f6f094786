package curl

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// theirs runs the real curl, with no configuration and no environment of its user's.
func theirs(t *testing.T, stdin string, args ...string) said {
	t.Helper()
	cmd := exec.Command("curl", append([]string{"-q"}, args...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// worded is the release whose messages are known; others word some of them in another way.
const worded = "curl 7.88."

// needsCurl skips without the real one, and reports whether its messages are to be compared.
func needsCurl(t *testing.T) (messages bool) {
	t.Helper()
	out, err := exec.Command("curl", "--version").Output()
	if err != nil {
		t.Skipf("the real curl is needed to compare with: %v", err)
	}
	if strings.HasPrefix(string(out), worded) {
		return true
	}
	t.Logf("messages are not compared: they are those of %s", worded)
	return false
}

// message is the first line on standard error that begins "curl: ", with times and local ports left out.
func message(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "curl: ") {
			return regexp.MustCompile(`after \d+ m`).ReplaceAllString(line, "after N m")
		}
	}
	return ""
}

// figures are -w's variables that are the same for everybody.
const figures = `\n%{http_code} %{response_code} %{size_download} %{num_connects} %{num_redirects} %{num_headers} [%{url_effective}]` +
	` [%{content_type}] [%{redirect_url}] [%{remote_ip}:%{remote_port} %{local_ip}] %{method} %{scheme} %{http_version} %{exitcode}\n`

type sideBySide struct {
	name string
	args []string
	want int
	// text: what is said of the failure is the same, too. Else curl words it by its TLS library, or not at all.
	text bool
}

func TestItDoesWhatTheRealCurlDoes(t *testing.T) {
	messages := needsCurl(t)
	for _, test := range cases(t) {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"-sS", "-A", "test"}, test.args...)
			want := theirs(t, "from\nstdin\n", args...)
			got := ours(t, "from\nstdin\n", args...)
			if got.status != want.status || got.status != test.want {
				t.Errorf("exit status %d, that of curl %d, want %d", got.status, want.status, test.want)
			}
			if g, w := withoutDate(got.stdout), withoutDate(want.stdout); g != w {
				t.Errorf("standard output:\n%s\nthat of curl:\n%s", g, w)
			}
			if g, w := message(got.stderr), message(want.stderr); messages && test.text && g != w {
				t.Errorf("message %q, that of curl %q", g, w)
			}
			if (got.stderr == "") != (want.stderr == "") {
				t.Errorf("standard error %q, that of curl %q", got.stderr, want.stderr)
			}
		})
	}
}

// withoutDate leaves out what changes from second to second.
func withoutDate(s string) string {
	return regexp.MustCompile(`(?m)^Date: .*$`).ReplaceAllString(s, "Date: now")
}

func cases(t *testing.T) []sideBySide {
	plain, secured := web(t)
	echo, echo2 := "http://"+mirror(t, "127.0.0.1:0"), "http://"+mirror(t, "127.0.0.1:0")
	port := func(url string) string { return url[strings.LastIndexByte(url, ':')+1:] }
	ca := authority(t, secured)
	refused := "http://" + refusing(t)
	raw := func(answer string) []string {
		return []string{"-i", "-w", figures, "http://" + answers(t, answer) + "/a/b?c"}
	}
	w := func(args ...string) []string { return append([]string{"-w", figures}, args...) }
	list := []sideBySide{
		{"a body", w(plain.URL + "/x"), 0, true},
		{"no path", w(plain.URL), 0, true},
		{"no scheme", w(strings.TrimPrefix(plain.URL, "http://") + "/x"), 0, true},
		{"a scheme in capitals", w(strings.Replace(plain.URL, "http", "HTTP", 1)), 0, true},
		{"headers and body", w("-i", plain.URL+"/x"), 0, true},
		{"HEAD", w("-I", plain.URL+"/x"), 0, true},
		{"chunks", w("-i", plain.URL+"/chunks"), 0, true},
		{"5 MiB", w(plain.URL + "/big"), 0, true},
		{"several URLs, one connection", w(plain.URL+"/1", plain.URL+"/2", plain.URL+"/3"), 0, true},
		{"several URLs, the last has the word", w(refused, plain.URL+"/2"), 0, true},
		{"several URLs, the last fails", w(plain.URL+"/2", refused), 7, true},
		{"output of the first URL only", w("-o", "/dev/null", plain.URL+"/1", plain.URL+"/2"), 0, true},
		{"404", w("-i", plain.URL+"/status/404"), 0, true},
		{"404 with -f", w("-f", plain.URL+"/status/404"), 22, true},
		{"404 with -f and -i", w("-fi", plain.URL+"/status/404"), 22, true},
		{"404 with -f and -I", w("-fI", plain.URL+"/status/404"), 22, true},
		{"404 with --fail-with-body", w("--fail-with-body", plain.URL+"/status/404"), 22, true},
		{"204", w("-i", plain.URL+"/status/204"), 0, true},
		{"304", w("-i", plain.URL+"/status/304"), 0, true},
		{"500 to -f", w("-f", plain.URL+"/status/500"), 22, true},
		{"399 to -f", w("-f", plain.URL+"/status/399"), 0, true},

		{"a redirect that is not followed", w(plain.URL + "/status/302?to=/x"), 0, true},
		{"a redirect", w("-L", plain.URL+"/status/302?to=/x"), 0, true},
		{"a redirect with its headers", w("-iL", plain.URL+"/status/302?to=/x"), 0, true},
		{"a relative redirect", w("-L", plain.URL+"/status/302?to=../a/./b?c=d"), 0, true},
		{"a redirect to a query", w("-L", plain.URL+"/status/302?to=%3Fa"), 0, true},
		{"a redirect to another server", w("-L", plain.URL+"/status/302?to="+echo+"/x"), 0, true},
		{"a redirect with a space", w("-L", plain.URL+"/status/302?to=/a%20b%3Fc%20d"), 0, true},
		{"a redirect beyond ASCII", w("-L", plain.URL+"/status/302?to=/%C3%A9"), 0, true},
		{"a redirect without a place", w("-L", plain.URL+"/status/302"), 0, true},
		{"a redirect in a circle", w("-L", plain.URL+"/loop"), 47, true},
		{"two redirects at most", w("-L", "--max-redirs", "2", plain.URL+"/loop"), 47, true},
		{"no redirects at all", w("-L", "--max-redirs", "0", plain.URL+"/loop"), 47, true},
		{"POST and 301", w("-L", "-d", "x", plain.URL+"/status/301?to=/method"), 0, true},
		{"POST and 302", w("-L", "-d", "x", plain.URL+"/status/302?to=/method"), 0, true},
		{"POST and 303", w("-L", "-d", "x", plain.URL+"/status/303?to=/method"), 0, true},
		{"POST and 307", w("-L", "-d", "x", plain.URL+"/status/307?to=/method"), 0, true},
		{"POST and 308", w("-L", "-d", "x", plain.URL+"/status/308?to=/method"), 0, true},
		{"PUT and 302", w("-L", "-X", "PUT", "-d", "x", plain.URL+"/status/302?to=/method"), 0, true},
		{"HEAD and 303", w("-IL", plain.URL+"/status/303?to=/method"), 0, true},
		{"a password and a redirect", []string{"-L", "-u", "a:b", plain.URL + "/status/302?to=/method"}, 0, true},
		{"a password in the URL and a redirect", w("-L", strings.Replace(plain.URL, "//", "//a:b@", 1)+"/status/302?to="+plain.URL+"/method"), 0, true},
		{"a password and a redirect to strangers", w("-L", "-u", "a:b", "-H", "Cookie: c=d", "-H", "Host: h", plain.URL+"/status/302?to="+echo+"/x"), 0, true},
		{"a token and a redirect to strangers", w("-L", "-H", "Authorization: Bearer x", "-H", "X: y", plain.URL+"/status/302?to="+echo+"/x"), 0, true},

		{"a request as it is sent", w(echo + "/a/../b/./c?d=e#f"), 0, true},
		{"headers", w("-H", "X-A: 1", "-H", "x-b:", "-H", "x-c;", "-H", "accept:", "-H", "nocolon", "-HHost: example.org", echo), 0, true},
		{"no Host", w("-H", "Host:", echo), 0, true},
		{"no User-Agent", w("-A", "", echo), 0, true},
		{"User-Agent by -H", w("-H", "User-Agent: x", echo), 0, true},
		{"POST", w("-d", "a=1", "-d", "b=2", echo), 0, true},
		{"POST of nothing", w("-d", "", echo), 0, true},
		{"POST from standard input", w("-d", "@-", echo), 0, true},
		{"POST from standard input with line ends", w("--data-binary", "@-", echo), 0, true},
		{"POST of an @", w("--data-raw", "@-", echo), 0, true},
		{"POST with a type", w("-d", "{}", "-H", "Content-Type: application/json", echo), 0, true},
		{"data in the URL", w("-G", "-d", "a=1", "-d", "b=2", echo+"/x?y"), 0, true},
		{"data in an empty query", w("-G", "-d", "a=1", echo+"/x?"), 0, true},
		{"PUT", w("-XPUT", "-d", "a=1", echo), 0, true},
		{"a method without a body", w("-X", "POST", echo), 0, true},
		{"a password", w("-u", "a:b:c", echo), 0, true},
		{"a password in the URL", w("http://u:p%41%zz@" + strings.TrimPrefix(echo, "http://") + "/%zz/%2e%2e/x?%"), 0, true},
		{"a path beyond ASCII", []string{echo + "/é"}, 0, true},
		{"two hosts, two connections", w(echo+"/1", echo2+"/2", echo+"/3"), 0, true},

		{"--resolve", w("--resolve", "foo.test:"+port(echo)+":127.0.0.1", "http://foo.test:"+port(echo)), 0, true},
		{"--resolve of every host", w("--resolve", "*:"+port(echo)+":127.0.0.1", "http://foo.test:"+port(echo)), 0, true},
		{"--resolve, and the first address is dead", w("--resolve", "foo.test:"+port(echo)+":[::1],127.0.0.1", "http://foo.test:"+port(echo)), 0, true},
		{"--resolve of nonsense", []string{"--resolve", "foo:80:x", echo}, 49, true},
		{"a name that is none", w("http://a..b/"), 6, true},
		{"a name that does not exist, without its message", []string{"-s", "http://a..b/"}, 6, true},
		{"refused", w(refused), 7, true},
		{"refused, silently", []string{"-s", refused}, 7, true},
		{"-6 and an IPv4 address", w("-6", echo), 7, true},
		{"-4 and an IPv6 address", w("-4", "http://[::1]:1/"), 7, true},

		{"another protocol", []string{"foo://x"}, 1, true},
		{"no HTTP", raw("hello there\n"), 1, true},
		{"HTTP/1.2", raw("HTTP/1.2 200 OK\r\n\r\n"), 1, true},
		{"status 099", raw("HTTP/1.1 099 OK\r\n\r\n"), 1, true},
		{"status 600", raw("HTTP/1.1 600 OK\r\nContent-Length: 3\r\n\r\nabc"), 0, true},
		{"HTTP/1.0", raw("HTTP/1.0 200 OK\r\n\r\nabc"), 0, true},
		{"interim answers", raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: c\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), 0, true},
		{"ends of lines without CR", raw("HTTP/1.1 200 OK\nA: b\nContent-Length: 3\n\nabc"), 0, true},
		{"a header over two lines", raw("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 3\r\n\r\nabc"), 0, true},
		{"no reason", raw("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc"), 0, true},
		{"more than it said", raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"), 0, true},
		{"a header without a colon", raw("HTTP/1.1 200 OK\r\nAbc\r\n\r\n"), 8, true},
		{"a length that is none", raw("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n"), 8, true},
		{"a NUL in a header", raw("HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n"), 8, true},
		{"cut short", raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), 18, true},
		{"a chunk cut short", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), 18, true},
		{"a chunk that is none", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 56, false},
		{"not a byte", raw(""), 52, true},
		{"half a status line", raw("HTTP/1.1 20"), 52, true},
		{"reset", w("http://" + reset(t, "")), 56, true},
		{"reset within the body", w("http://" + reset(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")), 56, true},
		{"a redirect to nonsense", w("-L", "http://"+answers(t, "HTTP/1.1 302 Found\r\nLocation: http://[::/\r\nContent-Length: 0\r\n\r\n")), 3, false},

		{"timeout before an answer", w("-m", "0.3", "http://"+holding(t, "")), 28, true},
		{"timeout within the body", w("-m", "0.3", "http://"+holding(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")), 28, true},
		{"timeout within a body of any length", w("-m", "0.3", "http://"+holding(t, "HTTP/1.0 200 OK\r\n\r\nabc")), 28, true},
		{"timeout within the handshake", w("--connect-timeout", "0.3", "https://"+holding(t, "")), 28, false},

		{"a certificate of nobody's", w(secured.URL), 60, false},
		{"a certificate of nobody's, and that is fine", w("-k", secured.URL+"/x"), 0, true},
		{"an authority", w("--cacert", ca, secured.URL+"/x"), 0, true},
		{"another name than the certificate's", []string{"--cacert", ca, "--resolve", "foo.test:" + port(secured.URL) + ":127.0.0.1",
			"https://foo.test:" + port(secured.URL)}, 60, false},
		{"no authorities", []string{"--cacert", "/nonexistent/ca.pem", secured.URL}, 77, false},
		{"TLS with a server that has none", w("https://" + greeting(t, "HTTP/1.1 400 Bad Request\r\n\r\n")), 35, false},
		{"TLS with a server that hangs up", w("https://" + listen(t, "127.0.0.1:0", func(net.Conn) {})), 35, false},

		{"no URL", nil, 2, true},
		{"an empty URL", w(""), 3, true},
		{"no host", w("http://"), 3, true},
		{"a port without a host", w("http://:80/"), 3, true},
		{"a space", w("http://a b/"), 3, true},
		{"a port that is none", w("http://x:abc/"), 3, true},
		{"a port beyond all", w("http://x:99999/"), 3, true},
		{"an unknown flag", []string{"--no-such-flag", echo}, 2, true},
		{"an unknown flag among letters", []string{"-s_", echo}, 2, true},
		{"a flag with =", []string{"--head=1", echo}, 2, true},
		{"a flag without its value", []string{echo, "-m"}, 2, true},
		{"no number", []string{"-m", "x", echo}, 2, true},
		{"a number below zero", []string{"-m", "-1", echo}, 2, true},
		{"no number of redirects", []string{"--max-redirs", "x", echo}, 2, true},
		{"-w in all its forms", []string{"-o", "/dev/null", "-w", `%{nothing}\n\t\r\x%%%a%{http_code}\`, echo}, 0, true},
		{"-w that is cut short", []string{"-o", "/dev/null", "-w", "%{http_code", echo}, 0, true},
		{"-w from standard input", []string{"-o", "/dev/null", "-w", "@-", echo}, 0, true},
		{"a directory that is not there", []string{"-o", "/nonexistent/x", echo}, 23, true},
		{"a full disk", []string{"-o", "/dev/full", echo}, 23, false},
		{"-O without a name", []string{"-O", echo + "/"}, 23, false},
	}
	if ln, err := net.Listen("tcp", "[::1]:0"); err == nil {
		ln.Close()
		list = append(list, sideBySide{"IPv6", w("http://" + mirror(t, "[::1]:0") + "/x"), 0, true})
	}
	return list
}
