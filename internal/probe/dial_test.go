package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// closedPort is an address on which nobody listens. A socket holds it until the test ends, so that nobody else can.
func closedPort(t testing.TB, host string) netip.AddrPort {
	t.Helper()
	domain, at := syscall.AF_INET, syscall.Sockaddr(&syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if host != "127.0.0.1" {
		domain, at = syscall.AF_INET6, &syscall.SockaddrInet6{Addr: netip.MustParseAddr(host).As16()}
	}
	fd, err := syscall.Socket(domain, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, at); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if v6, ok := name.(*syscall.SockaddrInet6); ok {
		return netip.AddrPortFrom(netip.AddrFrom16(v6.Addr), uint16(v6.Port))
	}
	v4 := name.(*syscall.SockaddrInet4)
	return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), uint16(v4.Port))
}

// swallow is an address that takes no further connection and does not say so: its queue of one is full, so that the
// kernel drops what asks for more.
func swallow(t testing.TB) netip.AddrPort {
	t.Helper()
	_, addr := fullQueue(t)
	return addr
}

// fullQueue is a listening socket of that kind.
func fullQueue(t testing.TB) (fd int, addr netip.AddrPort) {
	t.Helper()
	syscall.ForkLock.RLock()
	var err error
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(
		syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		syscall.Listen(fd, 0),
	); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(bound.(*syscall.SockaddrInet4).Port))
	for range 8 {
		c, err := net.DialTimeout("tcp", addr.String(), brief)
		if timedOut(err) {
			return fd, addr
		} else if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the queue does not fill up")
	return fd, addr
}

func TestRefused(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		pin := closedPort(t, host)
		checkResult(t, probeIP(t, pin, ample), Result{
			Outcome: Refused, Errno: "ECONNREFUSED", Detail: "connect: connection refused",
			Addr: pin, Failed: []Attempt{{Addr: pin, Outcome: Refused}},
		})
	}
}

func TestConnectTimeout(t *testing.T) {
	pin := swallow(t)
	got := probeIP(t, pin, brief)
	checkResult(t, got, Result{
		Outcome: ConnectTimeout, Detail: "no connection within 300ms",
		Addr: pin, Failed: []Attempt{{Addr: pin, Outcome: ConnectTimeout}},
	})
	if got.Phases.Connect < brief.Truncate(time.Microsecond) || got.Failed[0].Took < brief {
		t.Errorf("gave up after %v of %v", got.Phases.Connect, brief)
	}
}

func TestIPv6IsAnAddressLikeAnother(t *testing.T) {
	pin := serveOn(t, "[::1]:0", reply(hello))
	checkResult(t, probeIP(t, pin, ample), Result{Outcome: OK, Addr: pin, Status: 200})
}

func TestIPv4InIPv6IsIPv4(t *testing.T) {
	pin := serve(t, reply(hello))
	mapped := netip.AddrPortFrom(netip.AddrFrom16(pin.Addr().As16()), pin.Port())
	checkResult(t, probeIP(t, mapped, ample), Result{Outcome: OK, Addr: pin, Status: 200})
}

func TestWithoutAPinNothingIsSent(t *testing.T) {
	checkResult(t, probeIP(t, netip.AddrPort{}, ample), Result{Outcome: Pending, Detail: "no address is pinned yet"})
}

// The promise: a probe that the prober's stop cuts short is no failure of the target, wherever it was cut.
func TestStopIsVoid(t *testing.T) {
	connected := make(chan struct{}, 1)
	silent := serve(t, func(c *net.TCPConn) {
		connected <- struct{}{}
		hold(c)
	})
	stopped := Result{Outcome: Void, Reason: Stopped, Detail: "the prober stopped before the probe was over"}

	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := newClient(t, targetAt(t, "http://target.invalid/"), ip, Options{Timeout: ample})
		want := stopped
		want.Addr = silent
		checkResult(t, c.Probe(ctx, silent), want)
	})
	for name, url := range map[string]string{
		"while it waits for the answer": "http://target.invalid/",
		"while it shakes hands":         "https://target.invalid/",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c := newClient(t, targetAt(t, url), ip, Options{Timeout: ample})
			go func() {
				<-connected
				cancel()
			}()
			want := stopped
			want.Addr = silent
			checkResult(t, c.Probe(ctx, silent), want)
		})
	}
	t.Run("while it connects", func(t *testing.T) {
		want := stopped
		want.Addr = swallow(t)
		ctx, cancel := context.WithTimeout(t.Context(), brief)
		defer cancel()
		c := newClient(t, targetAt(t, "http://target.invalid/"), ip, Options{Timeout: ample})
		checkResult(t, c.Probe(ctx, want.Addr), want)
	})
}
