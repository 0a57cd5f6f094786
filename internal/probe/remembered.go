package probe

import (
	"bytes"
	"hash/maphash"
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
//
// It is known by its hash only, as a prober has thousands. That another header of the same length has the same hash, whose seed nobody
// knows, happens once in 2^64 times.
type remembered struct {
	size int    // up to the empty line and with it
	sum  uint64 // without the date
	// from and to are where the date stands in it; both are 0 where there is none.
	from, to int
	said     answer // without a status nothing is remembered
	length   int    // of the body

	who memo // outlives a header in which something else has changed
}

// repeated reports whether what has come begins with the same header. What stands in place of the date may be anything that
// ends no line.
func (m *remembered) repeated(came []byte) bool {
	if m.said.status == 0 || len(came) < m.size {
		return false
	}
	for _, c := range came[m.from:m.to] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return m.hash(came) == m.sum
}

// hash is that of a header of this size, without the date where it stands in this one.
func (m *remembered) hash(came []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.Write(came[:m.from])
	h.Write(came[m.to:m.size])
	return h.Sum64()
}

// seed is that of all hashes.
var seed = maphash.MakeSeed()

// note looks at the header that what has come begins with, for keep to say what it means. Nothing is remembered until then,
// nor is a header that has not come in one piece.
func (m *remembered) note(came []byte) {
	const end, date = "\r\n\r\n", "\r\nDate: "
	m.said, m.size, m.from, m.to = answer{}, 0, 0, 0
	size := bytes.Index(came, []byte(end)) + len(end)
	if size < len(end) {
		return
	}
	m.size = size
	if at := bytes.Index(came[:size], []byte(date)); at >= 0 {
		m.from = at + len(date)
		m.to = m.from + bytes.IndexByte(came[m.from:], '\r')
	}
	m.sum = m.hash(came)
}

// keep remembers what the header said that note has looked at. read is how many bytes of it the parser took: it may see
// its end elsewhere than note did. Where the body ends must follow from the header alone.
func (m *remembered) keep(said answer, read int, r *http.Response) {
	if m.size == 0 || read != m.size || r.ContentLength < 0 && r.Body != http.NoBody || r.ContentLength > maxBody {
		return
	}
	m.said, m.length = said, int(r.ContentLength)
	if r.Body == http.NoBody {
		m.length = 0
	}
}
