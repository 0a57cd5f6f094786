package config

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"callbyname/internal/probe"
)

// Limits of what a target's requests may carry.
const (
	maxHeaders = 64
	maxValue   = 4096 // bytes in one header's value
)

// parseMethod reads a method: a token of RFC 9110, section 9, and in it upper and lower case differ.
func parseMethod(s string) (string, error) {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace}
	upper := strings.ToUpper(s)
	switch {
	case !token(s) || len(s) > 32:
		return "", errors.New("is not an HTTP method; write it like GET or HEAD")
	case upper == http.MethodConnect:
		return "", errors.New("opens a tunnel, which is not probed; write a method like GET or HEAD")
	case s != upper && slices.Contains(known, upper):
		return "", fmt.Errorf("is not the method %s, whose case matters; write %s", upper, upper)
	}
	return s, nil
}

// parseHeaderName reads the name of a header that a target may set: not those that the request's framing, its
// connection or an approach's `host` decide (RFC 9110, section 7.6.1). It returns the canonical form.
func parseHeaderName(s string) (string, error) {
	if !token(s) || len(s) > 256 {
		return "", errors.New("is not a header name (RFC 9110, section 5.1)")
	}
	switch name := http.CanonicalHeaderKey(s); name {
	case "Host":
		return "", errors.New("is always the url's host; to send the address instead, write `host: literal` in an approach")
	case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return "", errors.New("belongs to the connection, which the approach decides (`keepalive`); leave it out")
	case "Content-Length", "Expect":
		return "", errors.New("announces a body, and a probe sends none; leave it out")
	default:
		return name, nil
	}
}

// parseHeaderValue reads a field value as RFC 9110, section 5.5 has it: no control characters but tabs.
func parseHeaderValue(s string) (string, error) {
	if len(s) > maxValue {
		return "", fmt.Errorf("is longer than %d bytes", maxValue)
	}
	if !all(s, func(r rune) bool { return r == '\t' || r >= ' ' && r != 0x7f }) {
		return "", errors.New("holds a line break or another control character, which no header can")
	}
	return strings.Trim(s, " \t"), nil
}

// parseStatuses reads a status or a range of them.
func parseStatuses(s string) (probe.StatusRange, error) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	from, err1 := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	switch {
	case err1 != nil || err2 != nil:
		return probe.StatusRange{}, errors.New("is not a status or a range of them; write them like 404 or 200-299")
	case from < 100 || to < 100 || from > 599 || to > 599:
		return probe.StatusRange{}, errors.New("is out of range; statuses go from 100 to 599")
	case from > to:
		return probe.StatusRange{}, fmt.Errorf("is the wrong way round; write %d-%d", to, from)
	}
	return probe.StatusRange{From: int(from), To: int(to)}, nil
}

// token is that of RFC 9110, section 5.6.2.
func token(s string) bool {
	return s != "" && all(s, func(r rune) bool { return alphanumeric(r) || strings.ContainsRune("!#$%&'*+-.^_`|~", r) })
}
