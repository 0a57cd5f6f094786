package report

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestDurationsAreSaidAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                     "0ms",
		time.Nanosecond:                       "0.01ms",
		40 * time.Microsecond:                 "0.04ms",
		94999 * time.Nanosecond:               "0.09ms",
		95 * time.Microsecond:                 "0.1ms",
		649 * time.Microsecond:                "0.6ms",
		12340 * time.Microsecond:              "12.3ms",
		99949 * time.Microsecond:              "99.9ms",
		99950 * time.Microsecond:              "100ms",
		900 * time.Millisecond:                "900ms",
		999499 * time.Microsecond:             "999ms",
		999500 * time.Microsecond:             "1.0s",
		1234 * time.Millisecond:               "1.2s",
		59949 * time.Millisecond:              "59.9s",
		59950 * time.Millisecond:              "1m00s",
		185 * time.Second:                     "3m05s",
		time.Hour - 501*time.Millisecond:      "59m59s",
		time.Hour - 500*time.Millisecond:      "1h00m",
		26*time.Hour + 4*time.Minute:          "26h04m",
		-1500 * time.Millisecond:              "-1.5s",
		time.Duration(-1 << 63):               "-2562047h47m",
		100*time.Hour + 29*time.Second:        "100h00m",
		time.Hour + 59*time.Minute + 30e9:     "2h00m",
		59*time.Second + 999*time.Millisecond: "1m00s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestAvailabilityIsNeverRoundedToAllOrNothing(t *testing.T) {
	tests := []struct {
		probes, lost int
		want         string
	}{
		{0, 0, "-"}, {5, 0, "100%"}, {5, 5, "0%"}, {3, 1, "66.67%"}, {120, 2, "98.33%"},
		{100_000, 1, "99.999%"}, {1_000_000, 1, "99.9999%"}, {1_000_000, 999_999, "0.0001%"}, {30_000, 1, "99.997%"},
		{1 << 50, 1, ">99.99999999%"}, {1 << 50, 1<<50 - 1, "<0.00000001%"},
	}
	for _, test := range tests {
		if got := Availability(test.probes, test.lost); got != test.want {
			t.Errorf("%d of %d lost: %s, want %s", test.lost, test.probes, got, test.want)
		}
	}
}

func TestPrintableIsOneLineOfSoManyCells(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"pod-httpd", 9, "pod-httpd"},
		{"pod-httpd", 8, "pod-h..."},
		{"日本語", 6, "日本語"},
		{"日本語のポッド", 6, "日..."},
		{"日本語", 2, ".."},
		{"e\u0301", 1, "e\u0301"},
		{"a\nb\x1b[2Jc\u202ed", 40, "a?b?[2Jc?d"},
		{"\xff\x9b", 40, "??"},
		{"", 0, ""},
	}
	for _, test := range tests {
		if got := Printable(test.in, test.width); got != test.want {
			t.Errorf("%q in %d: %q, want %q", test.in, test.width, got, test.want)
		}
	}
}

func TestWrapBreaksAtSpaces(t *testing.T) {
	if got, want := Wrap("one two three fourteen x", 9, "  "), "one two\n  three\n  fourteen\n  x"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := Wrap("somewhat-long", 5, "  "), "somewhat-long"; got != want {
		t.Errorf("got %q", got)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("pod-\x1b[31mhttpd", 12)
	f.Add("日本語", 5)
	f.Fuzz(func(t *testing.T, s string, width int) {
		got := Printable(s, width%200)
		if Cells(got) > max(width%200, 0) {
			t.Errorf("%q takes %d cells", got, Cells(got))
		}
		if strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
			t.Errorf("%q", got)
		}
	})
}

func TestASettingHasNoTenthThatSaysNothing(t *testing.T) {
	for d, want := range map[time.Duration]string{
		50 * time.Millisecond: "50ms", 100 * time.Millisecond: "100ms", time.Second: "1s", 1500 * time.Millisecond: "1.5s", 90 * time.Second: "1m30s",
	} {
		if got := Setting(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
