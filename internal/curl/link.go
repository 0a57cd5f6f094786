package curl

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// link is a URL as curl reads it: looser than RFC 3986 in what it takes, and passed on as it was typed, where net/url would
// refuse or mend it.
type link struct {
	scheme   string // "http" or "https"
	userinfo string // as typed; empty without
	user     string // decoded; with signedIn
	password string
	signedIn bool
	host     string // decoded, IPv6 without brackets
	port     string // as typed; empty for the scheme's
	path     string // begins with a slash, without dot segments
	query    string // with its "?"; empty without
	fragment string // with its "#"; empty without
}

var errURL = &failure{exitURL, "URL using bad/illegal format or missing URL"}

// parseLink reads a URL; one without a scheme is http. A failure is exitURL or exitProtocol.
func parseLink(s string) (link, error) {
	l := link{scheme: "http"}
	if strings.IndexFunc(s, blank) >= 0 {
		return l, errURL
	}
	rest := s
	if name, after, ok := cutScheme(s); ok {
		l.scheme, rest = strings.ToLower(name), after
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, rest = rest[:i], rest[i:]
	} else {
		rest = ""
	}
	if err := l.authority(authority); err != nil {
		return l, err
	}
	if l.scheme != "http" && l.scheme != "https" {
		return l, failf(exitProtocol, "Protocol %q not supported or disabled in libcurl", l.scheme)
	}
	l.place(rest)
	return l, nil
}

// blank reports whether r is a space or a control character: nothing that a URL has.
func blank(r rune) bool { return r <= ' ' || unicode.IsControl(r) }

// cutScheme takes "http://" off, with any number of slashes from one to three, as curl does.
func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":/")
	if !ok || scheme == "" || strings.IndexFunc(scheme, notScheme) >= 0 {
		return "", s, false
	}
	for range 2 {
		rest = strings.TrimPrefix(rest, "/")
	}
	return scheme, rest, true
}

func notScheme(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("+-.", r))
}

func (l *link) authority(s string) error {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		l.userinfo, s = s[:i], s[i+1:]
		user, password, _ := strings.Cut(l.userinfo, ":")
		l.user, l.password, l.signedIn = decode(user), decode(password), true
	}
	if literal, ok := strings.CutPrefix(s, "["); ok {
		host, after, closed := strings.Cut(literal, "]")
		host = strings.Replace(host, "%25", "%", 1) // the zone of RFC 6874
		if addr, err := netip.ParseAddr(host); err != nil || !closed || !addr.Is6() {
			return errURL
		}
		l.host, s = host, after
	} else {
		end := strings.IndexByte(s, ':')
		if end < 0 {
			end = len(s)
		}
		l.host, s = decode(s[:end]), s[end:]
		if l.host == "" || strings.IndexFunc(l.host, blank) >= 0 || strings.ContainsAny(l.host, "/:#?!@{}[]\\$'\"^`*<>=;,+&()|%") {
			return errURL
		}
	}
	port, ok := strings.CutPrefix(s, ":")
	if _, err := strconv.ParseUint(port, 10, 16); s != "" && !ok || port != "" && err != nil {
		return errURL
	}
	l.port = port
	return nil
}

// place takes path, query and fragment.
func (l *link) place(s string) {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s, l.fragment = s[:i], s[i:]
	}
	l.query = ""
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s, l.query = s[:i], encode(s[i:], "+")
	}
	l.path = withoutDots(encode(s, "%20"))
}

// follow is where a Location header leads from here.
func (l link) follow(location string) (link, error) {
	before, after, asks := strings.Cut(location, "?")
	location = strings.ReplaceAll(before, " ", "%20")
	if asks {
		location += "?" + strings.ReplaceAll(after, " ", "+")
	}
	var next link
	var err error
	switch _, _, absolute := cutScheme(location); {
	case absolute:
		next, err = parseLink(location)
	case strings.HasPrefix(location, "//"):
		next, err = parseLink(l.scheme + ":" + location)
	default:
		if strings.IndexFunc(location, blank) >= 0 {
			err = errURL
			break
		}
		next, next.fragment = l, ""
		switch {
		case strings.HasPrefix(location, "/"):
			next.place(location)
		case strings.HasPrefix(location, "?"):
			next.place(l.path + location)
		case strings.HasPrefix(location, "#"):
			next.fragment = location
		default:
			next.place(l.path[:strings.LastIndexByte(l.path, '/')+1] + location)
		}
	}
	if errors.Is(err, errURL) {
		return next, failf(exitURL, "The redirect target URL could not be parsed: %s", location)
	}
	return next, err
}

// withQuery is l with more in its query.
func (l link) withQuery(more string) link {
	switch l.query {
	case "":
		l.query = "?" + more
	case "?":
		l.query += more
	default:
		l.query += "&" + more
	}
	return l
}

// target is what stands in the request line.
func (l link) target() string { return l.path + l.query }

// hostPort is what stands in the Host header: without the port when it is the scheme's own.
func (l link) hostPort() string {
	if l.port == "" || l.number() == l.standard() {
		return l.bracketed()
	}
	return l.bracketed() + ":" + strconv.Itoa(int(l.number()))
}

func (l link) bracketed() string {
	if strings.Contains(l.host, ":") {
		host, _, _ := strings.Cut(l.host, "%") // a zone is this machine's affair
		return "[" + host + "]"
	}
	return l.host
}

func (l link) standard() uint16 {
	if l.scheme == "https" {
		return 443
	}
	return 80
}

// number is the port to dial.
func (l link) number() uint16 {
	if l.port == "" {
		return l.standard()
	}
	n, _ := strconv.ParseUint(l.port, 10, 16) // as parseLink has checked
	return uint16(n)
}

// origin is what two links have in common when one connection does for both.
func (l link) origin() string {
	return fmt.Sprintf("%s://%s:%d", l.scheme, strings.ToLower(l.host), l.number())
}

func (l link) String() string {
	var b strings.Builder
	b.WriteString(l.scheme + "://")
	if l.signedIn {
		b.WriteString(l.userinfo + "@")
	}
	b.WriteString(l.bracketed())
	if l.port != "" {
		b.WriteString(":" + l.port)
	}
	return b.String() + l.path + l.query + l.fragment
}

// file is the name that -O gives: the last part of the path.
func (l link) file() string { return l.path[strings.LastIndexByte(l.path, '/')+1:] }

// encode writes what can't stand in a request line as %XX, as curl does: bytes beyond ASCII in small letters, a space as told.
func encode(s, space string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteString(space)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, "%%%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// decode takes %XX for the byte that it stands for; what is no such thing stays.
func decode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// withoutDots takes "." and ".." out of a path (RFC 3986, section 5.2.4), and gives it a first slash.
func withoutDots(path string) string {
	var kept []string
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		if part == ".." && len(kept) > 0 {
			kept = kept[:len(kept)-1]
		}
		switch dots := part == "." || part == ".."; {
		case !dots:
			kept = append(kept, part)
		case i == len(parts)-1:
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
