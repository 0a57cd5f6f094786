package probe

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"callbyname/internal/resolve"
)

// mute is an address that takes no connection and refuses none: a listener whose queue is full.
func mute(t *testing.T) netip.AddrPort {
	t.Helper()
	open := func() int {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	l := open()
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(l, 0); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(l)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		unix.Connect(open(), at)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(at.(*unix.SockaddrInet4).Port))
}

// The timeout holds for whoever calls, and be it with a context that never ends.
func TestALookupOverTCPEndsByTheTimeout(t *testing.T) {
	server := mute(t)
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("options use-vc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := resolve.New(resolve.Options{HostsFile: os.DevNull, ResolvConf: conf, Nameservers: []netip.AddrPort{server}})
	if err != nil {
		t.Fatal(err)
	}
	const timeout = 300 * time.Millisecond
	c := newClient(t, targetAt(t, "http://target.invalid/"), Approach{Name: "dns", Host: "target.invalid"}, Options{Resolver: r, Timeout: timeout})
	for _, ctx := range []context.Context{context.Background(), t.Context()} {
		ended := make(chan Result, 1)
		go func() { ended <- c.Probe(ctx, netip.AddrPort{}) }()
		select {
		case got := <-ended:
			if got.Outcome != DNSTimeout || got.Total < timeout {
				t.Errorf("%s after %v: %s", got.Outcome, got.Total, got.Detail)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("it did not end")
		}
	}
}
