package echo

import (
	"net/http"
	"strconv"

	labstack "github.com/labstack/echo/v4"
)

// Message is the answer when there is not much to say: errors, health and readiness.
type Message struct {
	Status int    `json:"status"`
	Text   string `json:"text"` // as RFC 9110 names the status
	Detail string `json:"detail"`
}

func message(status int, detail string) *Message {
	return &Message{status, http.StatusText(status), detail}
}

func (m *Message) title() string { return strconv.Itoa(m.Status) + " " + m.Text }
func (m *Message) raw() string   { return "" }
func (m *Message) rows(rows []row) []row {
	return append(rows, row{"status", m.title()}, row{"detail", m.Detail})
}

// healthz says that the process is alive; nothing that passes makes it say otherwise.
func (s *Server) healthz(c labstack.Context) error {
	return s.reply(c, http.StatusOK, message(http.StatusOK, "alive"))
}

func (s *Server) readyz(c labstack.Context) error {
	m := s.state()
	return s.reply(c, m.Status, m)
}

// state is what there is to say of readiness; the status is that of /readyz.
func (s *Server) state() *Message {
	switch {
	case s.drains.Load():
		return message(http.StatusServiceUnavailable, "unready: draining before the end")
	case s.told.Load():
		return message(http.StatusServiceUnavailable, "unready: told so on the admin listener")
	}
	return message(http.StatusOK, "ready")
}

// set makes the server ready or unready. Draining can't be undone, and saying so is better than a 200.
func (s *Server) set(ready bool) labstack.HandlerFunc {
	return func(c labstack.Context) error {
		s.SetReady(ready)
		m := s.state()
		if s.Ready() != ready {
			return fault(http.StatusConflict, "%s", m.Detail)
		}
		s.identify(connOf(c.Request()), c.Request(), c.Response().Header(), ready)
		return s.reply(c, http.StatusOK, message(http.StatusOK, m.Detail))
	}
}
