package probe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// fault is why a probe did not succeed; a nil one is a success. Its detail may hold anything that a stranger sent.
type fault struct {
	outcome Outcome
	reason  VoidReason
	errno   string
	detail  string
}

// stopped is the fault of a probe whose ctx, the caller's, has ended; nil while it has not. A deadline of the caller's may
// be noticed by the connection before the context says so.
func stopped(ctx context.Context) *fault {
	end, ends := ctx.Deadline()
	if ctx.Err() == nil && (!ends || time.Now().Before(end)) {
		return nil
	}
	return &fault{outcome: Void, reason: Stopped, detail: "the prober stopped before the probe was over"}
}

// socketFault is why a connection failed: one of the classes that an errno has at any time, or timeout when the time
// was over. What an errno or an EOF means in one phase only, the phase decides itself.
func socketFault(ctx context.Context, err error, timeout Outcome) *fault {
	if f := stopped(ctx); f != nil {
		return f
	}
	f := &fault{outcome: Other, detail: cause(err)}
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		f.errno = errnoName(errno)
		if f.reason = shortage(errno); f.reason != "" {
			f.outcome = Void
		} else if outcome := errnoOutcome(errno); outcome != "" {
			f.outcome = outcome
		} else if errno == syscall.ETIMEDOUT {
			f.outcome = timeout
		}
	case timedOut(err):
		f.outcome = timeout
	}
	return f
}

// errnoOutcome is the failure class of an errno; empty for one without a class of its own. EPERM is what a firewall or
// a BPF program on the prober's own side answers with, as EACCES is for a prohibit route.
func errnoOutcome(errno syscall.Errno) Outcome {
	switch errno {
	case syscall.ECONNREFUSED:
		return Refused
	case syscall.EHOSTUNREACH:
		return NoRoute
	case syscall.ENETUNREACH:
		return NoNetwork
	case syscall.EACCES, syscall.EPERM:
		return Prohibited
	case syscall.ECONNRESET, syscall.EPIPE:
		return Reset
	}
	return ""
}

// shortage is what the prober's own machine lacks; empty when the errno says something else. EADDRNOTAVAIL is what a
// connection without a free local port fails with; package resolve says so for UDP too.
func shortage(errno syscall.Errno) VoidReason {
	switch errno {
	case syscall.EMFILE, syscall.ENFILE:
		return NoFiles
	case syscall.EADDRNOTAVAIL:
		return NoPorts
	case syscall.ENOBUFS, syscall.ENOMEM:
		return NoMemory
	}
	return ""
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// cause is an error's text without the addresses that a Result has already: "connect: connection refused".
func cause(err error) string {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Error()
	}
	var file *fs.PathError // of a socket: it has no path
	if errors.As(err, &file) && file.Path == "" {
		return file.Op + ": " + file.Err.Error()
	}
	return err.Error()
}

// maxDetail is the length of a Detail in bytes.
const maxDetail = 200

// printable is s as one line without control characters, terminal escapes or text that runs backwards, cut to maxDetail.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		shown := string(r)
		if !unicode.IsPrint(r) {
			shown = fmt.Sprintf(`\u%04x`, r)
		}
		if b.Len()+len(shown) > maxDetail-len("…") {
			b.WriteString("…")
			break
		}
		b.WriteString(shown)
	}
	return b.String()
}
