package probe

import (
	"net/http"
	"testing"
	"time"
)

func TestAClockThatWasSetExpiresNoCertificate(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		name  string
		until time.Duration // of the certificate, from the wall clock's now
		unset time.Duration // what the wall clock would say, had nobody set it
		want  Outcome
	}{
		{"good by both clocks", time.Hour, 0, OK},
		{"expired by both clocks", -time.Hour, 0, TLS},
		{"set beyond its end", -time.Hour, -2 * time.Hour, OK},
		{"set beyond its end, which has come since", -2 * time.Hour, -time.Hour, TLS},
		{"was beyond its end, and set right", time.Hour, 2 * time.Hour, OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			pin := serveHTTP(t, &http.Server{
				TLSConfig: a.server(t, time.Now().Add(c.until), []string{"target.invalid"}),
				Handler:   http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
			})
			client := newClient(t, targetAt(t, "https://target.invalid"), ip, Options{RootCAs: a.pool, Timeout: ample})
			client.clock.wall = client.clock.wall.Add(c.unset)
			if r := client.Probe(t.Context(), pin); r.Outcome != c.want {
				t.Errorf("%s %s, want %s", r.Outcome, r.Detail, c.want)
			}
		})
	}
}
