package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"callbyname/internal/probe"
)

// A parser of a value returns an error that goes on where the quoted value ends: `"1x" is not a duration; ...`.

// parseDuration reads Go's notation (time.ParseDuration), within the limits.
func parseDuration(least, most time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return 0, errors.New("is not a duration; write it like 1s or 500ms")
		case d < least || d > most:
			return 0, fmt.Errorf("is out of range; it must be from %s to %s", short(least), short(most))
		}
		return d, nil
	}
}

// parseCache reads how long an approach keeps an address.
func parseCache(s string) (time.Duration, error) {
	if s == "forever" {
		return probe.Forever, nil
	}
	d, err := parseDuration(0, MaxDuration)(s)
	if err != nil {
		return 0, fmt.Errorf("is not a time to keep an address; write 0, a duration up to %s like 30s, or forever", short(MaxDuration))
	}
	return d, nil
}

// parseName reads the name of a target or an approach. They stand in log rows, tables, JSON and metrics.
func parseName(s string) (string, error) {
	legal := func(r rune) bool { return alphanumeric(r) || strings.ContainsRune("._-", r) }
	if s == "" || len(s) > 63 || !all(s, legal) {
		return "", errors.New("is not a name here; use 1 to 63 letters, digits, dots, hyphens and underscores")
	}
	return s, nil
}

// maxURL is far beyond any sensible target, and near enough for a log row.
const maxURL = 2048

// parseURL reads a target's URL as RFC 3986 has it, and refuses what would be sent wrongly or not at all.
func parseURL(s string) (*url.URL, error) {
	if len(s) > maxURL {
		return nil, fmt.Errorf("is longer than %d bytes", maxURL)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return nil, fmt.Errorf("holds a blank or a character outside ASCII at byte %d; percent-encode it, or in a host write punycode", i+1)
	}
	if !strings.Contains(s, "://") {
		return nil, errors.New("does not begin with http://; write it like http://apache.localcluster")
	}
	u, err := url.Parse(s)
	if err != nil {
		if inner := new(url.Error); errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("is not a URL (%w); write it like http://apache.localcluster", err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("has the scheme %s; only http and https can be probed", u.Scheme)
	case u.User != nil:
		return nil, errors.New("holds a user name or password, which would stand in every log; use an Authorization header in a file")
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return nil, errors.New("has a fragment, which is never sent; leave out everything from # on")
	case u.Hostname() == "":
		return nil, errors.New("has no host; write it like http://apache.localcluster")
	}
	if strings.HasSuffix(u.Host, ":") {
		return nil, errors.New("has a colon and no port; leave it out or write a port from 1 to 65535")
	}
	if port := u.Port(); port != "" {
		if _, err := parsePort(port); err != nil {
			return nil, fmt.Errorf("has the port %s, and a port is a number from 1 to 65535", port)
		}
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		_, err = usable(addr)
		return u, err
	}
	if !dnsName(u.Hostname()) {
		return nil, fmt.Errorf("has the host %s, which is neither a DNS name nor an IP address", quote(u.Hostname()))
	}
	return u, nil
}

// endpoint is an address or a name, and a port where one was written.
type endpoint struct {
	host string
	addr netip.Addr // valid when the host is an IP address
	port uint16     // 0: not written
}

// parseEndpoint takes apart HOST, HOST:PORT, ADDR, [ADDR] and [ADDR]:PORT; host names are not looked at yet.
func parseEndpoint(s string) (e endpoint, err error) {
	rest := ""
	if addr, err := netip.ParseAddr(s); err == nil {
		e.host, e.addr = s, addr
	} else if inner, found := strings.CutPrefix(s, "["); found {
		e.host, rest, found = strings.Cut(inner, "]")
		if e.addr, err = netip.ParseAddr(e.host); err != nil || !found || !e.addr.Is6() {
			return e, errors.New("has brackets, and there belongs an IPv6 address into them, like [fd00::5]:8080")
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		e.host, rest = s[:i], s[i:]
		e.addr, _ = netip.ParseAddr(e.host)
	} else {
		e.host = s
	}
	if rest != "" {
		if e.port, err = parsePort(strings.TrimPrefix(rest, ":")); err != nil || rest[0] != ':' {
			return e, errors.New("has no valid port; a port is a number from 1 to 65535, and IPv6 with a port is written [fd00::5]:8080")
		}
	}
	if e.addr.IsValid() {
		e.addr, err = usable(e.addr)
		e.host = e.addr.String()
	}
	return e, err
}

// parsePin reads ADDR[:PORT]. The port is 0 when none is written.
func parsePin(s string) (netip.AddrPort, error) {
	return parseAddrPort(s, 0, "10.244.0.5, 10.244.0.5:8080 or [fd00::5]:8080")
}

// parseNameserver reads ADDR[:PORT] with DNS's port (RFC 1035, section 4.2) as default.
func parseNameserver(s string) (netip.AddrPort, error) {
	return parseAddrPort(s, 53, "10.96.0.10 or [fd00::a]:53")
}

func parseAddrPort(s string, port uint16, example string) (netip.AddrPort, error) {
	e, err := parseEndpoint(s)
	if err == nil && !e.addr.IsValid() {
		err = fmt.Errorf("is not an IP address; write it like %s", example)
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(e.addr, cmp.Or(e.port, port)), nil
}

// address is what an approach dials.
type address struct {
	endpoint
	pin bool
}

// parseAddress reads `pin`, a name or an IP address, with a port where it is not the URL's.
func parseAddress(s string) (address, error) {
	if s == "pin" {
		return address{pin: true}, nil
	}
	if strings.Contains(s, "/") {
		return address{}, errors.New("is not an address; write only the name, with :port where it is not the url's, or pin")
	}
	e, err := parseEndpoint(s)
	if err == nil && !e.addr.IsValid() && !dnsName(e.host) {
		err = errors.New("is neither a DNS name nor an IP address nor pin")
	}
	return address{endpoint: e}, err
}

// usable refuses addresses at which no single host can be, and those that only a zone makes dialable; it turns
// IPv4-mapped IPv6 into IPv4.
func usable(a netip.Addr) (netip.Addr, error) {
	zone := a.Zone()
	a = a.Unmap()
	switch {
	case zone != "" || a.Is6() && a.IsLinkLocalUnicast():
		return a, errors.New("is a link-local address or has a zone; write an address that is valid beyond one link")
	case a.IsUnspecified():
		return a, errors.New("is the unspecified address, at which nobody answers; write a real one")
	case a.IsMulticast(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return a, errors.New("is a multicast or broadcast address; write that of a single host")
	}
	return a, nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return uint16(n), err
}

// dnsName follows RFC 1123, section 2.1, with underscores, which resolvers pass on. A name whose last label is all
// digits is a mistyped address.
func dnsName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	last := ""
	for last = range strings.SplitSeq(s, ".") {
		legal := func(r rune) bool { return alphanumeric(r) || r == '-' || r == '_' }
		if last == "" || len(last) > 63 || !all(last, legal) || last[0] == '-' || last[len(last)-1] == '-' {
			return false
		}
	}
	return !all(last, func(r rune) bool { return '0' <= r && r <= '9' })
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func all(s string, is func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !is(r) })
}

// quote shows a value in a message: on one line, printable, not without end, and without a URL's user and password.
func quote(s string) string {
	const most = 80
	if before, rest, ok := strings.Cut(s, "//"); ok {
		authority, path, _ := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			s = before + "//xxxxx" + authority[at:]
			if len(path) > 0 {
				s += "/" + path
			}
		}
	}
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}

// short is a duration without the zeros that Go appends: 2m for 2m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
