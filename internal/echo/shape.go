package echo

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What the query of /echo may ask for at most.
const (
	minStatus, maxStatus = 200, 599
	maxDelay             = time.Minute
	maxSize              = 10 << 20 // bytes
	maxHeaders           = 16       // how often header may be given
	maxHeaderValue       = 1024     // bytes
)

// shape is how an answer of /echo is to look.
type shape struct {
	status int           // status=404; 200 without it
	delay  time.Duration // delay=1.5s
	size   int64         // size=1000: so many bytes of filling stand in for the echo; -1 without it
	header http.Header   // header=Name:value, several times if need be
}

// Param is one parameter of a query, in its order.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// parseQuery finds the parameters of a query and the shape that they ask for. Parameters that shape nothing are whatever
// they like; of those that don't parse, note says how many. A parameter that shapes and is wrong is an error for the
// client.
func parseQuery(query string) (shape, []Param, string, error) {
	sh := shape{status: http.StatusOK, size: -1}
	var params []Param
	seen := map[string]bool{}
	broken := 0
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		if err != nil || valueErr != nil {
			if shapes(name) {
				return shape{}, nil, "", wrong(name, rawValue, "percent signs followed by two hexadecimal digits")
			}
			broken++
			continue
		}
		params = append(params, Param{name, value})
		if !shapes(name) {
			continue
		}
		if seen[name] && name != "header" {
			return shape{}, nil, "", wrong(name, value, "given once")
		}
		seen[name] = true
		if want := sh.set(name, value); want != "" {
			return shape{}, nil, "", wrong(name, value, want)
		}
	}
	if sh.size > 0 && !hasBody(sh.status) {
		return shape{}, nil, "", wrong("size", strconv.FormatInt(sh.size, 10), "0 or absent, since an answer with this status has no body")
	}
	note := ""
	if broken > 0 {
		note = strconv.Itoa(broken) + " of the parameters do not parse and are left out"
	}
	return sh, params, note, nil
}

func shapes(name string) bool {
	return name == "status" || name == "delay" || name == "size" || name == "header"
}

func wrong(name, value, want string) error {
	return fault(http.StatusBadRequest, "parameter %s=%q: must be %s", name, value[:min(len(value), maxHeaderValue)], want)
}

// set takes one parameter, or says what it would have to be.
func (sh *shape) set(name, value string) (want string) {
	var err error
	switch name {
	case "status":
		sh.status, err = strconv.Atoi(value)
		if err != nil || sh.status < minStatus || sh.status > maxStatus {
			return "a number from 200 to 599"
		}
	case "delay":
		sh.delay, err = time.ParseDuration(value)
		if err != nil || sh.delay < 0 || sh.delay > maxDelay {
			return "a duration from 0s to 1m, such as 1.5s or 200ms"
		}
	case "size":
		sh.size, err = strconv.ParseInt(value, 10, 64)
		if err != nil || sh.size < 0 || sh.size > maxSize {
			return "a number of bytes from 0 to 10485760"
		}
	case "header":
		return sh.setHeader(value)
	}
	return ""
}

// setHeader takes what a client may say in the server's name: neither who answers, nor where the message ends, nor what
// keeps a browser from running it.
func (sh *shape) setHeader(line string) (want string) {
	name, value, ok := strings.Cut(line, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !ok || !token(name):
		return "Name:value, such as X-Test:1"
	case len(value) > maxHeaderValue || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }):
		return "Name:value with a value of at most 1024 printable ASCII characters"
	}
	name = http.CanonicalHeaderKey(name)
	if reserved(name) {
		return "the name of a header that the server does not set itself"
	}
	if sh.header == nil {
		sh.header = http.Header{}
	}
	n := 0
	for _, values := range sh.header {
		n += len(values)
	}
	if n == maxHeaders {
		return "given at most 16 times"
	}
	sh.header.Add(name, value)
	return ""
}

// reserved reports whether shaping must not touch a header: identity, connection and framing (RFC 9110, section 7.6.1), and the
// browser's protection.
func reserved(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings", "Content-Length", "Date", "Vary",
		"Cache-Control", "Content-Security-Policy", "X-Content-Type-Options", "Strict-Transport-Security", "Clear-Site-Data":
		return true
	}
	return strings.HasPrefix(name, "Pod-") || strings.HasPrefix(name, "Proxy-")
}

// token reports whether s may name a header (RFC 9110, section 5.6.2).
func token(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}
