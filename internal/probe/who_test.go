package probe

import (
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"callbyname/internal/identity"
)

// full is an identity that says everything there is to say.
var full = identity.Identity{
	IPs: []netip.Addr{netip.MustParseAddr("10.244.0.5"), netip.MustParseAddr("fd00::5")}, Name: "pod-httpd",
	UID: "b4f1a2f0-7d7e-4a1a-9df5-0c2cf1d1b7aa", Namespace: "localcluster", Node: "node-1", Instance: "0123456789abcdef",
	Started: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Source: identity.FromPod,
}

// The promise: what is remembered is what would be read, whichever header changes, appears or goes.
func TestRememberedIdentityIsTheOneInTheHeaders(t *testing.T) {
	h := make(http.Header)
	identity.NewEncoder(full).Set(h, identity.Local(netip.MustParseAddrPort("10.244.0.5:80")), true)
	var names []string
	for name := range h {
		names = append(names, name)
		if !slices.Contains(identityHeaders[:], name) {
			t.Errorf("a change of %s goes unnoticed", name)
		}
	}
	var m memo
	check := func(name, value string) {
		t.Helper()
		got := m.decode(h)
		want, ok := identity.Decode(h)
		if ok != (got != nil) || ok && !reflect.DeepEqual(*got, want) {
			t.Errorf("with %s: %q remembered %+v, want %+v, %v", name, value, got, want, ok)
		}
		if again := m.decode(h); again != got {
			t.Errorf("with %s: %q read anew what is the same", name, value)
		}
	}
	check("", "")
	for _, name := range names {
		before := h.Get(name)
		for _, value := range []string{"127.0.0.1:8080", "false", "\x1b[2J", before} {
			h.Set(name, value)
			check(name, value)
		}
		h.Del(name)
		check(name, "")
	}
	if len(h) != 0 || m.report != nil {
		t.Errorf("without any header %+v is remembered", m.report)
	}
}
