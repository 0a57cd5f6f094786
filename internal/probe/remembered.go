package probe

import (
	"bytes"
	"net/http"

	"callbyname/internal/identity"
)

// answer is what counts of an answer's header.
type answer struct {
	status int
	text   string // of the status: "404 Not Found"
	close  bool   // no other request goes over this connection
	who    *identity.Report
}

// remembered is the header that was read last, and what it said. A pod says the same in every answer but for the date, and
// parsing it again would be a tenth of what a probe costs.
type remembered struct {
	header []byte // up to the empty line and with it
	// from and to are where the date stands in it; both are 0 where there is none.
	from, to int
	said     answer // without a status nothing is remembered
	length   int    // of the body

	who memo // outlives a header in which something else has changed
}

// repeated reports whether what has come begins with the same header. What stands in place of the date may be anything that
// ends no line.
func (m *remembered) repeated(came []byte) bool {
	if m.said.status == 0 || len(came) < len(m.header) {
		return false
	}
	for _, c := range came[m.from:m.to] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return bytes.Equal(came[:m.from], m.header[:m.from]) && bytes.Equal(came[m.to:len(m.header)], m.header[m.to:])
}

// note takes a copy of the header that what has come begins with, for keep to say what it means. Nothing is remembered until then,
// nor is a header that has not come in one piece.
func (m *remembered) note(came []byte) {
	const end, date = "\r\n\r\n", "\r\nDate: "
	m.said = answer{}
	size := bytes.Index(came, []byte(end)) + len(end)
	if size < len(end) {
		m.header, m.from, m.to = m.header[:0], 0, 0
		return
	}
	m.header = append(m.header[:0], came[:size]...)
	m.from, m.to = 0, 0
	if at := bytes.Index(m.header, []byte(date)); at >= 0 {
		m.from = at + len(date)
		m.to = m.from + bytes.IndexByte(m.header[m.from:], '\r')
	}
}

// keep remembers what the header said of which note has a copy. read is how many bytes of it the parser took: it may see
// its end elsewhere than note did. Where the body ends must follow from the header alone.
func (m *remembered) keep(said answer, read int, r *http.Response) {
	if len(m.header) == 0 || read != len(m.header) || r.ContentLength < 0 && r.Body != http.NoBody || r.ContentLength > maxBody {
		return
	}
	m.said, m.length = said, int(r.ContentLength)
	if r.Body == http.NoBody {
		m.length = 0
	}
}
