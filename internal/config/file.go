package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"callbyname/internal/resolve"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 10 << 20

// readFile takes over what the file says, or everything that is wrong with it.
func (l *loader) readFile(path string) {
	file := path
	if shown := strconv.Quote(path); shown != `"`+path+`"` {
		file = shown // one that would break the line
	}
	l.asked = true
	data, err := slurp(path)
	if err != nil {
		l.add(Place{File: file}, "%v", err)
		return
	}
	d := decoder{problems: &l.problems, file: file}
	if root := d.parse(data); root != nil {
		l.document(&d, root)
	}
}

// slurp returns the whole file. The error leaves the path out.
func slurp(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file is over %d MiB; was another one meant?", maxFile>>20)
	}
	return data, nil
}

// cause is an error without the path, which the message has already.
func cause(err error) error {
	if inner := new(fs.PathError); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("the file cannot be read: %w", err)
}

// document reads the top of the file.
func (l *loader) document(d *decoder, root *yaml.Node) {
	var keys []key
	for _, setting := range l.durations() {
		keys = append(keys, key{setting.key, func(n *yaml.Node) {
			if n, ok := d.enter(n, setting.key, yaml.ScalarNode); ok {
				l.set(setting, d.at(n), setting.key+" ", n.Value)
			} else {
				l.invalid = true
			}
		}})
	}
	keys = append(keys,
		list(d, "nameservers", func(n *yaml.Node) {
			if server, ok := single(d, n, "nameserver", parseNameserver); ok {
				l.settings.Nameservers = append(l.settings.Nameservers, server)
			}
		}),
		list(d, "targets", func(n *yaml.Node) {
			if t := d.target(n); t != nil {
				l.target(t)
			}
		}))
	lines := d.mapping(root, "the file", keys...)
	_, found := lines["targets"]
	l.asked = found || lines == nil
}

// target reads one target, nil if there is nothing to look at further.
func (d *decoder) target(n *yaml.Node) *target {
	t := &target{}
	t.lines = d.mapping(n, "a target",
		value(d, "name", parseName, &t.Name),
		value(d, "url", parseURL, &t.URL),
		value(d, "ip", parsePin, &t.Pin),
		value(d, "method", parseMethod, &t.Method),
		key{"headers", func(n *yaml.Node) { t.Header = d.headers(n) }},
		list(d, "statuses", func(n *yaml.Node) {
			if r, ok := single(d, n, "status", parseStatuses); ok {
				t.Statuses = append(t.Statuses, r)
			}
		}),
		value(d, "family", choice(
			option[resolve.Family]{"ipv4", resolve.IPv4},
			option[resolve.Family]{"ipv6", resolve.IPv6},
			option[resolve.Family]{"any", resolve.Any}), &t.Family),
		value(d, "insecure", parseBool, &t.Insecure),
		list(d, "approaches", func(n *yaml.Node) {
			t.approaches = append(t.approaches, d.approach(n))
		}),
	)
	if t.lines == nil {
		return nil
	}
	t.at = d.at(n)
	d.require(t.part, "a target", "name", "name: httpd")
	d.require(t.part, "a target", "url", "url: http://apache.localcluster")
	return t
}

// approach reads one approach: a mapping, or `ip` or `dns` alone, which say everything. One that has problems is
// marked broken.
func (d *decoder) approach(n *yaml.Node) *approach {
	n, before := follow(n), len(d.list)
	a := &approach{part: part{at: d.at(n)}}
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		name, ok := d.lone(n)
		a.Name, a.broken = name, !ok
		return a
	}
	a.lines = d.mapping(n, "an approach",
		value(d, "name", parseName, &a.Name),
		value(d, "address", parseAddress, &a.address),
		value(d, "headless", parseBool, &a.Headless),
		value(d, "host", choice(option[bool]{"url", false}, option[bool]{"literal", true}), &a.Literal),
		value(d, "cache", parseCache, &a.Cache),
		value(d, "keepalive", parseBool, &a.KeepAlive),
	)
	if a.lines != nil {
		d.require(a.part, "an approach", "name", "name: dns")
	}
	a.broken = len(d.list) > before
	return a
}

// lone reads an approach that is only a name.
func (d *decoder) lone(n *yaml.Node) (name string, ok bool) {
	return single(d, n, "approach", func(s string) (string, error) {
		if s != "ip" && s != "dns" {
			return "", errors.New("says too little; only ip and dns stand alone, all others have keys, like {name: cached, cache: 30s}")
		}
		return s, nil
	})
}

// require reports a key that is not there.
func (d *decoder) require(p part, what, name, example string) {
	if !p.has(name) {
		d.add(p.at, "%s has no %s; add one, like `%s`", what, name, example)
	}
}

// headers reads names and values; two names that differ only in case are the same header.
func (d *decoder) headers(n *yaml.Node) http.Header {
	h := http.Header{}
	d.entries(n, "headers", func(name string, k, v *yaml.Node) {
		canonical, err := parseHeaderName(name)
		if err != nil {
			d.add(d.at(k), "header %s %v", quote(name), err)
			return
		}
		if _, twice := h[canonical]; twice {
			d.add(d.at(k), "header %s stands here again; case makes no difference", quote(name))
		}
		if text, ok := single(d, v, "header "+canonical, parseHeaderValue); ok {
			h[canonical] = []string{text}
		}
	})
	if len(h) > maxHeaders {
		d.add(d.at(n), "%d headers are too many; %d is the limit", len(h), maxHeaders)
	}
	return h
}

// option is one word that a key takes, and what it stands for.
type option[T any] struct {
	word  string
	value T
}

// choice parses one of a few words.
func choice[T any](options ...option[T]) func(string) (T, error) {
	return func(s string) (v T, err error) {
		words := make([]string, len(options))
		for i, o := range options {
			if o.word == s {
				return o.value, nil
			}
			words[i] = o.word
		}
		return v, fmt.Errorf("is unknown; write %s", strings.Join(words, " or "))
	}
}

func parseBool(s string) (bool, error) {
	return choice(option[bool]{"true", true}, option[bool]{"false", false})(s)
}
