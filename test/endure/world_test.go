package endure

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"callbyname/internal/dnsserver"
)

// host is the name of the target. It is a full one, so that the machine's search list has no say in it.
const host = "httpd.endure."

// world is a target that answers, and a DNS server that knows its name: whatever fails, it was not they.
type world struct {
	*testing.T
	dns     *dnsserver.Server
	addr    netip.AddrPort
	path    string // of the URL
	witness *witness
}

// newWorld starts a target with these flags.
func newWorld(t *testing.T, flags ...string) *world {
	t.Helper()
	w := &world{T: t, witness: watchMachine(t)}
	var err error
	if w.dns, err = dnsserver.Start("127.0.0.1:0", "."); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.dns.Close() })
	w.addr = freeAddr(t)
	if err := w.dns.Set(host, 0, w.addr.Addr()); err != nil {
		t.Fatal(err)
	}
	w.pod(w.addr, flags...)
	return w
}

// pod starts an httpd, and waits until it takes connections.
func (w *world) pod(addr netip.AddrPort, flags ...string) *process {
	w.Helper()
	p := start(w.T, httpd(addr, flags...))
	eventually(w.T, "httpd answers", func() bool {
		c, err := net.Dial("tcp", addr.String())
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return p
}

// httpd is the command for a pod.
func httpd(addr netip.AddrPort, flags ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(programs, "httpd"), append([]string{
		"--listen=" + addr.String(), "--admin-listen=", "--log-requests=false", "--drain-delay=0s"}, flags...)...)
	c.Env = []string{"POD_NAME=pod-httpd", "POD_UID=u1", "POD_IP=" + addr.Addr().String(), "POD_NAMESPACE=endure"}
	return c
}

// config is a file that has these targets, all of them the world's own, called in all ways that there are.
func (w *world) config(targets ...string) (flag string) {
	w.Helper()
	text := fmt.Sprintf("nameservers: [%q]\ntargets:\n", w.dns.Addr())
	for _, target := range targets {
		text += fmt.Sprintf(`  - name: %s
    url: %s
    ip: %s
    approaches:
      - ip
      - dns
      - {name: cached, address: %[4]s, cache: 3s}
      - {name: keepalive, address: %[4]s, keepalive: true}
      - {name: pool, address: pin, keepalive: true}
`, target, w.url(), w.addr.Addr(), host)
	}
	file := filepath.Join(w.TempDir(), "prober.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	return "--config=" + file
}

// url is the target by its name.
func (w *world) url() string { return fmt.Sprintf("http://%s:%d%s", host, w.addr.Port(), w.path) }

// slow makes DNS and the target take their time, so that most of the time a probe is under way.
func (w *world) slow(dns, answer time.Duration) {
	w.path = fmt.Sprintf("/echo?delay=%v", answer)
	w.dns.Break("", 0, dnsserver.Delay(dns))
}

// freeAddr is a port of loopback that is free.
func freeAddr(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// eventually asks again and again until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for late := time.After(patience); !ok(); {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("in %v it did not come to this: %s", patience, what)
		}
	}
}
