package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"callbyname/internal/probe"
)

func TestTheTargetFlagTakesNameURLAndPin(t *testing.T) {
	for _, tt := range []struct {
		flag, name, url, pin, host string
	}{
		{"httpd=http://apache.localcluster", "httpd", "http://apache.localcluster", "", "apache.localcluster"},
		{"httpd=http://apache.localcluster,ip=10.244.0.5", "httpd", "http://apache.localcluster", "10.244.0.5:80", "apache.localcluster"},
		{"httpd=http://apache.localcluster,ip=10.244.0.5:8080", "httpd", "http://apache.localcluster", "10.244.0.5:8080", "apache.localcluster"},
		{"httpd=https://apache.localcluster,ip=fd00::5", "httpd", "https://apache.localcluster", "[fd00::5]:443", "apache.localcluster"},
		{"httpd=http://apache.localcluster:81,ip=[fd00::5]", "httpd", "http://apache.localcluster:81", "[fd00::5]:81", "apache.localcluster"},
		{"httpd=http://apache.localcluster,ip=[fd00::5]:8080", "httpd", "http://apache.localcluster", "[fd00::5]:8080", "apache.localcluster"},
		{"httpd=http://apache.localcluster,ip=::ffff:10.0.0.1", "httpd", "http://apache.localcluster", "10.0.0.1:80", "apache.localcluster"},
		{"http://apache.localcluster/x?a=b", "apache.localcluster", "http://apache.localcluster/x?a=b", "", "apache.localcluster"},
		{"q=http://a.ns/?list=1%2C2", "q", "http://a.ns/?list=1%2C2", "", "a.ns"},
		{"dot=HTTP://under_score.ns.:8080", "dot", "http://under_score.ns.:8080", "", "under_score.ns."},
	} {
		t.Run(tt.flag, func(t *testing.T) {
			s, err := Load("", flag("target", tt.flag))
			if err != nil {
				t.Fatal(err)
			}
			got := s.Targets[0]
			pin := ""
			if got.Pin != (netip.AddrPort{}) {
				pin = got.Pin.String()
			}
			same(t, []string{got.Name, got.URL.String(), pin}, []string{tt.name, tt.url, tt.pin})
			same(t, got.Approaches, []probe.Approach{{Name: "ip"}, {Name: "dns", Host: tt.host}})
		})
	}
}

func TestABadTargetFlagNamesItselfAndWhatWouldBeRight(t *testing.T) {
	for _, tt := range []struct {
		flag string
		want []string
	}{
		{"httpd=ftp://x", []string{`url "ftp://x" has the scheme ftp; only http and https can be probed`}},
		{"", []string{`url "" does not begin with http://; write it like http://apache.localcluster`}},
		{"apache.localcluster", []string{`url "apache.localcluster" does not begin with http://; write it like http://apache.localcluster`}},
		{"a=http:x", []string{`url "http:x" does not begin with http://; write it like http://apache.localcluster`}},
		{"a=http://", []string{`url "http://" has no host; write it like http://apache.localcluster`}},
		{"a=http:///x", []string{`url "http:///x" has no host; write it like http://apache.localcluster`}},
		{"a=http://:80", []string{`url "http://:80" has no host; write it like http://apache.localcluster`}},
		{"a=http://[::1", []string{`url "http://[::1" is not a URL (missing ']' in host); write it like http://apache.localcluster`}},
		{"a=http://u:p@a.ns", []string{`url "http://xxxxx@a.ns" holds a user name or password, which would stand in every log; ` +
			`use an Authorization header in a file`}},
		{"a=http://a.ns/#top", []string{`url "http://a.ns/#top" has a fragment, which is never sent; leave out everything from # on`}},
		{"a=http://a.ns/#", []string{`url "http://a.ns/#" has a fragment, which is never sent; leave out everything from # on`}},
		{"a=http://a.ns:", []string{`url "http://a.ns:" has a colon and no port; leave it out or write a port from 1 to 65535`}},
		{"a=http://a.ns:65536", []string{`url "http://a.ns:65536" has the port 65536, and a port is a number from 1 to 65535`}},
		{"a=http://a.ns/?q=b c", []string{`url "http://a.ns/?q=b c" holds a blank or a character outside ASCII at byte 17; ` +
			`percent-encode it, or in a host write punycode`}},
		{"a=http://a.ns/\x1b[31m", []string{`url "http://a.ns/\x1b[31m" holds a blank or a character outside ASCII at byte 13; ` +
			`percent-encode it, or in a host write punycode`}},
		{"a=http://a..ns", []string{`url "http://a..ns" has the host "a..ns", which is neither a DNS name nor an IP address`}},
		{"a=http://-a.ns", []string{`url "http://-a.ns" has the host "-a.ns", which is neither a DNS name nor an IP address`}},
		{"a=http://10.244.0", []string{`url "http://10.244.0" has the host "10.244.0", which is neither a DNS name nor an IP address`}},
		{"a=http://[fe80::1%25eth0]", []string{`url "http://[fe80::1%25eth0]" is a link-local address or has a zone; ` +
			`write an address that is valid beyond one link`}},
		{"a=http://0.0.0.0", []string{`url "http://0.0.0.0" is the unspecified address, at which nobody answers; write a real one`}},
		{"a=http://10.244.0.5", []string{`approach "dns" needs a name, and 10.244.0.5 is an address; ` +
			`write a name for it, and the pod's address as ip=10.244.0.5`}},
		{"a=http://a.ns,ip=", []string{`ip "" is not an IP address; write it like 10.244.0.5, 10.244.0.5:8080 or [fd00::5]:8080`}},
		{"a=http://a.ns,ip=fd00::5:8080:x", []string{`ip "fd00::5:8080:x" has no valid port; a port is a number from 1 to 65535, ` +
			`and IPv6 with a port is written [fd00::5]:8080`}},
		{"a=http://a.ns,ip=[fd00::5]8080", []string{`ip "[fd00::5]8080" has no valid port; a port is a number from 1 to 65535, ` +
			`and IPv6 with a port is written [fd00::5]:8080`}},
		{"a=http://a.ns,ip=[fd00::5", []string{`ip "[fd00::5" has brackets, and there belongs an IPv6 address into them, like [fd00::5]:8080`}},
		{"a=http://a.ns,ip=255.255.255.255", []string{`ip "255.255.255.255" is a multicast or broadcast address; write that of a single host`}},
		{"a=http://a.ns,ip=::", []string{`ip "::" is the unspecified address, at which nobody answers; write a real one`}},
		{"a=http://a.ns,ip=10.0.0.1,ip=10.0.0.2", []string{`a second option "ip=10.0.0.2"; a target takes one`}},
		{"a=http://a.ns,cache=30s", []string{
			`unknown option "cache=30s"; known is ip=ADDR[:PORT], and a comma in the url itself is written %2C`}},
		{"a b=ftp://x,ip=y", []string{
			`url "ftp://x" has the scheme ftp; only http and https can be probed`,
			`name "a b" is not a name here; use 1 to 63 letters, digits, dots, hyphens and underscores`,
			`ip "y" is not an IP address; write it like 10.244.0.5, 10.244.0.5:8080 or [fd00::5]:8080`}},
		{"=http://a.ns", []string{`name "" is not a name here; use 1 to 63 letters, digits, dots, hyphens and underscores`}},
		{"http://" + strings.Repeat("a", 63) + ".ns", []string{
			`the host makes no name for this target; put one before it, like httpd="http://` + strings.Repeat("a", 63) + `.ns"`}},
		{"a=http://a.ns/" + strings.Repeat("x", maxURL), []string{
			`url "http://a.ns/` + strings.Repeat("x", 68) + `"... is longer than 2048 bytes`}},
	} {
		t.Run(tt.flag, func(t *testing.T) {
			_, err := Load("", flag("target", tt.flag))
			if err == nil {
				t.Fatal("accepted")
			}
			var want []string
			for _, w := range tt.want {
				want = append(want, "--target "+quote(tt.flag)+": "+w)
			}
			same(t, strings.Split(err.Error(), "\n"), want)
		})
	}
}

func TestAFlagIsComparedWithTheFile(t *testing.T) {
	const file = "timeout: 800ms\ntargets: [{name: a, url: http://a.ns}]\n"
	for _, tt := range []struct {
		name  string
		given []Given
		want  string
	}{
		{"target", []Given{flag("target", "a=http://b.ns")}, `--target "a=http://b.ns": target name "a" is already taken at prober.yaml:2`},
		{"two targets", []Given{flag("target", "http://b.ns/1"), flag("target", "http://b.ns/2")},
			`--target "http://b.ns/2": target name "b.ns" is already taken at --target "http://b.ns/1"`},
		{"interval", []Given{flag("interval", "0.5s")},
			`prober.yaml:1: timeout 800ms is not below the interval 500ms, so rounds would overlap; a timeout of 450ms would do`},
		{"timeout", []Given{flag("timeout", "1s")},
			`--timeout: timeout 1s is not below the interval 1s, so rounds would overlap; a timeout of 900ms would do`},
		{"value", []Given{{"interval", "PROBER_INTERVAL", "1"}}, `PROBER_INTERVAL: "1" is not a duration; write it like 1s or 500ms`},
		{"nameserver", []Given{flag("nameserver", "ns1")}, `--nameserver: "ns1" is not an IP address; write it like 10.96.0.10 or [fd00::a]:53`},
		{"no setting", []Given{flag("color", "red")}, `--color: "color" is no setting that a flag can give`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := load(t, file, tt.given...); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("big", make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"none":   "none: the file cannot be read: no such file or directory",
		".":      ".: the file cannot be read: is a directory",
		"big":    "big: the file is over 10 MiB; was another one meant?",
		"a\x1bb": `"a\x1bb": the file cannot be read: no such file or directory`,
	} {
		if _, err := Load(path); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestAliasesCannotMultiplyAFileWithoutBound(t *testing.T) {
	// Every alias of a list of 1000 is a few bytes; 100,000 of them would be read as 100 million values.
	text := "targets:\n- &t {name: a, url: http://a.ns, statuses: [" + strings.Repeat("200,", 1000) + "]}\n" + strings.Repeat("- *t\n", 100_000)
	_, err := load(t, text)
	if err == nil {
		t.Fatal("accepted")
	}
	same(t, strings.Split(err.Error(), "\n"), []string{
		`prober.yaml:2: target name "a" is already taken at prober.yaml:2`,
		`prober.yaml:2: the file goes on beyond 1048576 values, its aliases counted each time; write fewer`,
	})
	_, err = load(t, "interval: &a [*a]\ntargets: &b [*b]\n")
	if err == nil || !strings.Contains(err.Error(), "prober.yaml:2: a target must consist of keys") {
		t.Errorf("a list that holds itself: %v", err)
	}
}

func BenchmarkAFileOfAThousandTargets(b *testing.B) {
	var text strings.Builder
	text.WriteString("targets:\n")
	for i := range 1000 {
		text.WriteString(strings.ReplaceAll("- {name: aN, url: http://aN.ns, ip: 10.0.0.1, approaches: [ip, dns, {name: cached, cache: 30s}]}\n",
			"N", string(rune('a'+i/100))+string(rune('a'+i/10%10))+string(rune('a'+i%10))))
	}
	file := filepath.Join(b.TempDir(), "prober.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load(file); err != nil {
			b.Fatal(err)
		}
	}
}
