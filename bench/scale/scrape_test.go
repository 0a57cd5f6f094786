package main

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWhatCameBetweenTwoScrapesIsToldByTheHistogram(t *testing.T) {
	body := `# TYPE late histogram
late_bucket{le="0.001"} 10
late_bucket{le="0.005"} 10
late_bucket{le="+Inf"} 10
late_count 10
rounds{target="a b"} 7
rounds{target="b"} 5
`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
	defer server.Close()
	get := func() samples {
		s, err := scrape(context.Background(), server.URL)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := get()
	if sum := before.sum("rounds"); sum != 12 {
		t.Errorf("%v rounds", sum)
	}
	body = `late_bucket{le="0.001"} 10
late_bucket{le="0.005"} 109
late_bucket{le="+Inf"} 110
late_count 110
`
	after := get()
	if q := after.quantile(.99, "late", before); q != .005 {
		t.Errorf("99 of 100 are within %v", q)
	}
	if q := after.quantile(.995, "late", before); !math.IsInf(q, 1) {
		t.Errorf("all are within %v", q)
	}
	if q := after.quantile(.5, "late", samples{}); q != .005 {
		t.Errorf("half of all are within %v", q)
	}
}
