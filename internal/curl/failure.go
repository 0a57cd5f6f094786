package curl

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// The exit statuses, as curl(1) has them under "EXIT CODES".
const (
	exitProtocol    = 1 // unsupported, also an answer in something that is no HTTP/1
	exitUsage       = 2
	exitURL         = 3 // malformed
	exitResolve     = 6
	exitConnect     = 7
	exitWeird       = 8  // an answer whose headers make no sense
	exitPartial     = 18 // the answer ended early
	exitStatus      = 22 // -f, and an HTTP status of 400 or more
	exitWrite       = 23
	exitRead        = 26 // of a file that an argument names
	exitTimeout     = 28
	exitTLS         = 35
	exitRedirects   = 47 // too many
	exitOption      = 49 // --resolve makes no sense
	exitEmpty       = 52 // not one line of an answer
	exitSend        = 55
	exitReceive     = 56
	exitCertificate = 60
	exitAuthorities = 77 // --cacert can't be used

	exitInterrupted = 128 + int(syscall.SIGINT)
)

// failure is what ends a transfer: a status and what curl says to it. The text may hold anything that a stranger sent.
type failure struct {
	code int
	text string
}

func (f *failure) Error() string { return f.text }

func failf(code int, format string, args ...any) *failure {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// asFailure is the failure in an error; one that has none is a local write that failed.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{exitWrite, err.Error()}
}

// errText is an error as curl words it: the C library's text for a system call's, which begins with a capital.
func errText(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// harmless is s without control characters, terminal escapes and text that runs backwards; tabs stay, and the ends of lines.
func harmless(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\n', r == '\t', r == '\r' && strings.HasPrefix(s, "\r\n"), unicode.IsPrint(r):
			b.WriteString(s[:n])
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[n:]
	}
	return b.String()
}
