package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Limits on what a target may answer, as bytes on the wire. That of the headers counts the status line and the interim
// responses too. The body is read to its end and thrown away; what came together with the headers is not counted.
const (
	maxHeader  = 64 << 10
	maxBody    = 10 << 20
	maxInterim = 5 // 1xx responses before the final one
)

var (
	errNotHTTP     = errors.New("not HTTP")
	errMuchHeader  = fmt.Errorf("headers of more than %d KiB", maxHeader>>10)
	errMuchBody    = fmt.Errorf("a body of more than %d MiB", maxBody>>20)
	errMuchInterim = fmt.Errorf("more than %d interim responses", maxInterim)
)

// exchange sends the request and reads the answer to its end.
func (p *run) exchange(ctx context.Context) *fault {
	unbound := p.bound(ctx)
	defer func() {
		if !unbound() { // the connection's deadline may be over at any moment
			p.reusable = false
		}
	}()
	request, err := p.request.to(p.conn.addr)
	if err != nil {
		return &fault{outcome: Other, detail: err.Error()}
	}
	began := time.Now()
	_, unsent := p.conn.Write(request)
	p.result.Phases.Write = whole(time.Since(began))
	if unsent == nil {
		return p.receive(ctx, p.conn, &p.conn.tcp.heard)
	}
	f := p.sendFault(ctx, unsent)
	if f.outcome == Reset {
		// A server may answer and hang up without reading: its answer counts if it is complete.
		if answer := p.receive(ctx, p.conn, &p.conn.tcp.heard); answer == nil || answer.outcome == HTTPStatus {
			f = answer
		}
		p.reusable = false
	}
	return f
}

// receive reads the answer from the connection, whose socket notes when what it read had come, and judges it.
func (p *run) receive(ctx context.Context, from io.Reader, socket *heard) *fault {
	asked := time.Now()
	socket.asked = asked
	a := p.reader()
	a.reset(from, p.target.Method)
	err := a.begin()
	first := later(asked, socket.arrived) // under TLS it may have come with what was read before
	p.result.Phases.FirstByte = whole(first.Sub(asked))
	if err != nil {
		return p.answerFault(ctx, err)
	}
	said, err := a.finish(&p.last)
	p.result.Phases.Read = whole(later(first, socket.arrived).Sub(first) + time.Since(later(asked, socket.read)))
	p.result.Status, p.result.Who = said.status, said.who
	switch {
	case err != nil:
		return p.answerFault(ctx, err)
	case !p.target.Accepts(said.status):
		return &fault{outcome: HTTPStatus, detail: strings.TrimSpace(said.text)}
	}
	p.reusable = !said.close && a.buf.Buffered() == 0
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// reader reads answers, one after the other, each under the limits.
type reader struct {
	request http.Request // what http.ReadResponse has to know of the request: its method
	wire    meter
	buf     *bufio.Reader
	started bool // a byte of this answer has come
}

// readers are those that no probe uses now. Of many thousand approaches a few read at a time, and each reader has some kilobytes.
var readers = sync.Pool{New: func() any { return newReader() }}

func newReader() *reader {
	r := &reader{}
	r.buf = bufio.NewReader(&r.wire)
	return r
}

// reader is the probe's own until release.
func (p *run) reader() *reader {
	if p.answers == nil {
		p.answers = readers.Get().(*reader)
	}
	return p.answers
}

func (p *run) release() {
	if p.answers != nil {
		p.answers.reset(nil, "") // it holds on to no connection
		readers.Put(p.answers)
		p.answers = nil
	}
}

func (r *reader) reset(from io.Reader, method string) {
	r.request.Method = method
	r.wire = meter{from: from, left: maxHeader, over: errMuchHeader}
	r.buf.Reset(&r.wire)
	r.started = false
}

// begin waits for the first byte.
func (r *reader) begin() error {
	_, err := r.buf.Peek(1)
	r.started = err == nil
	return err
}

// finish reads the answer up to its last byte, and remembers its headers in last. It has a status as soon as they are
// complete, with an error too when its body is not.
func (r *reader) finish(last *remembered) (answer, error) {
	for range maxInterim + 1 {
		if err := r.isHTTP(); err != nil {
			return answer{}, err
		}
		came, _ := r.buf.Peek(r.buf.Buffered())
		if last.repeated(came) {
			r.buf.Discard(last.size) // all of it is there
			r.allowBody()
			_, err := r.buf.Discard(last.length)
			return last.said, err
		}
		last.note(came)
		response, err := http.ReadResponse(r.buf, &r.request)
		if err != nil {
			return answer{}, err
		}
		switch code := response.StatusCode; {
		case code < 100:
			return answer{}, fmt.Errorf("%w: status %d", errNotHTTP, code)
		case code == http.StatusSwitchingProtocols:
			return answer{}, fmt.Errorf("%w any more: the server switched protocols unasked", errNotHTTP)
		case code >= 200:
			said := answer{status: code, text: response.Status, close: response.Close, who: last.who.decode(response.Header)}
			last.keep(said, len(came)-r.buf.Buffered(), response)
			return said, r.body(response)
		}
	}
	return answer{}, errMuchInterim
}

// isHTTP gives up on the first byte that HTTP/1 does not start with, instead of waiting for a line's end that may never
// come.
func (r *reader) isHTTP() error {
	const start = "HTTP/1."
	for i := range len(start) {
		switch seen, err := r.buf.Peek(i + 1); {
		case err != nil:
			return err
		case seen[i] != start[i]:
			seen, _ = r.buf.Peek(r.buf.Buffered())
			return fmt.Errorf("%w: it begins %q", errNotHTTP, seen[:min(len(seen), 40)])
		}
	}
	return nil
}

func (r *reader) body(response *http.Response) error {
	if response.ContentLength > maxBody && response.Body != http.NoBody {
		return errMuchBody
	}
	r.allowBody()
	_, err := io.Copy(io.Discard, response.Body)
	return err
}

func (r *reader) allowBody() { r.wire.left, r.wire.over = maxBody, errMuchBody }

// meter lets through as much as is left, and remembers how the connection itself ended, since parsers put errors of their
// own in the place of what they were given.
type meter struct {
	from   io.Reader
	left   int
	over   error // what reading more than that is
	broken error // the connection's own error, or over; nil while there was none
}

func (m *meter) Read(b []byte) (int, error) {
	if m.left == 0 {
		m.broken = m.over
		return 0, m.over
	}
	n, err := m.from.Read(b[:min(len(b), m.left)])
	m.left -= n
	if n > 0 {
		return n, nil // an end that came along comes again, when the parser asks for more
	}
	m.broken = err
	return 0, err
}

func (p *run) sendFault(ctx context.Context, err error) *fault {
	f := socketFault(ctx, err, ResponseTimeout)
	switch {
	case f.outcome == ResponseTimeout:
		f.detail = fmt.Sprintf("the request was not taken within %v", p.options.Timeout)
	case f.outcome == Other && f.errno == "" && p.tls != nil:
		f.outcome = TLS
	}
	return f
}

// answerFault is why an answer is no good. What the connection said comes first; only where it said nothing, the parser
// has the word.
func (p *run) answerFault(ctx context.Context, err error) *fault {
	wire := &p.answers.wire
	broken := wire.broken
	if broken == wire.over {
		err, broken = wire.over, nil
	}
	if broken == nil {
		if f := stopped(ctx); f != nil {
			return f
		}
		return &fault{outcome: BadResponse, detail: err.Error()}
	}
	f := socketFault(ctx, broken, ResponseTimeout)
	ended := errors.Is(broken, io.EOF) || errors.Is(broken, io.ErrUnexpectedEOF)
	switch {
	case f.outcome == Void:
	case ended && !p.answers.started:
		f.outcome, f.detail = Closed, "the connection was closed before an answer"
	case ended:
		f.outcome, f.detail = Truncated, "the connection was closed within the answer"
	case f.outcome == ResponseTimeout && p.answers.started:
		f.detail = fmt.Sprintf("the answer was not complete within %v", p.options.Timeout)
	case f.outcome == ResponseTimeout:
		f.detail = fmt.Sprintf("no answer within %v", p.options.Timeout)
	case f.outcome == Other && f.errno == "" && p.tls != nil:
		f.outcome = TLS
	}
	return f
}
