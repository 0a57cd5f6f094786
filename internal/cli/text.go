package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// textCore writes a record as a line for people: time, level, message, and the fields as name=value in their order, a value
// in quotes where it has spaces, quotes or anything that is not printable.
type textCore struct {
	zapcore.LevelEnabler
	out    zapcore.WriteSyncer
	pool   buffer.Pool
	fields []zapcore.Field // of With
}

func (c *textCore) With(fields []zapcore.Field) zapcore.Core {
	clone := *c
	clone.fields = append(c.fields[:len(c.fields):len(c.fields)], fields...)
	return &clone
}

func (c *textCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

func (c *textCore) Sync() error { return c.out.Sync() }

func (c *textCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	line := c.pool.Get()
	defer line.Free()
	line.AppendTime(e.Time, "2006-01-02 15:04:05.000")
	fmt.Fprintf(line, "  %-5s  ", e.Level.CapitalString())
	message := []byte(e.Message)
	if !printable(message) {
		message = strconv.AppendQuote(nil, e.Message)
	}
	line.AppendBytes(message)
	separator := "  "
	for _, list := range [][]zapcore.Field{c.fields, fields} {
		for _, f := range list {
			if f.Type == zapcore.SkipType {
				continue
			}
			line.AppendString(separator)
			line.AppendString(word(name(f)))
			line.AppendByte('=')
			line.AppendString(word(text(f)))
			separator = " "
		}
	}
	line.AppendByte('\n')
	_, err := c.out.Write(line.Bytes())
	return err
}

// name is a field's key; that of a duration without the unit that its number has in JSON.
func name(f zapcore.Field) string {
	if f.Type == zapcore.DurationType {
		return strings.TrimSuffix(f.Key, "_ms")
	}
	return f.Key
}

// text is the value of a field, as fmt would print it; durations are rounded to what a person reads.
func text(f zapcore.Field) string {
	switch f.Type {
	case zapcore.StringType:
		return f.String
	case zapcore.DurationType:
		return round(time.Duration(f.Integer)).String()
	case zapcore.ErrorType:
		return f.Interface.(error).Error()
	}
	all := zapcore.NewMapObjectEncoder()
	f.AddTo(all)
	return fmt.Sprint(all.Fields[f.Key])
}

// round keeps three or four digits.
func round(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d.Abs() >= 10_000*unit {
		unit *= 10
	}
	return d.Round(unit)
}

// word is s as one word: in quotes unless it is printable and has no space, quote, backslash or equals sign in it.
func word(s string) string {
	if s == "" || strings.ContainsAny(s, " \"\\=") || !printable([]byte(s)) {
		return strconv.Quote(s)
	}
	return s
}
