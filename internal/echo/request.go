package echo

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	labstack "github.com/labstack/echo/v4"

	"callbyname/internal/identity"
)

// Request is the answer of /echo: the request as it came in.
type Request struct {
	Method   string `json:"method"`
	URI      string `json:"uri"`  // as sent
	Path     string `json:"path"` // unescaped
	Protocol string `json:"protocol"`
	TLS      bool   `json:"tls"`
	Host     string `json:"host"`
	HostKind string `json:"host_kind"` // as in Who
	Client   string `json:"client"`    // the other end of the connection, whatever X-Forwarded-For says
	Local    string `json:"local"`
	// Query are the parameters in their order; QueryNote says what is missing in them.
	Query            []Param     `json:"query,omitempty"`
	QueryNote        string      `json:"query_note,omitempty"`
	Header           http.Header `json:"headers"`
	TransferEncoding []string    `json:"transfer_encoding,omitempty"`
	// BodyLength is what came in, in bytes. Body holds the first 65536 of them if they are text, and BodyBase64 if they are
	// not; BodyNote says if one of these is so.
	BodyLength int64  `json:"body_length"`
	Body       string `json:"body,omitempty"`
	BodyBase64 string `json:"body_base64,omitempty"`
	BodyNote   string `json:"body_note,omitempty"`
	// AnsweredBy is the pod.
	AnsweredBy identity.Identity `json:"answered_by"`
}

// echo answers everything at and below /echo.
func (s *Server) echo(c labstack.Context) error {
	r := c.Request()
	s.secure(c.Response().Header())
	sh, params, note, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	keep, done, err := s.reserve(r)
	if err != nil {
		return err
	}
	defer done()
	shown, length, err := s.body(c, keep)
	if err != nil {
		return err
	}
	if err := s.wait(c, sh.delay); err != nil {
		return err
	}
	h := c.Response().Header()
	maps.Copy(h, sh.header)
	if r.Method == http.MethodOptions && h["Allow"] == nil {
		h.Set("Allow", methods)
	}
	if sh.size >= 0 {
		return s.fill(c, sh.status, sh.size)
	}
	conn := connOf(r)
	answer := Request{
		Method: r.Method, URI: r.RequestURI, Path: r.URL.Path, Protocol: r.Proto, TLS: conn.secure, Host: r.Host, HostKind: hostKind(r.Host),
		Client: r.RemoteAddr, Query: params, QueryNote: note, Header: r.Header, TransferEncoding: r.TransferEncoding,
		BodyLength: length, AnsweredBy: s.options.Identity,
	}
	if conn.local != nil {
		answer.Local = conn.local[0]
	}
	answer.setBody(shown)
	return s.reply(c, sh.status, &answer)
}

// body reads the whole body and keeps so many bytes of it.
func (s *Server) body(c labstack.Context, keep int64) (shown []byte, length int64, err error) {
	r := c.Request()
	if r.Body == http.NoBody {
		return nil, 0, nil
	}
	// MaxBytesReader hangs up after the answer only if it gets net/http's own writer.
	limited := http.MaxBytesReader(c.Response().Writer, r.Body, s.options.MaxBody)
	conn := connOf(r)
	err = conn.seats.wait(conn, func() (err error) {
		shown, err = io.ReadAll(io.LimitReader(limited, keep))
		length = int64(len(shown))
		if err == nil && length == keep {
			var rest int64
			rest, err = io.Copy(io.Discard, limited)
			length += rest
		}
		return err
	})
	var large *http.MaxBytesError
	var slow net.Error
	switch {
	case err == nil:
		return shown, length, nil
	case conn.seats.goes(conn):
		return nil, 0, fmt.Errorf("reading the body: closed to make room for others: %w", err)
	case errors.As(err, &large):
		return nil, 0, s.tooLarge()
	case errors.As(err, &slow) && slow.Timeout():
		return nil, 0, fault(http.StatusRequestTimeout, "the body did not come in %v", s.options.ReadTimeout)
	}
	return nil, 0, fault(http.StatusBadRequest, "reading the body: %v", err)
}

// wait holds the answer back, unless the client goes or the server is closed.
func (s *Server) wait(c labstack.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	seats := connOf(c.Request()).seats
	if !seats.enter(delays) {
		return s.busy("too many answers are being held back")
	}
	defer seats.exit(delays)
	// The timeouts are for slow clients; here it is us. Another server than net/http may not have them.
	control := http.NewResponseController(c.Response().Writer)
	if err := errors.Join(control.SetReadDeadline(time.Time{}),
		control.SetWriteDeadline(time.Now().Add(d+s.options.WriteTimeout))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("holding the answer back: %w", err)
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), d)
	defer cancel()
	<-ctx.Done()
	if err := c.Request().Context().Err(); err != nil {
		return fmt.Errorf("holding the answer back: the client left, or the server was closed: %w", err)
	}
	return nil
}

// fill answers with size bytes of lines that can be told apart.
func (s *Server) fill(c labstack.Context, status int, size int64) error {
	s.begin(c, status, s.fixed.contentType[text], size)
	if c.Request().Method == http.MethodHead || !hasBody(status) {
		return nil
	}
	conn := connOf(c.Request())
	return conn.seats.wait(conn, func() error {
		for size > 0 {
			n, err := c.Response().Write(filling[:min(size, int64(len(filling)))])
			if size -= int64(n); err != nil {
				return fmt.Errorf("writing the body: %w", err)
			}
		}
		return nil
	})
}

// filling is what answers of a size asked for are made of.
var filling = bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_\n"), 512)

func (q *Request) setBody(shown []byte) {
	cut := q.BodyLength > int64(len(shown))
	readable, ok := readable(shown, cut)
	var notes []string
	if cut {
		notes = append(notes, fmt.Sprintf("cut after %d of %d bytes", len(readable), q.BodyLength))
	}
	if ok {
		q.Body = string(readable)
	} else {
		q.BodyBase64 = base64.StdEncoding.EncodeToString(readable)
		notes = append(notes, "not text, so in base64")
	}
	q.BodyNote = strings.Join(notes, "; ")
}

// readable is b without a character that was cut in two at its end, and whether it is text.
func readable(b []byte, cut bool) ([]byte, bool) {
	whole := b
	for i := 1; cut && i < utf8.UTFMax && i <= len(b); i++ {
		if start := b[len(b)-i]; utf8.RuneStart(start) {
			if !utf8.FullRune(b[len(b)-i:]) {
				whole = b[:len(b)-i]
			}
			break
		}
	}
	for rest := whole; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return b, false
		}
		rest = rest[n:]
	}
	return whole, true
}

func (q *Request) title() string { return q.Method + " " + q.Path }

func (q *Request) raw() string { return q.Body + q.BodyBase64 }

func (q *Request) rows(rows []row) []row {
	protocol := q.Protocol
	if q.TLS {
		protocol += " over TLS"
	}
	rows = append(rows, row{"method", q.Method}, row{"uri", q.URI}, row{"path", q.Path}, row{"protocol", protocol},
		row{"host", describeHost(q.Host, q.HostKind)}, row{"client", q.Client})
	if q.Local != "" {
		rows = append(rows, row{"came in on", q.Local})
	}
	for _, f := range q.Header["X-Forwarded-For"] {
		rows = append(rows, row{"forwarded", f + " (the client says so; not trusted)"})
	}
	rows = append(rows, row{"answered by", strings.TrimSpace(q.AnsweredBy.Name + " " + q.AnsweredBy.Instance)})
	for _, p := range q.Query {
		rows = append(rows, row{"query", p.Name + "=" + p.Value})
	}
	if q.QueryNote != "" {
		rows = append(rows, row{"query note", q.QueryNote})
	}
	for _, name := range slices.Sorted(maps.Keys(q.Header)) {
		for _, v := range q.Header[name] {
			rows = append(rows, row{"header", name + ": " + v})
		}
	}
	for _, v := range q.TransferEncoding {
		rows = append(rows, row{"encoding", v})
	}
	rows = append(rows, row{"body", strconv.FormatInt(q.BodyLength, 10) + " bytes"})
	if q.BodyNote != "" {
		rows = append(rows, row{"body note", q.BodyNote})
	}
	return rows
}
