package probe

import (
	"net/http"

	"callbyname/internal/identity"
)

// memo is the identity that was read last. A pod says the same in every answer, so it is read again only when a header
// of it has another value.
type memo struct {
	values [len(identityHeaders)]string
	report *identity.Report // nil when the values say nothing
}

// identityHeaders are all that identity.Decode looks at.
var identityHeaders = [...]string{
	identity.HeaderIP, identity.HeaderIPs, identity.HeaderName, identity.HeaderUID, identity.HeaderNamespace,
	identity.HeaderNode, identity.HeaderInstance, identity.HeaderStarted, identity.HeaderSource, identity.HeaderLocal,
	identity.HeaderReady,
}

func (m *memo) decode(h http.Header) *identity.Report {
	changed := false
	for i, name := range identityHeaders {
		var value string
		if all := h[name]; len(all) > 0 {
			value = all[0]
		}
		if value != m.values[i] {
			m.values[i], changed = value, true
		}
	}
	if changed {
		m.report = nil
		if report, ok := identity.Decode(h); ok {
			m.report = &report
		}
	}
	return m.report
}
