package cli

import (
	"io"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// LogFormat is the value of a flag --log-format: json or text.
func LogFormat(value *string) pflag.Value { return Choice(value, "json", "text") }

// LogLevel is the value of a flag --log-level: debug, info, warn or error.
func LogLevel(value *string) pflag.Value { return Choice(value, "debug", "info", "warn", "error") }

// NewLogger writes to w, a line a record and none left out: one JSON object ("ts", "level", "msg" and the fields, durations
// in milliseconds with three decimals, so that their names want to end in "_ms"), or text for people. format and level are
// those of LogFormat and LogLevel. Whatever a message or a field holds, no line has control characters or terminal
// escapes in it.
func NewLogger(w io.Writer, format, level string) (*zap.Logger, error) {
	enabled, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	sink := zapcore.Lock(zapcore.AddSync(w))
	if format == "text" {
		return zap.New(&textCore{LevelEnabler: enabled, out: sink, pool: buffer.NewPool()}), nil
	}
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = new(clock).encode
	config.EncodeDuration = func(d time.Duration, out zapcore.PrimitiveArrayEncoder) {
		out.AppendFloat64(float64(d.Microseconds()) / 1000)
	}
	return zap.New(zapcore.NewCore(jsonEncoder{zapcore.NewJSONEncoder(config)}, sink, enabled)), nil
}

// clock writes times. Under load many lines have the same one, which is a fifth of their work.
type clock struct{ last atomic.Pointer[stamp] }

// stamp is a time to the millisecond, and how it is written.
type stamp struct {
	ms   int64 // since 1970
	zone *time.Location
	text string
}

func (c *clock) encode(t time.Time, out zapcore.PrimitiveArrayEncoder) {
	s := c.last.Load()
	if s == nil || s.ms != t.UnixMilli() || s.zone != t.Location() {
		s = &stamp{t.UnixMilli(), t.Location(), t.Format("2006-01-02T15:04:05.000Z07:00")}
		c.last.Store(s)
	}
	out.AppendString(s.text)
}

// jsonEncoder escapes what is valid in JSON and still speaks to a terminal: DEL, the C1 controls and format characters.
type jsonEncoder struct{ zapcore.Encoder }

func (e jsonEncoder) Clone() zapcore.Encoder { return jsonEncoder{e.Encoder.Clone()} }

func (e jsonEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	b, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return nil, err
	}
	b.TrimNewline()
	if !printable(b.Bytes()) {
		escaped := escapeJSON(b.Bytes())
		b.Reset()
		b.AppendBytes(escaped)
	}
	b.AppendByte('\n')
	return b, nil
}

// escapeJSON rewrites the characters of a JSON text that are not printable; they can only stand within strings.
func escapeJSON(text []byte) []byte {
	out := make([]byte, 0, 2*len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if unicode.IsPrint(r) {
			out = append(out, text[:n]...)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				hex := strconv.FormatUint(uint64(unit), 16)
				out = append(append(out, `\u0000`[:6-len(hex)]...), hex...)
			}
		}
		text = text[n:]
	}
	return out
}

// printable reports whether a terminal prints all of text and obeys none of it.
func printable(text []byte) bool {
	for len(text) > 0 {
		strange := slices.IndexFunc(text, func(c byte) bool { return c-' ' > '~'-' ' })
		if strange < 0 {
			return true
		}
		text = text[strange:]
		r, n := utf8.DecodeRune(text)
		if !unicode.IsPrint(r) || r == utf8.RuneError && n == 1 {
			return false
		}
		text = text[n:]
	}
	return true
}
