package resolve

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// says is each Kind for a person.
func (k Kind) says() string {
	switch k {
	case NotFound:
		return "no such name"
	case NoData:
		return "the name has no such address"
	case ServFail:
		return "the server failed"
	case Refused:
		return "the server refused"
	case Timeout:
		return "no reply in time"
	case Unreachable:
		return "the server cannot be reached"
	case Malformed:
		return "the reply makes no sense"
	}
	return string(k)
}

// Error is one line of printable text.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "looking up %q: %s", e.Host, e.Kind.says())
	if e.Rcode != "" && e.Rcode != "NOERROR" {
		fmt.Fprintf(&b, " (%s)", e.Rcode)
	}
	if e.Server.IsValid() {
		fmt.Fprintf(&b, ", DNS server %v", e.Server)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap is the cause: of a system call that failed it ends in its syscall.Errno, of Timeout it is
// context.DeadlineExceeded, and nil when a server's reply is the whole cause.
//
// A socket that found no free local port has EADDRNOTAVAIL here, whatever the kernel called it (EAGAIN for UDP); EMFILE,
// ENFILE, ENOBUFS, ENOMEM and EADDRNOTAVAIL therefore always are a shortage of this machine's.
func (e *Error) Unwrap() error { return e.Err }

// shortage reports whether an error is this machine's own want of something, which says nothing about a server.
func shortage(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
