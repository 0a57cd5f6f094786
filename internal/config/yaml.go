package config

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds what the aliases of a file can multiply it to: enough for tens of thousands of targets.
const maxNodes = 1 << 20

// decoder reads one YAML file strictly. It works on nodes, because only they know their lines.
type decoder struct {
	*problems
	file  string
	nodes int // read so far, those behind aliases each time
}

func (d *decoder) at(n *yaml.Node) Place { return Place{File: d.file, Line: n.Line} }

// parse returns the one document of a file, nil if there is none to go on with.
func (d *decoder) parse(data []byte) *yaml.Node {
	if i := unreadable(data); i >= 0 {
		d.add(d.line(data, i), "a byte that is no text (0x%02x); the file must be UTF-8 without control characters", data[i])
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.add(Place{d.file, 1, ""}, "the file is empty; it needs at least a target: docs/config.md has an example")
		return nil
	case err != nil:
		d.syntax(data, err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.syntax(data, err)
		return nil
	default:
		d.add(d.at(&second), "a second document begins; write one file for each prober, or all targets into one list")
	}
	return doc.Content[0]
}

// unreadable is the index of the first byte that is not part of printable UTF-8 text, or -1. The YAML library refuses
// the same, without a line.
func unreadable(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0 && r != 0x85 {
			return i
		}
		i += size
	}
	return -1
}

// line is the place of the byte at offset i.
func (d *decoder) line(data []byte, i int) Place {
	return Place{d.file, 1 + bytes.Count(data[:i], []byte("\n")), ""}
}

// syntax reports that the file is no YAML. The library's line may be one too low, and is left out on line 1 and for an
// unknown anchor.
func (d *decoder) syntax(data []byte, err error) {
	if tab := regexp.MustCompile(`(?m)^ *\t[ \t]*[^ \t\r\n#]`).FindIndex(data); tab != nil {
		d.add(d.line(data, tab[0]), "a tab in the indentation; YAML is indented with spaces only")
		return
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	at := Place{d.file, 1, ""}
	if found := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); found != nil {
		at.Line, _ = strconv.Atoi(found[1])
		text = text[len(found[0]):]
	} else if found := regexp.MustCompile(`^unknown anchor '(.*)'`).FindStringSubmatch(text); found != nil {
		at = d.line(data, max(0, bytes.Index(data, []byte("*"+found[1]))))
	}
	d.add(at, "not YAML, here or on the next line: %s", strings.Trim(quote(text), `"`))
}

// enter follows an alias, counts, and sees that the node is of the kind that the schema has there. Only a node that
// passed is read on.
func (d *decoder) enter(n *yaml.Node, what string, kind yaml.Kind) (*yaml.Node, bool) {
	n = follow(n)
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.add(d.at(n), "the file goes on beyond %d values, its aliases counted each time; write fewer", maxNodes)
		}
		return n, false
	}
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		d.add(d.at(n), "%s has the YAML tag %s; leave the tag out", what, quote(n.Tag))
	case n.Kind == kind && n.Tag != "!!null":
		return n, true
	case n.Tag == "!!null":
		d.add(d.at(n), "%s has no value; give it one, or leave it out", what)
	case kind == yaml.ScalarNode:
		d.add(d.at(n), "%s must be a single value", what)
	case kind == yaml.SequenceNode:
		d.add(d.at(n), "%s must be a list: [a, b], or lines that begin with a hyphen", what)
	default:
		d.add(d.at(n), "%s must consist of keys with values, like `name: httpd`", what)
	}
	return n, false
}

// follow is the node that an alias stands for, or the node itself.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// key is a key that the schema knows, and what reads its value.
type key struct {
	name string
	read func(n *yaml.Node)
}

// value is a key with a single value, stored when parse takes it.
func value[T any](d *decoder, name string, parse func(string) (T, error), into *T) key {
	return key{name, func(n *yaml.Node) {
		if v, ok := single(d, n, name, parse); ok {
			*into = v
		}
	}}
}

// single reads one value as it is written: 08 stays 08, and yes stays yes.
func single[T any](d *decoder, n *yaml.Node, what string, parse func(string) (T, error)) (v T, ok bool) {
	n, ok = d.enter(n, what, yaml.ScalarNode)
	if !ok {
		return v, false
	}
	v, err := parse(n.Value)
	if err != nil {
		d.add(d.at(n), "%s %s %v", what, quote(n.Value), err)
	}
	return v, err == nil
}

// list is a key with a list that is not empty.
func list(d *decoder, name string, each func(n *yaml.Node)) key {
	return key{name, func(n *yaml.Node) {
		n, ok := d.enter(n, name, yaml.SequenceNode)
		if ok && len(n.Content) == 0 {
			d.add(d.at(n), "%s is an empty list; put something into it, or leave it out", name)
		}
		for i := 0; ok && i < len(n.Content); i++ {
			each(n.Content[i])
		}
	}}
}

// entries calls each for the keys of a mapping, whatever they are, that stand there once.
func (d *decoder) entries(n *yaml.Node, what string, each func(name string, k, v *yaml.Node)) bool {
	n, ok := d.enter(n, what, yaml.MappingNode)
	if !ok {
		return false
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, ok := d.enter(n.Content[i], "a key of "+what, yaml.ScalarNode)
		if !ok {
			continue
		}
		if first, twice := lines[k.Value]; twice {
			d.add(d.at(k), "key %s stands here again; %s has it on line %d already", quote(k.Value), what, first)
			continue
		}
		lines[k.Value] = k.Line
		each(k.Value, k, n.Content[i+1])
	}
	return true
}

// mapping reads the known keys and refuses all others. It returns where those stand that were there, nil for no mapping.
func (d *decoder) mapping(n *yaml.Node, what string, keys ...key) map[string]int {
	lines := map[string]int{}
	ok := d.entries(n, what, func(name string, k, v *yaml.Node) {
		i := slices.IndexFunc(keys, func(known key) bool { return known.name == name })
		if i < 0 {
			d.add(d.at(k), "unknown key %s in %s; %s", quote(name), what, suggest(name, keys))
			return
		}
		lines[name] = k.Line
		keys[i].read(v)
	})
	if !ok {
		return nil
	}
	return lines
}

// suggest is the nearest key, or all of them if none is near.
func suggest(name string, keys []key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	near := slices.MinFunc(names, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
	if d := distance(name, near); d <= 2 && d < len(near) {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	return "known are " + strings.Join(names, ", ")
}

// distance is Levenshtein's: how many letters are to be changed, added or dropped. Names that differ much in length
// are not compared, so that a long one costs nothing.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return len(a) + len(b)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
