package probe

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

	"callbyname/internal/dnsserver"
)

// inNamespace reports whether the test runs in a network namespace of its own. Outside one it runs the same test again
// in a child process that has one, with the loopback interface up, and reports what came of it; the namespace goes
// with the child.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const mark = "PROBE_TEST_NAMESPACE"
	if os.Getenv(mark) == t.Name() {
		ipRoute(t, "link set lo up")
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes a network namespace")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs the program ip (iproute2): ", err)
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m")
	child.Env = append(os.Environ(), mark+"="+t.Name())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs CAP_SYS_ADMIN to make a network namespace: ", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a network namespace: %v\n%s", err, out)
	}
	return false
}

// ipRoute runs ip(8) once for each command.
func ipRoute(t *testing.T, commands ...string) {
	t.Helper()
	for _, command := range commands {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", command, err, out)
		}
	}
}

func sysctl(t *testing.T, name, value string) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/"+strings.ReplaceAll(name, ".", "/"), []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

func TestRoutesHaveTheirClasses(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	// A pair of interfaces whose far end belongs to nobody: what is asked there is not answered.
	ipRoute(t,
		"link add near type veth peer name far", "link set near up", "link set far up",
		"addr add 10.1.0.1/24 dev near", "-6 addr add fd01::1/64 dev near nodad",
		"neigh add 10.1.0.3 lladdr 02:00:00:00:00:03 dev near nud permanent",
		"-6 neigh add fd01::3 lladdr 02:00:00:00:00:03 dev near nud permanent",
		"route add unreachable 10.2.0.0/16", "-6 route add unreachable fd02::/64",
		"route add blackhole 10.3.0.0/16", "-6 route add blackhole fd03::/64",
		"route add prohibit 10.4.0.0/16", "-6 route add prohibit fd04::/64",
	)
	for _, test := range []struct {
		name    string
		addrs   []string
		timeout time.Duration
		outcome Outcome
		errno   string
		detail  string
	}{
		{
			"no ARP answer, and the time to notice", []string{"10.1.0.2:80", "[fd01::2]:80"}, ample,
			NoRoute, "EHOSTUNREACH", "connect: no route to host",
		},
		{
			"no ARP answer, and no such time", []string{"10.1.0.4:80", "[fd01::4]:80"}, brief,
			ConnectTimeout, "", "no connection within 300ms",
		},
		{
			"packets that are dropped", []string{"10.1.0.3:80", "[fd01::3]:80"}, brief,
			ConnectTimeout, "", "no connection within 300ms",
		},
		{
			"an unreachable route", []string{"10.2.0.1:80", "[fd02::1]:80"}, ample,
			NoRoute, "EHOSTUNREACH", "connect: no route to host",
		},
		{
			"a blackhole route", []string{"10.3.0.1:80", "[fd03::1]:80"}, ample,
			Blackhole, "EINVAL", "connect: invalid argument",
		},
		{
			"a prohibit route", []string{"10.4.0.1:80", "[fd04::1]:80"}, ample,
			Prohibited, "EACCES", "connect: permission denied",
		},
		{
			"no route", []string{"10.5.0.1:80", "[fd05::1]:80"}, ample,
			NoNetwork, "ENETUNREACH", "connect: network is unreachable",
		},
		{
			"a link-local address without its zone, which is no blackhole", []string{"[fe80::1]:80"}, ample,
			Other, "EINVAL", "connect: invalid argument",
		},
	} {
		for _, addr := range test.addrs {
			t.Run(test.name+" "+addr, func(t *testing.T) {
				t.Parallel()
				pin := netip.MustParseAddrPort(addr)
				checkResult(t, probeIP(t, pin, test.timeout), failedDial(pin, test.outcome, test.errno, test.detail))
			})
		}
	}
}

func TestWithoutFreePortsIsVoid(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	sysctl(t, "net.ipv4.ip_local_port_range", "40000 40001")
	for _, listen := range []string{"127.0.0.1:8080", "[::1]:8080"} {
		pin := serveOn(t, listen, replies(hello))
		for range 2 {
			c, err := net.Dial("tcp", pin.String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		checkResult(t, probeIP(t, pin, ample), Result{
			Outcome: Void, Reason: NoPorts, Errno: "EADDRNOTAVAIL", Detail: "connect: cannot assign requested address", Addr: pin,
		})
	}
}

// The kernel has the same errno for a machine without an address to dial from, and that is no lack of ports: as void, a
// name that resolves to ::1 in a container without IPv6 would be void for ever.
func TestWithoutASourceAddressIsNoNetwork(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	sysctl(t, "net.ipv6.conf.lo.disable_ipv6", "1")
	pin := netip.MustParseAddrPort("[::1]:8080")
	checkResult(t, probeIP(t, pin, ample),
		failedDial(pin, NoNetwork, "EADDRNOTAVAIL", "connect: cannot assign requested address"))
}

// The only port that is left to dial from is the one that is dialled: the kernel connects the socket to itself. Package
// net dials anew twice then, which helps only where closed connections still hold the port.
func TestConnectionToItselfIsRefused(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	sysctl(t, "net.ipv4.ip_local_port_range", "40000 40000")
	sysctl(t, "net.ipv4.tcp_max_tw_buckets", "0")
	pin := netip.MustParseAddrPort("127.0.0.1:40000")
	checkResult(t, probeIP(t, pin, ample), failedDial(pin, Refused, "", "nobody listens: the connection met itself"))
}

func TestWithoutFilesIsVoid(t *testing.T) {
	if !inNamespace(t) { // for its process more than for its network
		return
	}
	pin := serve(t, replies(hello))
	zone := newZone(t)
	set(t, zone, host, pin)
	named := newClient(t, targetAt(t, urlTo(pin)), byName, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	checkResult(t, named.Probe(t.Context(), pin),
		Result{Outcome: OK, Addr: pin, Status: 200, Answer: answered(zone.Addr(), pin)})
	kept := newClient(t, targetAt(t, "http://target.invalid/"), keepalive, Options{Timeout: ample})
	checkResult(t, kept.Probe(t.Context(), pin), Result{Outcome: OK, Addr: pin, Status: 200})

	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	dialled, resolved, reused := probeIP(t, pin, ample), named.Probe(t.Context(), pin), kept.Probe(t.Context(), pin)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	void := Result{Outcome: Void, Reason: NoFiles, Errno: "EMFILE"}
	want := void
	want.Detail, want.Addr = "socket: too many open files", pin
	checkResult(t, dialled, want)
	want = void
	want.Detail, want.Answer = resolved.Detail, unanswered(zone.Addr())
	checkResult(t, resolved, want)
	checkResult(t, reused, Result{Outcome: OK, Addr: pin, Status: 200, Reused: true}) // which needs none
}

// A lookup that finds no port fails on UDP, whose ports are others than TCP's.
func TestLookupWithoutFreePortsIsVoid(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	zone, err := dnsserver.Start("127.0.0.1:5300")
	if err != nil {
		t.Fatal(err)
	}
	defer zone.Close()
	c := newClient(t, targetAt(t, "http://target.invalid/"), byName, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	sysctl(t, "net.ipv4.ip_local_port_range", "40000 40001")
	for range 2 {
		taken, err := net.ListenPacket("udp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
	}
	got := c.Probe(t.Context(), netip.AddrPort{})
	checkResult(t, got, Result{
		Outcome: Void, Reason: NoPorts, Errno: "EADDRNOTAVAIL", Detail: got.Detail, Answer: unanswered(zone.Addr()),
	})
}

func TestDNSServerOutOfReach(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	ipRoute(t, "route add unreachable 10.2.0.0/16", "route add blackhole 10.3.0.0/16", "route add prohibit 10.4.0.0/16")
	for server, errno := range map[string]string{
		"10.2.0.1:53": "EHOSTUNREACH", "10.3.0.1:53": "EINVAL", "10.4.0.1:53": "EACCES", "10.5.0.1:53": "ENETUNREACH",
		"[fd05::1]:53": "ENETUNREACH",
	} {
		at := netip.MustParseAddrPort(server)
		o := Options{Timeout: ample, Resolver: newResolver(t, at)}
		got := newClient(t, targetAt(t, "http://target.invalid/"), byName, o).Probe(t.Context(), netip.AddrPort{})
		checkResult(t, got, Result{
			Outcome: DNSUnreachable, Errno: errno, Detail: got.Detail, Answer: unanswered(at),
		})
	}
}

// A name with addresses of both families says the same as one of IPv4 only, on a machine that has IPv4 only.
func TestFamilyThatTheMachineHasNotIsNotTheReason(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	zone := newZone(t)
	closed := closedPort(t, "127.0.0.1")
	elsewhere := netip.AddrPortFrom(netip.MustParseAddr("fd05::1"), closed.Port())
	set(t, zone, host, closed, elsewhere)
	c := newClient(t, targetAt(t, urlTo(closed)), byName, Options{Timeout: ample, Resolver: newResolver(t, zone.Addr())})
	want := failedDial(closed, Refused, "ECONNREFUSED", "connect: connection refused")
	want.Failed = append(want.Failed, Attempt{Addr: elsewhere, Outcome: NoNetwork})
	want.Answer = answered(zone.Addr(), closed, elsewhere)
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}), want)

	set(t, zone, host, elsewhere)
	want = failedDial(elsewhere, NoNetwork, "ENETUNREACH", "connect: network is unreachable")
	want.Answer = answered(zone.Addr(), elsewhere)
	checkResult(t, c.Probe(t.Context(), netip.AddrPort{}), want)
}
