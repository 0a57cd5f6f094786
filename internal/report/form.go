package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Form is how a report is written: a closed set, whose words are those of -o.
type Form string

const (
	AsText     Form = "text"
	AsMarkdown Form = "markdown"
	AsJSON     Form = "json"
)

// Write writes the report in that form. It fails only if w does, or for a form that there is not.
func (d Document) Write(w io.Writer, f Form, o TextOptions) error {
	switch f {
	case AsText:
		return d.Text(w, o)
	case AsMarkdown:
		return d.Markdown(w)
	case AsJSON:
		return d.JSON(w)
	}
	return fmt.Errorf("a report as %q: must be text, markdown or json", f)
}

// JSON writes the report as one indented JSON object, in which nothing acts on a terminal. It fails only if w does.
func (d Document) JSON(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err := w.Write(HarmlessJSON(b.Bytes()))
	return err
}

// HarmlessJSON is a JSON text in which every character beyond ASCII that does not print is escaped, so that it does nothing to
// a terminal: outside of strings there is none, and the encoder has escaped the others.
func HarmlessJSON(line []byte) []byte {
	if !slices.ContainsFunc(line, func(b byte) bool { return b >= unicode.MaxASCII }) {
		return line
	}
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(line)+64)
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		if r < unicode.MaxASCII || unicode.IsPrint(r) {
			out = append(out, line[:n]...)
		} else {
			for _, u := range utf16.AppendRune(nil, r) {
				out = append(out, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
			}
		}
		line = line[n:]
	}
	return out
}
