package echo

import "testing"

func TestTheFormatIsTheOneLikedBest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		accept []string
		want   format
	}{
		{"nothing", nil, text},
		{"curl", []string{"*/*"}, text},
		{"JSON", []string{"application/json"}, jsonFormat},
		{"any application", []string{"application/*"}, jsonFormat},
		{"Firefox", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, html},
		{"axios", []string{"application/json, text/plain, */*"}, jsonFormat},
		{"in another order", []string{"text/plain, application/json"}, text},
		{"quality before order", []string{"text/html;q=0.5, application/json;q=0.6"}, jsonFormat},
		{"over several lines", []string{"text/html;q=0.5", "application/json;q=0.6"}, jsonFormat},
		{"any text", []string{"text/*"}, text},
		{"upper case, spaces", []string{" Application/JSON ; Q=1.0 "}, jsonFormat},
		{"explicitly not", []string{"*/*, application/json;q=0, text/plain;q=0"}, html},
		{"what we don't have", []string{"image/png"}, text},
		{"nothing at all", []string{"*/*;q=0"}, text},
		{"a quality that is none", []string{"application/json;q=lots"}, text},
		{"a quality beyond 1", []string{"application/json;q=7"}, text},
		{"no quality that is a number", []string{"application/json;q=NaN"}, text},
		{"noise", []string{",;=,/,application,*/json"}, text},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := negotiate(tt.accept); got != tt.want {
				t.Errorf("%q: got %v, want %v", tt.accept, got, tt.want)
			}
		})
	}
}
