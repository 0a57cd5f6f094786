package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"
)

func logger(t testing.TB, format, level string) (*zap.Logger, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	l, err := NewLogger(&b, format, level)
	if err != nil {
		t.Fatal(err)
	}
	return l, &b
}

func TestTextIsALineThatAPersonReads(t *testing.T) {
	l, out := logger(t, "text", "info")
	l.With(zap.String("pod", "a b")).Info("all is well", zap.Int("status", 200), zap.Duration("took_ms", 1234567*time.Nanosecond),
		zap.Error(errors.New("boom")), zap.Skip(), zap.Bool("ready", true), zap.String("query", "a=b"), zap.String("none", ""))
	stamp, line, _ := strings.Cut(out.String(), "  ")
	if _, err := time.Parse("2006-01-02 15:04:05.000", stamp); err != nil {
		t.Error(err)
	}
	want := `INFO   all is well  pod="a b" status=200 took=1.235ms error=boom ready=true query="a=b" none=""` + "\n"
	if line != want {
		t.Errorf("got  %q\nwant %q", line, want)
	}
}

func TestJSONIsAnObjectALine(t *testing.T) {
	l, out := logger(t, "json", "info")
	l.Warn("trouble", zap.Duration("took", 1500*time.Microsecond), zap.String("who", "pod"))
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got["level"] != "warn" || got["msg"] != "trouble" || got["took"] != 1.5 || got["who"] != "pod" {
		t.Errorf("got %v", got)
	}
	if _, err := time.Parse(time.RFC3339, got["ts"].(string)); err != nil {
		t.Error(err)
	}
}

func TestBelowTheLevelNothingIsWritten(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		l, out := logger(t, format, "warn")
		l.Info("quiet")
		if out.Len() > 0 {
			t.Errorf("%s: got %q", format, out)
		}
		for range 1000 { // no sampling
			l.Warn("loud")
		}
		if n := strings.Count(out.String(), "\n"); n != 1000 {
			t.Errorf("%s: %d lines of 1000", format, n)
		}
	}
	if _, err := NewLogger(&bytes.Buffer{}, "json", "loud"); err == nil {
		t.Error("a level that is none was accepted")
	}
}

func FuzzALineNeverSpeaksToTheTerminal(f *testing.F) {
	f.Add("\x1b[2J", "a\nb\r\u2028")
	f.Add("\u009b31m\x7f", "\xff\xfe")
	f.Add("\U000e0001 tag", "\u202e plain")
	f.Fuzz(func(t *testing.T, message, value string) {
		for _, format := range []string{"json", "text"} {
			l, out := logger(t, format, "info")
			l.Info(message, zap.String("value", value), zap.String(value, message), zap.Any("any", []string{value}),
				zap.Error(errors.New(value)))
			line, ended := strings.CutSuffix(out.String(), "\n")
			if !ended || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%s: %q", format, out)
			}
			if format == "json" {
				var got struct{ Msg string }
				if err := json.Unmarshal([]byte(line), &got); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				if got.Msg != message && utf8.ValidString(message) && !strings.EqualFold(value, "msg") {
					t.Fatalf("%q became %q", message, got.Msg)
				}
			}
		}
	})
}
