package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mute takes a network interface down, in the network namespace of this process. It needs CAP_NET_ADMIN there.
func mute(name string) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket: %w", err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("interface %q: %w", name, err)
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("reading the flags of %q: %w", name, err)
	}
	request.SetUint16(request.Uint16() &^ unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("taking %q down: %w", name, err)
	}
	return nil
}
