package resolve

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"callbyname/internal/dnsserver"
)

// insideEnv is set in the copy of a test that runs in a namespace; its value is the test's own.
const insideEnv = "CALLBYNAME_TEST_INSIDE"

// inNamespaces runs a copy of the test in network, mount and UTS namespaces of its own, which end with it.
func inNamespaces(t *testing.T, value string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: it makes network and mount namespaces")
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), insideEnv+"="+value, "GORACE=atexit_sleep_ms=0") // or each copy sleeps a second
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("may not make namespaces: ", err)
	}
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestThisMachinesShortagesAreToldFromTheServersFaults(t *testing.T) {
	if os.Getenv(insideEnv) == "" {
		t.Run("files", withoutFiles)
		t.Run("ports", func(t *testing.T) { inNamespaces(t, "ports") })
		return
	}
	loopbackUp(t)
	must(t, "leaving two ports", os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40001"), 0o644))
	s, err := dnsserver.Start("127.0.0.1:53", ".")
	must(t, "starting the server", err)
	defer s.Close()
	put(t, s, "web.", "10.0.0.1")
	r := resolver(t, "", "", s.Addr())
	if _, err := r.Lookup(within(t, 5*time.Second), "web.", Any); err != nil {
		t.Fatalf("with two ports: %v", err)
	}
	var taken []net.Conn
	for range 2 {
		conn, err := net.Dial("udp", "127.0.0.1:53")
		must(t, "taking a port", err)
		taken = append(taken, conn)
	}
	_, err = r.Lookup(within(t, 5*time.Second), "web.", Any)
	checkShortage(t, err, syscall.EADDRNOTAVAIL)
	for _, conn := range taken {
		conn.Close()
	}

	// That there is no address to ask from is no shortage: it is how an IPv6 server looks where there is no IPv6.
	must(t, "taking IPv6 away", os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0o644))
	_, err = resolver(t, "", "", netip.MustParseAddrPort("[::1]:53")).Lookup(within(t, 5*time.Second), "web.", Any)
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Unreachable || !errors.Is(err, syscall.ENETUNREACH) || shortage(err) {
		t.Errorf("without IPv6: %v", err)
	}
}

func withoutFiles(t *testing.T) {
	s := serve(t)
	r := resolver(t, "", "", closedPort(t), s.Addr(), closedPort(t))
	var limit syscall.Rlimit
	must(t, "reading the limit of open files", syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	none := limit
	none.Cur = 0
	must(t, "lowering it", syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none))
	_, err := r.Lookup(within(t, 5*time.Second), "web.cluster.local.", Any)
	must(t, "raising it", syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	checkShortage(t, err, syscall.EMFILE)
}

func checkShortage(t *testing.T, err error, errno syscall.Errno) {
	t.Helper()
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != Unreachable || !errors.Is(err, errno) || !shortage(err) {
		t.Errorf("got %v, want %v", err, errno)
	}
}

// mountEtc puts a directory in /etc's place, and gives the host a name without a domain.
func mountEtc(t *testing.T, dir string) {
	t.Helper()
	must(t, "making mounts private", syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	must(t, "mounting /etc", syscall.Mount(dir, "/etc", "", syscall.MS_BIND, ""))
	must(t, "naming the host", syscall.Sethostname([]byte("node")))
}

func must(t *testing.T, doing string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

// loopbackUp brings lo up and gives it an address of each family besides 127.0.0.1 and ::1, without which getaddrinfo
// thinks that the machine has none (AI_ADDRCONFIG, which getent sets).
func loopbackUp(t *testing.T) {
	t.Helper()
	ioctl := func(family int, request uintptr, argument unsafe.Pointer) {
		t.Helper()
		fd, err := syscall.Socket(family, syscall.SOCK_DGRAM, 0)
		must(t, "making a socket", err)
		defer syscall.Close(fd)
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(argument)); errno != 0 {
			t.Fatalf("setting up lo: %v", errno)
		}
	}
	flags := struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{name: [16]byte{'l', 'o'}, flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	ioctl(syscall.AF_INET, syscall.SIOCSIFFLAGS, unsafe.Pointer(&flags))

	four := struct {
		name [16]byte
		addr syscall.RawSockaddrInet4
		_    [8]byte
	}{name: [16]byte{'l', 'o', ':', '1'}, addr: syscall.RawSockaddrInet4{Family: syscall.AF_INET, Addr: [4]byte{192, 0, 2, 1}}}
	ioctl(syscall.AF_INET, syscall.SIOCSIFADDR, unsafe.Pointer(&four))

	lo, err := net.InterfaceByName("lo")
	must(t, "finding lo", err)
	six := struct {
		addr   [16]byte
		prefix uint32
		index  int32
	}{addr: netip.MustParseAddr("2001:db8::1").As16(), prefix: 128, index: int32(lo.Index)}
	ioctl(syscall.AF_INET6, syscall.SIOCSIFADDR, unsafe.Pointer(&six))
}
