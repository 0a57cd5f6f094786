package curl

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"callbyname/internal/cli"
)

// variable is one of -w's.
type variable struct {
	name string
	text func(s *stats, f *failure) string // f is nil after success
}

// variables are all there are, in the order of the usage text. They look as in curl: statuses have three digits, times are
// seconds with six decimals.
func variables() []variable {
	seconds := func(d func(*stats) time.Duration) func(*stats, *failure) string {
		return func(s *stats, _ *failure) string { return fmt.Sprintf("%.6f", d(s).Seconds()) }
	}
	number := func(n func(*stats) int) func(*stats, *failure) string {
		return func(s *stats, _ *failure) string { return strconv.Itoa(n(s)) }
	}
	text := func(of func(*stats) string) func(*stats, *failure) string {
		return func(s *stats, _ *failure) string { return of(s) }
	}
	status := func(s *stats, _ *failure) string { return fmt.Sprintf("%03d", s.status) }
	return []variable{
		{"http_code", status},
		{"response_code", status},
		{"time_namelookup", seconds(func(s *stats) time.Duration { return s.lookup })},
		{"time_connect", seconds(func(s *stats) time.Duration { return s.connect })},
		{"time_appconnect", seconds(func(s *stats) time.Duration { return s.appconnect })},
		{"time_pretransfer", seconds(func(s *stats) time.Duration { return s.pretransfer })},
		{"time_starttransfer", seconds(func(s *stats) time.Duration { return s.starttransfer })},
		{"time_redirect", seconds(func(s *stats) time.Duration { return s.redirected })},
		{"time_total", seconds(func(s *stats) time.Duration { return s.total })},
		{"remote_ip", text(func(s *stats) string { return ip(s.remote) })},
		{"remote_port", number(func(s *stats) int { return int(s.remote.Port()) })},
		{"local_ip", text(func(s *stats) string { return ip(s.local) })},
		{"local_port", number(func(s *stats) int { return int(s.local.Port()) })},
		{"size_download", text(func(s *stats) string { return strconv.FormatInt(s.size, 10) })},
		{"num_connects", number(func(s *stats) int { return s.connects })},
		{"num_headers", number(func(s *stats) int { return s.headers })},
		{"num_redirects", number(func(s *stats) int { return s.redirects })},
		{"redirect_url", text(func(s *stats) string { return s.redirect })},
		{"url_effective", text(func(s *stats) string { return s.url })},
		{"content_type", text(func(s *stats) string { return s.contentType })},
		{"method", text(func(s *stats) string { return s.method })},
		{"scheme", text(func(s *stats) string { return s.scheme })},
		{"http_version", text(func(s *stats) string {
			if s.version == "" {
				return "0"
			}
			return s.version
		})},
		{"errormsg", func(_ *stats, f *failure) string {
			if f == nil {
				return ""
			}
			return f.text
		}},
		{"exitcode", func(_ *stats, f *failure) string {
			if f == nil {
				return "0"
			}
			return strconv.Itoa(f.code)
		}},
	}
}

func variableNames() []string {
	var names []string
	for _, v := range variables() {
		names = append(names, v.name)
	}
	return names
}

// ip is an address as curl writes it, empty when there is none.
func ip(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr().Unmap().WithZone("").String()
}

// writeOut prints what -w asks for.
func (p *program) writeOut(s *stats, err error) {
	if p.options.writeOut == "" {
		return
	}
	var f *failure
	if err != nil {
		f = asFailure(err)
	}
	text, strange := expand(p.options.writeOut, s, f)
	for _, name := range strange {
		fmt.Fprintf(p.stderr, "curl: unknown --write-out variable: '%s'\n", harmless(name))
	}
	if _, ok := cli.Terminal(p.stdout); ok {
		text = harmless(text)
	}
	fmt.Fprint(p.stdout, text)
}

// expand fills in a format, and returns the names in it that are no variables.
func expand(format string, s *stats, f *failure) (text string, strange []string) {
	values := variables()
	var b strings.Builder
	for len(format) > 0 {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(format, "%{"), "}"); ok && strings.HasPrefix(format, "%{") {
			format = rest
			if value := lookUp(values, name); value != nil {
				b.WriteString(value(s, f))
			} else {
				strange = append(strange, name)
			}
			continue
		}
		n := 1
		switch {
		case strings.HasPrefix(format, "%%"):
			b.WriteByte('%')
			n = 2
		case len(format) > 1 && format[0] == '\\':
			b.WriteString(unescape(format[:2]))
			n = 2
		default:
			b.WriteByte(format[0])
		}
		format = format[n:]
	}
	return b.String(), strange
}

func lookUp(values []variable, name string) func(*stats, *failure) string {
	for _, v := range values {
		if v.name == name {
			return v.text
		}
	}
	return nil
}

func unescape(pair string) string {
	switch pair[1] {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	}
	return pair
}
