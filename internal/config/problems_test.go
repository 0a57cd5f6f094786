package config

import (
	"strings"
	"testing"
)

// target4 is a file with one target, to which lines are added from line 4 on.
func target4(lines ...string) string {
	return "targets:\n  - name: a\n    url: http://a.ns\n    " + strings.Join(lines, "\n    ") + "\n"
}

func TestEveryProblemOfAFileNamesItsLineAndWhatWouldBeRight(t *testing.T) {
	const good = "targets: [{name: a, url: http://a.ns}]\n"
	for _, tt := range []struct {
		name, file string
		want       []string
	}{
		{"unknown key", good + "intervall: 1s\n", []string{
			`prober.yaml:2: unknown key "intervall" in the file; did you mean "interval"?`}},
		{"key in another spelling", good + "Repin_After: 1m\n", []string{
			`prober.yaml:2: unknown key "Repin_After" in the file; did you mean "repin-after"?`}},
		{"key like no other", target4("colour: red"), []string{
			`prober.yaml:4: unknown key "colour" in a target; known are name, url, ip, method, headers, statuses, family, insecure, approaches`}},
		{"merge key", target4("<<: {ip: 10.0.0.1}"), []string{
			`prober.yaml:4: unknown key "<<" in a target; known are name, url, ip, method, headers, statuses, family, insecure, approaches`}},
		{"long key", good + strings.Repeat("k", 100) + ": 1s\n", []string{
			`prober.yaml:2: unknown key "` + strings.Repeat("k", 80) + `"... in the file; ` +
				`known are interval, timeout, settle, repin-after, nameservers, targets`}},
		{"duplicate key", "interval: 1s\n" + good + "interval: 1s\n", []string{
			`prober.yaml:3: key "interval" stands here again; the file has it on line 1 already`}},
		{"key that is a list", good + "[a]: b\n", []string{
			`prober.yaml:2: a key of the file must be a single value`}},
		{"no value", good + "interval:\n", []string{
			`prober.yaml:2: interval has no value; give it one, or leave it out`}},
		{"list for a value", good + "interval: [1s]\n", []string{
			`prober.yaml:2: interval must be a single value`}},
		{"value for a list", "targets: http://a\n", []string{
			`prober.yaml:1: targets must be a list: [a, b], or lines that begin with a hyphen`}},
		{"value for a mapping", "targets: [http://a]\n", []string{
			"prober.yaml:1: a target must consist of keys with values, like `name: httpd`"}},
		{"list for the file", "- a\n", []string{
			"prober.yaml:1: the file must consist of keys with values, like `name: httpd`"}},
		{"empty list", "targets: []\n", []string{
			`prober.yaml:1: targets is an empty list; put something into it, or leave it out`}},
		{"tag", good + "interval: !!str 1s\n", []string{
			`prober.yaml:2: interval has the YAML tag "!!str"; leave the tag out`}},
		{"duration", good + "interval: 1x\n", []string{
			`prober.yaml:2: interval "1x" is not a duration; write it like 1s or 500ms`}},
		{"bare number", good + "interval: 1\n", []string{
			`prober.yaml:2: interval "1" is not a duration; write it like 1s or 500ms`}},
		{"durations out of range", good + "interval: 0s\ntimeout: -1s\nsettle: 0s\nrepin-after: 25h\n", []string{
			`prober.yaml:2: interval "0s" is out of range; it must be from 10ms to 24h`,
			`prober.yaml:3: timeout "-1s" is out of range; it must be from 1ms to 24h`,
			`prober.yaml:4: settle "0s" is out of range; it must be from 1ms to 24h`,
			`prober.yaml:5: repin-after "25h" is out of range; it must be from 0s to 24h`}},
		{"timeout not below the interval", good + "timeout: 2s\ninterval: 2s\n", []string{
			`prober.yaml:2: timeout 2s is not below the interval 2s, so rounds would overlap; a timeout of 1.8s would do`}},
		{"interval not above the default timeout", good + "interval: 500ms\n", []string{
			`prober.yaml:2: timeout 900ms is not below the interval 500ms, so rounds would overlap; a timeout of 450ms would do`}},
		{"nameservers", good + "nameservers: [dns.ns, 10.0.0.1:0, 0.0.0.0, fe80::1%eth0]\n", []string{
			`prober.yaml:2: nameserver "dns.ns" is not an IP address; write it like 10.96.0.10 or [fd00::a]:53`,
			`prober.yaml:2: nameserver "10.0.0.1:0" has no valid port; a port is a number from 1 to 65535, ` +
				`and IPv6 with a port is written [fd00::5]:8080`,
			`prober.yaml:2: nameserver "0.0.0.0" is the unspecified address, at which nobody answers; write a real one`,
			`prober.yaml:2: nameserver "fe80::1%eth0" is a link-local address or has a zone; write an address that is valid beyond one link`}},
		{"nameless target", "targets:\n  - ip: 10.0.0.1\n", []string{
			"prober.yaml:2: a target has no name; add one, like `name: httpd`",
			"prober.yaml:2: a target has no url; add one, like `url: http://apache.localcluster`"}},
		{"target name taken", "targets:\n- {name: a, url: http://a.ns}\n- {name: a, url: http://b.ns}\n", []string{
			`prober.yaml:3: target name "a" is already taken at prober.yaml:2`}},
		{"name", "targets:\n- {name: \"a\\e[31m\", url: http://a.ns}\n- {name: " + strings.Repeat("x", 64) + ", url: http://a.ns}\n", []string{
			`prober.yaml:2: name "a\x1b[31m" is not a name here; use 1 to 63 letters, digits, dots, hyphens and underscores`,
			`prober.yaml:3: name "` + strings.Repeat("x", 64) + `" is not a name here; use 1 to 63 letters, digits, dots, hyphens and underscores`}},
		{"pin", target4("ip: apache.ns"), []string{
			`prober.yaml:4: ip "apache.ns" is not an IP address; write it like 10.244.0.5, 10.244.0.5:8080 or [fd00::5]:8080`}},
		{"pin in brackets", target4("ip: '[10.0.0.1]:80'"), []string{
			`prober.yaml:4: ip "[10.0.0.1]:80" has brackets, and there belongs an IPv6 address into them, like [fd00::5]:8080`}},
		{"multicast pin", target4("ip: 224.0.0.1"), []string{
			`prober.yaml:4: ip "224.0.0.1" is a multicast or broadcast address; write that of a single host`}},
		{"pin of the wrong family", target4("ip: 10.0.0.1", "family: ipv6"), []string{
			`prober.yaml:4: ip 10.0.0.1 is not of the target's family; write family: ipv4, or another address`}},
		{"methods", target4("method: get") + "  - {name: b, url: http://b.ns, method: 'G T'}\n  - {name: c, url: http://c.ns, method: CONNECT}\n", []string{
			`prober.yaml:4: method "get" is not the method GET, whose case matters; write GET`,
			`prober.yaml:5: method "G T" is not an HTTP method; write it like GET or HEAD`,
			`prober.yaml:6: method "CONNECT" opens a tunnel, which is not probed; write a method like GET or HEAD`}},
		{"headers", target4("headers:", "  host: b.ns", "  Connection: close", "  Content-Length: 0", "  a b: c", "  X: \"a\\nb\"", "  Y: a", "  y: b", "  Z:"), []string{
			"prober.yaml:5: header \"host\" is always the url's host; to send the address instead, write `host: literal` in an approach",
			"prober.yaml:6: header \"Connection\" belongs to the connection, which the approach decides (`keepalive`); leave it out",
			`prober.yaml:7: header "Content-Length" announces a body, and a probe sends none; leave it out`,
			`prober.yaml:8: header "a b" is not a header name (RFC 9110, section 5.1)`,
			`prober.yaml:9: header X "a\nb" holds a line break or another control character, which no header can`,
			`prober.yaml:11: header "y" stands here again; case makes no difference`,
			`prober.yaml:12: header Z has no value; give it one, or leave it out`}},
		{"statuses", target4("statuses: [2xx, 99, 200-600, 299-200, -1]"), []string{
			`prober.yaml:4: status "2xx" is not a status or a range of them; write them like 404 or 200-299`,
			`prober.yaml:4: status "99" is out of range; statuses go from 100 to 599`,
			`prober.yaml:4: status "200-600" is out of range; statuses go from 100 to 599`,
			`prober.yaml:4: status "299-200" is the wrong way round; write 200-299`,
			`prober.yaml:4: status "-1" is not a status or a range of them; write them like 404 or 200-299`}},
		{"family", target4("family: 4"), []string{
			`prober.yaml:4: family "4" is unknown; write ipv4 or ipv6 or any`}},
		{"insecure without TLS", target4("insecure: true"), []string{
			`prober.yaml:4: insecure accepts any certificate, and http has none; leave it out or write https`}},
		{"not a truth value", target4("insecure: yes"), []string{
			`prober.yaml:4: insecure "yes" is unknown; write true or false`}},
		{"a second document", good + "---\n" + good, []string{
			`prober.yaml:2: a second document begins; write one file for each prober, or all targets into one list`}},
		{"empty file", "", []string{
			`prober.yaml:1: the file is empty; it needs at least a target: docs/config.md has an example`}},
		{"only a comment", "# nothing\n", []string{
			`prober.yaml:1: the file is empty; it needs at least a target: docs/config.md has an example`}},
		{"tab", "targets:\n  - name: a\n\t\turl: http://a.ns\n", []string{
			`prober.yaml:3: a tab in the indentation; YAML is indented with spaces only`}},
		{"not YAML", "targets:\n  - name: a\n    url: @b\n", []string{
			`prober.yaml:3: not YAML, here or on the next line: found character that cannot start any token`}},
		{"unknown anchor", "interval: 1s\ntargets: *all\n", []string{
			`prober.yaml:2: not YAML, here or on the next line: unknown anchor 'all' referenced`}},
		{"escape", "interval: 1s\n# \x1b[31m\n", []string{
			`prober.yaml:2: a byte that is no text (0x1b); the file must be UTF-8 without control characters`}},
		{"not UTF-8", "interval: 1s\n# \xff\n", []string{
			`prober.yaml:2: a byte that is no text (0xff); the file must be UTF-8 without control characters`}},
		{"problems in the order of the lines", "timeout: 1x\n" + target4("family: 4", "ip: b", "colour: red") + "interval: 1x\n", []string{
			`prober.yaml:1: timeout "1x" is not a duration; write it like 1s or 500ms`,
			`prober.yaml:5: family "4" is unknown; write ipv4 or ipv6 or any`,
			`prober.yaml:6: ip "b" is not an IP address; write it like 10.244.0.5, 10.244.0.5:8080 or [fd00::5]:8080`,
			`prober.yaml:7: unknown key "colour" in a target; known are name, url, ip, method, headers, statuses, family, insecure, approaches`,
			`prober.yaml:8: interval "1x" is not a duration; write it like 1s or 500ms`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.file)
			if err == nil {
				t.Fatal("accepted")
			}
			same(t, strings.Split(err.Error(), "\n"), tt.want)
		})
	}
}

func TestAnApproachThatCanNeverWorkIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		target string // from line 2 on
		want   []string
	}{
		{"no name for dns", "url: http://10.0.0.1", []string{
			`prober.yaml:3: approach "dns" needs a name, and 10.0.0.1 is an address; write a name for it, and the pod's address as ip: 10.0.0.1`}},
		{"an address for dns", "url: http://a.ns\n  approaches: [ip, {name: dns, address: fd00::1}]", []string{
			`prober.yaml:4: approach "dns" needs a name, and fd00::1 is an address; write a name for it, and the pod's address as ip: fd00::1`}},
		{"dns that dials the pin", "url: http://a.ns\n  approaches:\n  - name: dns\n    address: pin", []string{
			`prober.yaml:6: approach "dns" must go by a name, and here it dials the pin; leave its address out, or choose another name`}},
		{"ip that goes by a name", "url: http://a.ns\n  approaches:\n  - name: ip\n    address: a.ns", []string{
			`prober.yaml:6: approach "ip" must dial the pin, for that is what ip means; leave its address out, or choose another name`}},
		{"properties of a name on the pin", "url: http://a.ns\n  approaches: [dns, {name: p, address: pin, cache: 1s, headless: true}]", []string{
			`prober.yaml:4: approach "p" goes by an address, and headless describes a name; leave headless out`,
			`prober.yaml:4: approach "p" never resolves a name, so there is nothing to keep; leave cache out`}},
		{"properties of a name on an address", "url: http://a.ns\n  approaches: [dns, {name: p, address: 10.0.0.1, cache: forever, headless: true}]", []string{
			`prober.yaml:4: approach "p" goes by an address, and headless describes a name; leave headless out`,
			`prober.yaml:4: approach "p" never resolves a name, so there is nothing to keep; leave cache out`}},
		{"a pin that nobody learns", "url: http://10.0.0.1\n  approaches: [ip, {name: service}]", []string{
			"prober.yaml:4: approach \"ip\" never learns its pin, for no approach goes by a name; add one, like `- dns`, or give the target an ip"}},
		{"a pin that nobody dials", "url: http://a.ns\n  approaches: [dns]\n  ip: 10.0.0.1", []string{
			"prober.yaml:5: ip is given, and no approach dials it; add `- ip` to the approaches, or leave ip out"}},
		{"an address of the wrong family", "url: http://10.0.0.1\n  family: ipv6\n  approaches: [dns, {name: a, address: 10.0.0.2}, {name: b}]", []string{
			`prober.yaml:5: approach "dns" needs a name, and 10.0.0.1 is an address; write a name for it, and the pod's address as ip: 10.0.0.1`,
			`prober.yaml:5: address of approach "dns" 10.0.0.1 is not of the target's family; write family: ipv4, or another address`,
			`prober.yaml:5: address of approach "a" 10.0.0.2 is not of the target's family; write family: ipv4, or another address`,
			`prober.yaml:5: address of approach "b" 10.0.0.1 is not of the target's family; write family: ipv4, or another address`}},
		{"twins", "url: http://A.ns\n  approaches: [dns, {name: cached}, {name: other, address: 'a.ns:80', headless: true}, {name: lit, host: literal}]", []string{
			`prober.yaml:4: approach "cached" does what "dns" does; give it another address, host, cache or keepalive`,
			`prober.yaml:4: approach "other" does what "dns" does; give it another address, host, cache or keepalive`}},
		{"a name taken", "url: http://a.ns\n  approaches: [ip, dns, ip]", []string{
			`prober.yaml:4: approach name "ip" is already taken in this target`}},
		{"a lone name that says nothing", "url: http://a.ns\n  approaches: [ip, dns, cached]", []string{
			`prober.yaml:4: approach "cached" says too little; only ip and dns stand alone, all others have keys, like {name: cached, cache: 30s}`}},
		{"values", "url: http://a.ns\n  approaches: [dns, {name: c, cache: 25h}, {name: h, host: ip}, {name: u, address: http://b.ns}, {name: n, address: 10.0}, {cache: 1s}, ~]", []string{
			`prober.yaml:4: cache "25h" is not a time to keep an address; write 0, a duration up to 24h like 30s, or forever`,
			`prober.yaml:4: host "ip" is unknown; write url or literal`,
			`prober.yaml:4: address "http://b.ns" is not an address; write only the name, with :port where it is not the url's, or pin`,
			`prober.yaml:4: address "10.0" is neither a DNS name nor an IP address nor pin`,
			"prober.yaml:4: an approach has no name; add one, like `name: dns`",
			`prober.yaml:4: an approach has no value; give it one, or leave it out`}},
		{"a crowd", "url: http://a.ns\n  approaches: [" + strings.Repeat("dns, ", 17) + "]", []string{
			`prober.yaml:4: 17 approaches are too many; 16 is the limit`,
			`prober.yaml:4: approach name "dns" is already taken in this target`}},
		{"what hangs on a broken part is not blamed", "url: ftp://a\n  ip: b\n  approaches: [ip, {name: cached, cahce: 30s}, dns]", []string{
			`prober.yaml:3: url "ftp://a" has the scheme ftp; only http and https can be probed`,
			`prober.yaml:4: ip "b" is not an IP address; write it like 10.244.0.5, 10.244.0.5:8080 or [fd00::5]:8080`,
			`prober.yaml:5: unknown key "cahce" in an approach; did you mean "cache"?`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, "targets:\n- name: a\n  "+tt.target+"\n")
			if err == nil {
				t.Fatal("accepted")
			}
			same(t, strings.Split(err.Error(), "\n"), tt.want)
		})
	}
}
