package main

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Addresses are given by the oldest way there is, an alias of the interface for each ("lo:7"), because it takes two system
// calls and no program to run: when it took effect is known to some microseconds. Each is in a network of its own, since with
// the first address of a network the kernel takes the others away.

func loopbackUp() error { return up("lo") }

// up switches an interface on.
func up(name string) error {
	return configure(name, func(fd int, r *unix.Ifreq) error {
		r.SetUint16(unix.IFF_UP)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
	})
}

func alias(a netip.Addr) string { return fmt.Sprintf("lo:%d", a.As4()[2]) }

// addAddress gives the loopback interface an address more.
func addAddress(a netip.Addr) error { return setAddress(alias(a), a) }

func setAddress(name string, a netip.Addr) error {
	return configure(name, func(fd int, r *unix.Ifreq) error {
		ip := a.As4()
		if err := r.SetInet4Addr(ip[:]); err != nil {
			return err
		}
		return unix.IoctlIfreq(fd, unix.SIOCSIFADDR, r)
	})
}

// setNetwork gives an interface an address and the 256 around it as neighbours, which an interface with two ends only does
// not have of itself.
func setNetwork(name string, a netip.Addr) error {
	if err := setAddress(name, a); err != nil {
		return err
	}
	return configure(name, func(fd int, r *unix.Ifreq) error {
		if err := r.SetInet4Addr([]byte{255, 255, 255, 0}); err != nil {
			return err
		}
		return unix.IoctlIfreq(fd, unix.SIOCSIFNETMASK, r)
	})
}

// removeAddress takes an address away again: an alias that is down is gone.
func removeAddress(a netip.Addr) error {
	return configure(alias(a), func(fd int, r *unix.Ifreq) error {
		r.SetUint16(0)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
	})
}

func configure(name string, do func(fd int, r *unix.Ifreq) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := do(fd, r); err != nil {
		return fmt.Errorf("configuring the interface %q: %w", name, err)
	}
	return nil
}
