package echo

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	labstack "github.com/labstack/echo/v4"

	"callbyname/internal/identity"
)

// Who is the answer to GET /: who answered, and how it was reached.
type Who struct {
	PodIP netip.Addr `json:"pod_ip,omitzero"` // the primary one of pod_ips
	identity.Identity
	Ready  bool   `json:"ready"`
	Client string `json:"client"` // address and port of the other end of the connection
	Local  string `json:"local"`  // address and port on which the connection was accepted
	// Host is what the client asked for, and HostKind whether that is an IP address ("ip"), a name ("name") or nothing ("none").
	Host     string `json:"host"`
	HostKind string `json:"host_kind"`
	Proto    string `json:"protocol"` // "HTTP/1.1"
	TLS      bool   `json:"tls"`
	// Served is how many requests have come in on this connection, this one included.
	Served int64 `json:"requests_on_connection"`

	constant []row // the identity's
}

func (s *Server) who(c labstack.Context) error {
	r := c.Request()
	conn := connOf(r)
	w := Who{
		PodIP: s.options.Identity.IP(), Identity: s.options.Identity, Ready: s.Ready(),
		Client: r.RemoteAddr, Host: r.Host, HostKind: hostKind(r.Host), Proto: r.Proto, TLS: conn.secure,
		Served: conn.served.Load(), constant: s.rows,
	}
	if conn.local != nil {
		w.Local = conn.local[0]
	}
	return s.reply(c, http.StatusOK, &w)
}

// hostKind tells a Host header's IP literal from a name.
func hostKind(host string) string {
	if host == "" {
		return "none"
	}
	if last := host[len(host)-1]; last != ']' && (last < '0' || last > '9') && !strings.Contains(host, ":") {
		return "name" // the common case, without an error to allocate
	}
	if _, err := netip.ParseAddrPort(host); err == nil {
		return "ip"
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host, _ = strings.CutSuffix(inner, "]")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "ip"
	}
	return "name"
}

func (w *Who) title() string {
	if w.Name == "" {
		return "httpd"
	}
	return w.Name
}

func (w *Who) raw() string { return "" }

func (w *Who) rows(rows []row) []row {
	rows = append(rows, w.constant...)
	ready := "yes"
	if !w.Ready {
		ready = "no"
	}
	protocol := w.Proto
	if w.TLS {
		protocol += " over TLS"
	}
	rows = append(rows, row{"ready", ready}, row{"client", w.Client})
	if w.Local != "" {
		rows = append(rows, row{"came in on", w.Local})
	}
	return append(rows, row{"host", describeHost(w.Host, w.HostKind)}, row{"protocol", protocol},
		row{"requests", strconv.FormatInt(w.Served, 10) + " on this connection"})
}

func describeHost(host, kind string) string {
	switch kind {
	case "ip":
		return host + " (an IP address)"
	case "name":
		return host + " (a name)"
	}
	return "(none)"
}

// identityRows are the lines that never change.
func identityRows(id identity.Identity) []row {
	var rows []row
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, row{key, value})
		}
	}
	add("name", id.Name)
	ips := make([]string, len(id.IPs))
	for i, a := range id.IPs {
		ips[i] = a.String()
	}
	if len(ips) > 0 {
		add("pod ip", ips[0])
	}
	if len(ips) > 1 {
		add("pod ips", strings.Join(ips, ", "))
	}
	add("uid", id.UID)
	add("namespace", id.Namespace)
	add("node", id.Node)
	add("instance", id.Instance)
	if !id.Started.IsZero() {
		add("started", id.Started.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	switch id.Source {
	case identity.FromPod:
		add("known from", "the pod's environment")
	case identity.FromHost:
		add("known from", "the host: this is no pod")
	}
	return rows
}
