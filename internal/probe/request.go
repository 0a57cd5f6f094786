package probe

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// request is what a target is sent, as bytes: rendered once, or once per address where the address itself is the Host.
type request struct {
	message *http.Request // nil where the bytes never change
	literal bool
	addr    netip.AddrPort // the literal that bytes are for
	bytes   []byte
}

// owned are the headers that the rendering of a request decides about; a target's own would be dropped silently.
var owned = [...]string{"Host", "Content-Length", "Transfer-Encoding", "Trailer"}

func newRequest(t *Target, literal bool, agent string) (request, error) {
	if t.Method == http.MethodConnect {
		return request{}, fmt.Errorf("method %q: a probe asks a server, not a proxy", t.Method)
	}
	u := *t.URL
	u.Fragment, u.RawFragment = "", ""
	message, err := http.NewRequest(t.Method, u.String(), nil)
	if err != nil {
		return request{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		if err := checkHeader(name, t.Header[name]); err != nil {
			return request{}, err
		}
		for _, value := range t.Header[name] {
			message.Header.Add(name, value)
		}
	}
	if _, own := message.Header["User-Agent"]; !own {
		message.Header.Set("User-Agent", agent) // which Write leaves out when it is empty
	}
	if _, own := message.Header["Authorization"]; !own && u.User != nil {
		password, _ := u.User.Password()
		message.SetBasicAuth(u.User.Username(), password)
	}
	r := request{message: message, literal: literal}
	if err := r.render(); err != nil {
		return request{}, err
	}
	if !literal {
		r.message = nil // there may be thousands of requests, and a message is many times its bytes
	}
	return r, nil
}

func checkHeader(name string, values []string) error {
	for _, own := range owned {
		if strings.EqualFold(name, own) {
			return fmt.Errorf("header %q: it follows from the URL and the method, and can't be set", name)
		}
	}
	if name == "" || strings.IndexFunc(name, notToken) >= 0 {
		return fmt.Errorf("header %q: a name has letters, digits and !#$%%&'*+-.^_`|~ only", name)
	}
	for _, value := range values {
		if strings.IndexFunc(value, control) >= 0 {
			return fmt.Errorf("header %q, value %q: control characters can't be sent", name, value)
		}
	}
	return nil
}

// notToken reports whether r can't stand in a header's name (RFC 9110, section 5.6.2).
func notToken(r rune) bool {
	alphanumeric := '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// render makes the bytes anew from the message as it is.
func (r *request) render() error {
	var b bytes.Buffer
	if err := r.message.Write(&b); err != nil {
		return err
	}
	r.bytes = bytes.Clone(b.Bytes())
	return nil
}

// to is the request as it is sent to an address.
func (r *request) to(addr netip.AddrPort) ([]byte, error) {
	if r.literal && r.addr != addr {
		r.message.Host = literalHost(r.message.URL.Scheme, addr)
		if err := r.render(); err != nil {
			return nil, err
		}
		r.addr = addr
	}
	return r.bytes, nil
}

// literalHost is what curl puts into the Host header for a URL with an address in it: brackets around IPv6, no zone,
// and no port where the scheme implies it.
func literalHost(scheme string, addr netip.AddrPort) string {
	host := addr.Addr().WithZone("").String()
	if addr.Addr().Is6() {
		host = "[" + host + "]"
	}
	if addr.Port() == (&Target{URL: &url.URL{Scheme: scheme}}).Port() {
		return host
	}
	return fmt.Sprintf("%s:%d", host, addr.Port())
}
