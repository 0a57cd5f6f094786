package answers_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"callbyname/internal/echo"
	"callbyname/internal/identity"
	"callbyname/internal/metrics/answers"
)

// discard is a ResponseWriter that costs next to nothing.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkHandler is what metrics add to httpd's handler, which is a twentieth of what a request costs.
func BenchmarkHandler(b *testing.B) {
	m := answers.New(identity.Identity{Name: "pod-httpd"})
	for name, observe := range map[string]func(echo.Record){"without": nil, "with": m.Observe} {
		b.Run(name, func(b *testing.B) {
			s := echo.New(echo.Options{Identity: identity.Identity{Name: "pod-httpd"}, Observe: observe})
			defer s.Close()
			h, r := s.Handler(), httptest.NewRequest("GET", "http://apache.localcluster/", nil)
			r.Header.Set("Accept", "*/*")
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&discard{http.Header{}}, r)
			}
		})
	}
}
