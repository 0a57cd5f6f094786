package report

import (
	"strings"
	"testing"
)

func TestTextIsNoMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"pod-httpd-5d8f 10.0.0.5:80 (±1s), dns_not_found": "pod-httpd-5d8f 10.0.0.5:80 (±1s), dns_not_found",
		"a|b":                    `a\|b`,
		"`rm` **b** ~~s~~ $x$":   "\\`rm\\` \\*\\*b\\*\\* \\~\\~s\\~\\~ \\$x\\$",
		"_it_ a__b__ c_":         `\_it\_ a\_\_b\_\_ c\_`,
		"[link](http://e.x)":     `\[link\](http:` + invisible + `//e.x)`,
		"<b>&amp;":               "&lt;b>&amp;amp;",
		"@you #1 www.e.x":        "@" + invisible + "you #" + invisible + "1 www" + invisible + ".e.x",
		`\`:                      `\\`,
		`\|`:                     `\\\|`,
		"10.0.0.5 -> 10.0.0.9":   "10.0.0.5 -> 10.0.0.9",
		"日本語":                    "日本語",
		"WWW.E.x https://a:80/x": "WWW" + invisible + ".E.x https:" + invisible + "//a:80/x",
	} {
		if got := inline(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestCodeEndsOnlyAtItsEnd(t *testing.T) {
	for in, want := range map[string]string{
		"http://x": "`http://x`", "a`b": "`` a`b ``", "``": "``` `` ```", "`": "`` ` ``", " ": "`   `", "a``b`c": "``` a``b`c ```",
	} {
		if got := code(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzInlineIsNoMarkup(f *testing.F) {
	for _, s := range []string{"a_b", "\\`", "[x](y)", "<i>", "@a#1", "www.x", "a://b", "|"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := inline(Printable(s, 200))
		for i := 0; i < len(got); i++ {
			switch c := got[i]; {
			case c == '\\':
				i++ // an escaped character, or a backslash that ends the text
				if i == len(got) {
					t.Fatalf("%q ends with a backslash", got)
				}
			case strings.IndexByte("`*[]|~$<", c) >= 0:
				t.Fatalf("%q: %q stays", got, c)
			case c == '@', c == '#' && !(i > 0 && got[i-1] == '&'):
				if !strings.HasPrefix(got[i+1:], invisible) {
					t.Fatalf("%q: %q stays", got, c)
				}
			case c == ':' && strings.HasPrefix(got[i:], "://"):
				t.Fatalf("%q: a link stays", got)
			}
		}
	})
}
