package echo

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	htmlpkg "html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	labstack "github.com/labstack/echo/v4"
)

// document is an answer before its format is known. As JSON it is encoded as it is.
type document interface {
	title() string
	// rows appends what text and HTML show, line by line. Values may hold anything.
	rows([]row) []row
	// raw is shown below the rows as it is; empty for nothing.
	raw() string
}

// row is one aligned line.
type row struct{ key, value string }

// fixed are the header values that many answers share, and the page's style with the policy that admits it and no other.
type fixed struct {
	contentType [html + 1][]string
	vary, noStore, nosniff, closing,
	policy []string
}

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}` +
	`table{border-collapse:collapse}th{text-align:left;font-weight:600;padding:.15rem 1.5rem .15rem 0;vertical-align:top;white-space:nowrap}` +
	`td,pre{font-family:ui-monospace,monospace;overflow-wrap:anywhere}pre{white-space:pre-wrap;border:1px solid;padding:.5rem}`

func newFixed() fixed {
	sum := sha256.Sum256([]byte(style))
	return fixed{
		contentType: [...][]string{
			text: {"text/plain; charset=utf-8"}, jsonFormat: {"application/json"}, html: {"text/html; charset=utf-8"},
		},
		vary: []string{"Accept"}, noStore: []string{"no-store"}, nosniff: []string{"nosniff"}, closing: []string{"close"},
		policy: []string{"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; " +
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"},
	}
}

// reply writes d in the format that the request asks for. What the header holds already, stays.
func (s *Server) reply(c labstack.Context, status int, d document) error {
	r, w := c.Request(), c.Response()
	f := negotiate(r.Header["Accept"])
	scratch := s.scratch.Get().(*scratch)
	b, err := scratch.render(f, d)
	if err == nil {
		h := w.Header()
		h["Vary"] = s.fixed.vary
		if f != text {
			s.secure(h)
		}
		s.begin(c, status, s.fixed.contentType[f], int64(len(b)))
		if r.Method != http.MethodHead && hasBody(status) {
			err = write(connOf(r), w, b)
		}
	}
	if cap(scratch.text) <= 2*maxShown {
		clear(scratch.rows)
		s.scratch.Put(scratch)
	}
	return err
}

// write writes a body. One that net/http does not keep for itself waits for the client to take it.
func write(c *conn, w io.Writer, b []byte) error {
	if len(b) <= counted {
		_, err := w.Write(b)
		return err
	}
	return c.seats.wait(c, func() error {
		_, err := w.Write(b)
		return err
	})
}

// counted is the size of a body up to which net/http finds its length itself.
const counted = 2000

// begin sends the status and the header.
func (s *Server) begin(c labstack.Context, status int, contentType []string, length int64) {
	h := c.Response().Header()
	h["Cache-Control"] = s.fixed.noStore
	if hasBody(status) {
		if h["Content-Type"] == nil {
			h["Content-Type"] = contentType
		}
		if length > counted || c.Request().Method == http.MethodHead {
			h["Content-Length"] = []string{strconv.FormatInt(length, 10)}
		}
	}
	c.Response().WriteHeader(status)
}

// secure keeps whatever a client sent from running in a browser, under any content type.
func (s *Server) secure(h http.Header) {
	h["Content-Security-Policy"], h["X-Content-Type-Options"] = s.fixed.policy, s.fixed.nosniff
}

// hasBody is false for the statuses whose answers end with the header (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusResetContent && status != http.StatusNotModified
}

// scratch is the room in which answers are written, used for one after the other.
type scratch struct {
	text []byte
	rows []row
}

// render's result is good until the next call.
func (s *scratch) render(f format, d document) ([]byte, error) {
	s.text, s.rows = s.text[:0], s.rows[:0]
	if f == jsonFormat {
		buffer := bytes.NewBuffer(s.text)
		e := json.NewEncoder(buffer)
		e.SetEscapeHTML(false) // for the people who read it; no browser takes it for HTML
		e.SetIndent("", "  ")
		err := e.Encode(d)
		s.text = buffer.Bytes()
		return s.text, err
	}
	s.rows = d.rows(s.rows)
	if f == html {
		s.text = appendHTML(s.text, d, s.rows)
	} else {
		s.text = appendText(s.text, d, s.rows)
	}
	return s.text, nil
}

func appendText(b []byte, d document, rows []row) []byte {
	width := 0
	for _, r := range rows {
		width = max(width, len(r.key))
	}
	const spaces = "                "
	for _, r := range rows {
		b = append(append(append(b, r.key...), ": "...), spaces[:min(width-len(r.key), len(spaces))]...)
		b = append(append(b, shown(r.value)...), '\n')
	}
	if raw := d.raw(); raw != "" {
		b = append(append(append(b, '\n'), raw...), '\n')
	}
	return b
}

func appendHTML(b []byte, d document, rows []row) []byte {
	escape := func(s string) { b = append(b, htmlpkg.EscapeString(s)...) }
	b = append(b, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>"...)
	escape(shown(d.title()))
	b = append(b, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>"+style+"</style>\n<h1>"...)
	escape(shown(d.title()))
	b = append(b, "</h1>\n<table>\n"...)
	for _, r := range rows {
		b = append(b, "<tr><th>"...)
		escape(r.key)
		b = append(b, "<td>"...)
		escape(shown(r.value))
		b = append(b, '\n')
	}
	b = append(b, "</table>\n"...)
	if raw := d.raw(); raw != "" {
		b = append(b, "<pre>\n"...)
		escape(raw)
		b = append(b, "</pre>\n"...)
	}
	return b
}

// shown is s if a terminal prints all of it, and else s quoted as Go does.
func shown(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
				return strconv.Quote(s)
			}
			break
		}
	}
	return s
}
