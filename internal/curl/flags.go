package curl

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"callbyname/internal/resolve"
)

// options are what the arguments say.
type options struct {
	urls    []string
	outputs []output // of the URLs, in their order; there may be fewer or more

	help, version     bool
	silent, showError bool
	verbose           bool
	include, head     bool
	follow            bool
	fail, failAfter   bool // -f, --fail-with-body
	insecure          bool
	get               bool // -G
	literal           bool // -g

	method    string // of -X, empty without
	headers   []string
	data      *strings.Builder // nil without -d
	agent     *string          // nil without -A
	user      string
	writeOut  string
	redirects int // below 0: any number

	maxTime, connectTimeout time.Duration // 0 is for ever
	family                  resolve.Family
	resolve                 map[string][]netip.Addr // by "host:port"; the host may be "*"
	nameservers             []netip.AddrPort
	authorities             string // a file
}

// output is where a body goes.
type output struct {
	file   string // "-" is the standard output, also when it is a terminal; empty is the same, within reason
	remote bool   // the file is called as the URL's
}

// The limits that curl has without flags.
const (
	defaultConnectTimeout = 5 * time.Minute
	defaultRedirects      = 50
)

// option is one of curl's.
type option struct {
	short string // without dash; may be empty
	long  string
	value string // what a person calls its value; empty for a switch
	usage string // empty for a switch that changes nothing here
	set   func(o *options, value string) error
}

func on(field func(*options) *bool) func(*options, string) error {
	return func(o *options, _ string) error { *field(o) = true; return nil }
}

func ignore(*options, string) error { return nil }

// reader reads the file that a value names after its "@"; "-" is the standard input.
type reader func(name string) ([]byte, error)

// flags are all there are, in the order of the usage text.
func flags(read reader) []option {
	return []option{
		{"s", "silent", "", "say nothing of failures", on(func(o *options) *bool { return &o.silent })},
		{"S", "show-error", "", "with -s: but do", on(func(o *options) *bool { return &o.showError })},
		{"f", "fail", "", "an HTTP status of 400 or more is a failure (22), without a body", on(func(o *options) *bool { return &o.fail })},
		{"", "fail-with-body", "", "the same with the body", on(func(o *options) *bool { return &o.failAfter })},
		{"i", "include", "", "print the answer's headers too", on(func(o *options) *bool { return &o.include })},
		{"I", "head", "", "ask for the headers only (HEAD)", on(func(o *options) *bool { return &o.head })},
		{"v", "verbose", "", "tell what happens: names, addresses, headers, who answered, times", on(func(o *options) *bool { return &o.verbose })},
		{"L", "location", "", "follow redirects", on(func(o *options) *bool { return &o.follow })},
		{"", "max-redirs", "N", "but no more than so many (50; -1 is any number)", func(o *options, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil {
				return errNumber
			}
			o.redirects = n
			return nil
		}},
		{"o", "output", "FILE", "write the body to a file; - is the standard output", func(o *options, v string) error {
			o.outputs = append(o.outputs, output{file: v})
			return nil
		}},
		{"O", "remote-name", "", "write it to a file called as the URL's last part", func(o *options, _ string) error {
			o.outputs = append(o.outputs, output{remote: true})
			return nil
		}},
		{"w", "write-out", "FORMAT", "print this afterwards; see below", func(o *options, v string) error {
			err := fromFile(&o.writeOut, v, read)
			if strings.HasPrefix(v, "@") {
				o.writeOut = oneLine(o.writeOut)
			}
			return err
		}},
		{"X", "request", "METHOD", "the request's method", func(o *options, v string) error { o.method = v; return nil }},
		{"H", "header", "LINE", "send this header; \"Name:\" leaves one out", (*options).addHeader},
		{"A", "user-agent", "NAME", "the User-Agent header", func(o *options, v string) error { o.agent = &v; return nil }},
		{"u", "user", "USER:PASSWORD", "sign in (Basic)", func(o *options, v string) error { o.user = v; return nil }},
		{"d", "data", "DATA", "POST this; @FILE is a file's text without its line ends, @- the standard input's", func(o *options, v string) error {
			return o.addData(v, read, true)
		}},
		{"", "data-raw", "DATA", "the same, and @ means nothing", func(o *options, v string) error { return o.addData(v, nil, false) }},
		{"", "data-binary", "DATA", "the same as -d, with the line ends", func(o *options, v string) error {
			return o.addData(v, read, false)
		}},
		{"G", "get", "", "put the data into the URL instead", on(func(o *options) *bool { return &o.get })},
		{"m", "max-time", "SECONDS", "how long all of it may take", func(o *options, v string) (err error) {
			o.maxTime, err = seconds(v)
			return err
		}},
		{"", "connect-timeout", "SECONDS", "how long it may take until there is a connection (300)", func(o *options, v string) (err error) {
			if o.connectTimeout, err = seconds(v); o.connectTimeout == 0 {
				o.connectTimeout = defaultConnectTimeout
			}
			return err
		}},
		{"4", "ipv4", "", "names have IPv4 addresses only", func(o *options, _ string) error { o.family = resolve.IPv4; return nil }},
		{"6", "ipv6", "", "names have IPv6 addresses only", func(o *options, _ string) error { o.family = resolve.IPv6; return nil }},
		{"", "resolve", "HOST:PORT:ADDR[,ADDR]", "the addresses of a name; * is every host", (*options).addResolve},
		{"", "dns-servers", "ADDR[:PORT][,...]", "ask these instead of those in /etc/resolv.conf", (*options).addServers},
		{"k", "insecure", "", "trust any certificate", on(func(o *options) *bool { return &o.insecure })},
		{"", "cacert", "FILE", "trust the authorities in this file (PEM)", func(o *options, v string) error { o.authorities = v; return nil }},
		{"g", "globoff", "", "take [] and {} in URLs as they are", on(func(o *options) *bool { return &o.literal })},
		{"h", "help", "", "print this", on(func(o *options) *bool { return &o.help })},
		{"V", "version", "", "print the version", on(func(o *options) *bool { return &o.version })},
		{"N", "no-buffer", "", "", ignore},
		{"q", "disable", "", "", ignore},
		{"", "http1.1", "", "", ignore},
		{"", "no-progress-meter", "", "", ignore},
	}
}

const intro = `Requests URLs and prints what they answer, as curl does, with its exit statuses.

Usage:
  prober curl [FLAGS] URL...
  curl [FLAGS] URL...         when the program is called by that name

Flags:
`

const outro = `
Without effect, since it is so anyway: %s

Variables for -w, as in %%{http_code}; \n, \r and \t are what they are in C:
  %s

Exit statuses: 0 answered, 1 no HTTP/1, 2 bad flags, 3 bad URL, 6 not resolved, 7 not connected, 8 weird headers, 18 cut short,
22 HTTP status (-f), 23 can't write, 26 can't read, 28 timeout, 35 TLS, 47 redirects, 49 bad --resolve, 52 empty answer,
55 and 56 lost while sending and receiving, 60 certificate, 77 bad --cacert.
`

// usage is the text of --help.
func usage() string {
	var b strings.Builder
	b.WriteString(intro)
	var idle []string
	for _, f := range flags(nil) {
		if f.usage == "" {
			idle = append(idle, f.name())
			continue
		}
		left := "    --" + f.long
		if f.short != "" {
			left = "-" + f.short + ", --" + f.long
		}
		fmt.Fprintf(&b, "  %-36s %s\n", left+" "+f.value, f.usage)
	}
	fmt.Fprintf(&b, outro, strings.Join(idle, ", "), wrapped(variableNames()))
	return b.String()
}

// wrapped is a list of words in lines of a terminal's width.
func wrapped(words []string) string {
	var b strings.Builder
	column := 0
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		switch {
		case column == 0:
		case column+1+len(word) > 110:
			b.WriteString("\n  ")
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// name is both of a flag's names.
func (f option) name() string {
	if f.short == "" {
		return "--" + f.long
	}
	return "-" + f.short + " (--" + f.long + ")"
}

var (
	errUnknown  = errors.New("is unknown")
	errNumber   = errors.New("expected a proper numerical parameter")
	errNegative = errors.New("expected a positive numerical parameter")
)

// parse reads the arguments. An error that is a failure has an exit status of its own.
func parse(args []string, read reader) (options, error) {
	o := options{connectTimeout: defaultConnectTimeout, redirects: defaultRedirects}
	all := flags(read)
	over := false // "--" was seen
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--" && !over:
			over = true
			continue
		case over || !strings.HasPrefix(arg, "-"):
			o.urls = append(o.urls, arg)
			continue
		}
		var err error
		if args, err = o.take(all, arg, args); err != nil {
			if f := (*failure)(nil); errors.As(err, &f) {
				return o, f
			}
			return o, fmt.Errorf("option %s: %w", arg, err)
		}
	}
	switch {
	case o.help || o.version:
	case len(o.urls) == 0:
		return o, failf(exitUsage, "no URL specified!")
	case o.head && o.data != nil && !o.get:
		return o, failf(exitUsage, "You can only select one HTTP request method, and both -I and -d do")
	}
	return o, nil
}

// take does what one argument says, and returns the arguments that are left: without the next one, if that was the value.
func (o *options) take(all []option, arg string, rest []string) ([]string, error) {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		for _, f := range all {
			if f.long == long {
				return o.apply(f, "", rest)
			}
		}
		return rest, errUnknown
	}
	for letters := arg[1:]; ; {
		f := find(all, letters)
		switch {
		case f == nil:
			return rest, errUnknown
		case f.value != "":
			return o.apply(*f, letters[1:], rest)
		}
		if err := f.set(o, ""); err != nil {
			return rest, err
		}
		if letters = letters[1:]; letters == "" {
			return rest, nil
		}
	}
}

// find is the flag that the first of the letters names; nil for none.
func find(all []option, letters string) *option {
	for i := range all {
		if letters != "" && all[i].short == letters[:1] {
			return &all[i]
		}
	}
	return nil
}

// apply sets a flag that may have its value attached, or in the next argument.
func (o *options) apply(f option, attached string, rest []string) ([]string, error) {
	value := attached
	if f.value != "" && attached == "" {
		if len(rest) == 0 {
			return rest, errors.New("requires parameter")
		}
		value, rest = rest[0], rest[1:]
	}
	return rest, f.set(o, value)
}

// seconds reads a number of them, with or without a fraction.
func seconds(s string) (time.Duration, error) {
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsNaN(n):
		return 0, errNumber
	case n < 0:
		return 0, errNegative
	case n > math.MaxInt64/float64(2*time.Second):
		return 0, errors.New("expected a smaller number") // which curl says of milliseconds beyond a long
	}
	return time.Duration(n * float64(time.Second)), nil
}
