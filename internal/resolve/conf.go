package resolve

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Limits of glibc (resolv/resolv.h), and one of ours: glibc 2.26 and later take a search list of any length.
const (
	maxServers  = 3
	maxNdots    = 15
	maxTimeout  = 30
	maxAttempts = 5
	maxSearch   = 32
)

const dnsPort = 53

// config is what resolv.conf says.
type config struct {
	servers  []netip.AddrPort
	search   []string // without leading dots; "" is the root
	ndots    int
	timeout  time.Duration // of one question to one server, in the first round
	attempts int           // rounds through all servers
	rotate   bool          // start with another server each time
	noAAAA   bool          // never ask for IPv6 (glibc 2.36)
	tcp      bool          // use-vc: ask over TCP only
	noTLD    bool          // no-tld-query: never ask for a name without a dot as it is
}

// parseConfig reads resolv.conf as glibc does (resolv/res_init.c): a keyword counts at the start of a line and before
// a blank, a line that makes no sense is ignored, the last domain or search line wins, options add up, numbers beyond a limit
// become the limit. Without a nameserver it is 127.0.0.1; without a search list it is the domain of hostname.
//
// Unlike glibc it does not take nameservers in the octal and short forms of inet_aton, nor a number of attempts below 1, and
// it ignores sortlist, single-request (questions go out together, and one family's loss does not fail the other), trust-ad and
// edns0 (always on), and no-reload. The environment (LOCALDOMAIN, RES_OPTIONS) is not read: files only.
func parseConfig(text, hostname string) config {
	c := config{ndots: 1, timeout: 5 * time.Second, attempts: 2}
	for line := range strings.Lines(text) {
		keyword, rest, found := cutBlank(strings.TrimSuffix(line, "\n"))
		fields := strings.FieldsFunc(rest, blank)
		if !found || len(fields) == 0 {
			continue
		}
		switch keyword {
		case "nameserver":
			if addr, err := netip.ParseAddr(strings.TrimRightFunc(fields[0], space)); err == nil && len(c.servers) < maxServers {
				c.servers = append(c.servers, netip.AddrPortFrom(addr, dnsPort))
			}
		case "domain":
			c.search = searchList(fields[:1])
		case "search":
			c.search = searchList(fields)
		case "options":
			for _, option := range fields {
				c.option(option)
			}
		}
	}
	if len(c.servers) == 0 {
		c.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), dnsPort)}
	}
	if _, domain, ok := strings.Cut(hostname, "."); ok && len(c.search) == 0 {
		c.search = searchList([]string{domain})
	}
	return c
}

func (c *config) option(option string) {
	name, value, _ := strings.Cut(option, ":")
	switch {
	case name == "ndots":
		c.ndots = number(value, 0, maxNdots)
	case name == "timeout":
		c.timeout = time.Duration(number(value, 1, maxTimeout)) * time.Second
	case name == "attempts":
		c.attempts = number(value, 1, maxAttempts)
	case strings.HasPrefix(option, "rotate"): // glibc looks at the first letters only
		c.rotate = true
	case strings.HasPrefix(option, "no-aaaa"):
		c.noAAAA = true
	case strings.HasPrefix(option, "use-vc"):
		c.tcp = true
	case strings.HasPrefix(option, "no-tld-query"), strings.HasPrefix(option, "no_tld_query"):
		c.noTLD = true
	}
}

// number reads as atoi does: the leading digits, and 0 without any.
func number(s string, low, high int) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		return low
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return high // more digits than an int has
	}
	return min(max(n, low), high)
}

func searchList(domains []string) []string {
	var list []string
	for _, d := range domains[:min(len(domains), maxSearch)] {
		list = append(list, printable(strings.TrimSuffix(strings.TrimPrefix(d, "."), ".")))
	}
	return list
}

// printable writes what is not printable ASCII as DNS does (RFC 1035, 5.1).
func printable(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func blank(r rune) bool { return r == ' ' || r == '\t' }

// cutBlank splits a line at its first blank.
func cutBlank(line string) (before, after string, found bool) {
	i := strings.IndexFunc(line, blank)
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i:], true
}
