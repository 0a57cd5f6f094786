package curl

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

// Whatever the arguments are: they are read or refused in a line or two, no flag is lost, and every URL is one that was given.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		"-sSf\nhttp://a", "-fsSL\n-o\n/dev/null\n-w\n%{http_code}\nhttp://a", "-XPOST\n-d\n@-\na", "-m0.5\n--\n-s", "--resolve\n*:80:[::1],127.0.0.1\na",
		"-H\nA: b\n-Hc;\n-u\na:b\nx", "--dns-servers\n10.96.0.10,[::1]:53\na", "--no-such", "-", "-w\n@x\na", "--max-redirs\n-1\na",
	} {
		f.Add(seed)
	}
	read := func(string) ([]byte, error) { return []byte("a\nfile"), nil }
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		o, err := parse(args, read)
		if err != nil {
			var own *failure
			if errors.As(err, &own) && own.code == 0 || err.Error() == "" {
				t.Fatalf("%q: %#v", args, err)
			}
			return
		}
		if !o.help && !o.version && len(o.urls) == 0 {
			t.Fatalf("%q: no URL and no error", args)
		}
		if len(o.urls)+len(o.outputs) > len(args)+strings.Count(text, "O") {
			t.Fatalf("%q: %d URLs and %d outputs", args, len(o.urls), len(o.outputs))
		}
		expand(o.writeOut, &stats{}, nil)
	})
}

// A URL that is taken stays the same when it is read again, and gives a request line without a break in it, wherever it leads.
func FuzzURL(f *testing.F) {
	for _, seed := range [][2]string{
		{"http://a.b:80/c/../d?e#f", "../g"}, {"[::1]", "?x"}, {"https://u:p@h", "//i/./j"}, {"http:///x", "http://y"}, {"h/%zz", "é f?g h"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, url, location string) {
		l, err := parseLink(url)
		if err != nil {
			return
		}
		next, err := l.follow(location)
		links := []link{l}
		if err == nil {
			links = append(links, next)
		}
		for _, l := range links {
			again, err := parseLink(l.String())
			if err != nil || again != l && !strings.Contains(l.host, "%") {
				t.Fatalf("%q after %q: %+v, then %v, %+v", location, url, l, err, again)
			}
			if !strings.HasPrefix(l.target(), "/") || strings.IndexFunc(l.target()+l.hostPort(), breaks) >= 0 {
				t.Fatalf("%q after %q: target %q, host %q", location, url, l.target(), l.hostPort())
			}
		}
	})
}

func breaks(r rune) bool { return r <= ' ' || unicode.IsControl(r) }

// What is printed of a stranger's text has no character in it that a terminal obeys.
func FuzzHarmless(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff\r\n\t\r")
	f.Fuzz(func(t *testing.T, s string) {
		got := strings.NewReplacer("\r\n", "", "\n", "", "\t", "").Replace(harmless(s))
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
