package arrival

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Ask makes the kernel tell when it received what is read from the socket. One that can't leaves Of with the time of reading.
func Ask(fd uintptr) {
	if !kept.Load() {
		keep()
	}
	ask(int(fd))
}

func ask(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) }

var (
	kept    atomic.Bool // there is a socket that asks, for good
	keeping sync.Mutex
)

// keep makes that socket: the kernel stamps no packet while none asks, and each first and last one makes it patch its own code. Where
// there is no file for it now, a later one may succeed.
func keep() {
	keeping.Lock()
	defer keeping.Unlock()
	if kept.Load() {
		return
	}
	if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err == nil {
		ask(fd)
		kept.Store(true)
	}
}

// Of is when the message was received that came with this control data, by now's clock. It is now where the kernel does not say, and where
// what it says is not between since and now, as when the wall clock was set in between. Of several packets of a stream that are read
// together it is when the last one was received.
func Of(control []byte, since, now time.Time) time.Time {
	for len(control) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		// The stamps of a 32-bit machine are shorter, and are left alone.
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_TIMESTAMPNS && len(data) == 16 {
			sec, nsec := binary.NativeEndian.Uint64(data), binary.NativeEndian.Uint64(data[8:])
			if lay := now.Sub(time.Unix(int64(sec), int64(nsec))); lay > 0 && lay <= now.Sub(since) {
				return now.Add(-lay)
			}
			return now
		}
		control = rest
	}
	return now
}
