package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"callbyname/internal/resolve"
)

// The promise: once the prober stops, no error becomes a failure, whatever it is and wherever it comes up.
func TestNothingIsAFailureAfterTheStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newClient(t, targetAt(t, "https://target.invalid/"), ip, Options{Timeout: ample}).begin()
	for _, err := range []error{
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, syscall.EINVAL, syscall.EADDRNOTAVAIL,
		syscall.ECONNREFUSED, syscall.ECONNRESET, &tls.CertificateVerificationError{Err: io.EOF}, errNotHTTP,
		&resolve.Error{Kind: resolve.NotFound},
	} {
		p.reader().wire.broken = err
		for where, f := range map[string]*fault{
			"resolving":          lookupFault(ctx, err),
			"connecting":         dialFault(ctx, err, netip.MustParseAddrPort("127.0.0.1:1")),
			"shaking hands":      p.tlsFault(ctx, err),
			"sending":            p.sendFault(ctx, err),
			"reading":            p.answerFault(ctx, err),
			"making sense of it": (&run{Client: &Client{}, answers: newReader()}).answerFault(ctx, err),
		} {
			if f.outcome != Void || f.reason != Stopped {
				t.Errorf("%v while %s: %s %s", err, where, f.outcome, f.reason)
			}
		}
	}
}

// A machine whose authorities can't be read can't verify, which is no prohibited route.
func TestUnreadableAuthoritiesAreTLSTrouble(t *testing.T) {
	p := newClient(t, targetAt(t, "https://target.invalid/"), ip, Options{Timeout: ample}).begin()
	for err, want := range map[error]Outcome{syscall.EACCES: TLS, syscall.EMFILE: Void} {
		err = &tls.CertificateVerificationError{Err: x509.SystemRootsError{Err: &fs.PathError{Op: "open", Path: "/", Err: err}}}
		if f := p.tlsFault(t.Context(), err); f.outcome != want {
			t.Errorf("%v: %s, want %s", err, f.outcome, want)
		}
	}
}

func TestDetailIsOnePrintableLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"connect: connection refused":  "connect: connection refused",
		"grüße, 世界":                    "grüße, 世界",
		"a\r\nb\tc":                    `a\u000d\u000ab\u0009c`,
		"\x1b[31mred\x1b]0;title\x07":  `\u001b[31mred\u001b]0;title\u0007`,
		"\u202ebackwards\u2028":        `\u202ebackwards\u2028`,
		"broken \xff\xfe":              "broken ��",
		strings.Repeat("x", maxDetail): strings.Repeat("x", maxDetail-3) + "…",
		strings.Repeat("世", 1000):      strings.Repeat("世", (maxDetail-3)/3) + "…",
		strings.Repeat("\x00", 1<<20):  strings.Repeat(`\u0000`, (maxDetail-3)/6) + "…",
	} {
		got := printable(in)
		if got != want || len(got) > maxDetail || !utf8.ValidString(got) {
			t.Errorf("%.40q is shown as %q, want %q", in, got, want)
		}
	}
}

// The promise: the class is decided by the error's own errno, however it is wrapped; the text has no say.
func TestErrnoDecidesTheClass(t *testing.T) {
	for _, test := range []struct {
		err    error
		want   Outcome
		reason VoidReason
		errno  string
	}{
		{syscall.EPERM, Prohibited, "", "EPERM"},
		{syscall.ETIMEDOUT, ConnectTimeout, "", "ETIMEDOUT"},
		{syscall.EPIPE, Reset, "", "EPIPE"},
		{syscall.EHOSTDOWN, Other, "", "EHOSTDOWN"},
		{syscall.ENETDOWN, Other, "", "ENETDOWN"},
		{syscall.Errno(4095), Other, "", "errno 4095"},
		{syscall.ENFILE, Void, NoFiles, "ENFILE"},
		{syscall.ENOBUFS, Void, NoMemory, "ENOBUFS"},
		{syscall.ENOMEM, Void, NoMemory, "ENOMEM"},
		{fmt.Errorf("connection refused: %w", syscall.EHOSTUNREACH), NoRoute, "", "EHOSTUNREACH"},
		{fmt.Errorf("connection refused"), Other, "", ""},
		{fmt.Errorf("refused: %w", context.DeadlineExceeded), ConnectTimeout, "", ""},
	} {
		f := socketFault(t.Context(), test.err, ConnectTimeout)
		if f.outcome != test.want || f.reason != test.reason || f.errno != test.errno {
			t.Errorf("%v: %s %s %s, want %s %s %s", test.err, f.outcome, f.reason, f.errno, test.want, test.reason, test.errno)
		}
	}
}

func TestOutcomesAreFailuresOrNot(t *testing.T) {
	var failed []Outcome
	for _, o := range Outcomes {
		if o.Failed() {
			failed = append(failed, o)
		}
		if o.DNS() != strings.HasPrefix(string(o), "dns_") {
			t.Errorf("%s is about DNS: %v", o, o.DNS())
		}
	}
	if want := slices.DeleteFunc(slices.Clone(Outcomes), func(o Outcome) bool {
		return o == OK || o == Pending || o == Void
	}); !slices.Equal(failed, want) {
		t.Errorf("failures are %v", failed)
	}
}
