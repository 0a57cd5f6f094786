//go:build unix

package echo

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// limitBuffers sets the sizes of the kernel's buffers for the connections that a listener will accept. Otherwise they grow to megabytes
// where a client sends without reading, and count as the memory of the pod.
func limitBuffers(listener any) {
	control(listener, func(fd int) {
		// Linux takes half of what is given, and doubles it for its own use. A failure leaves the kernel's limits, which is no harm.
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_SNDBUF, buffers/2)
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, buffers/2)
	})
}

// unread reports whether a connection has bytes that were not read, or a listener connections that were not accepted.
func unread(socket any) (ready bool) {
	control(socket, func(fd int) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		ready = err == nil && n == 1 && fds[0].Revents&unix.POLLIN != 0
	})
	return ready
}

// control calls do for what is a socket and open, and for nothing else.
func control(socket any, do func(fd int)) {
	s, ok := socket.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := s.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { do(int(fd)) }) // an error says that it is closed
	}
}
