package probe

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"callbyname/internal/dnsserver"
	"callbyname/internal/identity"
)

const serverMark = "PROBE_BENCH_SERVER"

// podAnswer is what a pod answers: its identity, and a short text.
func podAnswer() string {
	e := identity.NewEncoder(full)
	local := identity.Local(netip.MustParseAddrPort("10.244.0.5:80"))
	start := "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
	return string(e.Append([]byte(start), local, true)) + "\r\nhello"
}

// benchServer is both contenders' server. It runs in a process of its own, so that what is measured is the client alone,
// until its standard input ends.
func benchServer() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	zone, err := dnsserver.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	at := addrPort(l.Addr())
	if err := zone.Set(host, 5*time.Second, at.Addr()); err != nil {
		return err
	}
	fmt.Println(at, zone.Addr())
	serve := replies(podAnswer())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c.(*net.TCPConn))
			}()
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startBenchServer returns the addresses of the HTTP server and of the DNS server.
func startBenchServer(b *testing.B) (http, dns netip.AddrPort) {
	b.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), serverMark+"=1")
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		child.Wait()
	})
	var addrs [2]string
	if _, err := fmt.Fscan(bufio.NewReader(out), &addrs[0], &addrs[1]); err != nil {
		b.Fatal(err)
	}
	return netip.MustParseAddrPort(addrs[0]), netip.MustParseAddrPort(addrs[1])
}

// One ip probe beside a bare dial + write + read: it may cost a quarter more.
func BenchmarkIPProbe(b *testing.B) {
	pin, _ := startBenchServer(b)
	c := newClient(b, targetAt(b, urlTo(pin)), ip, Options{Timeout: ample, UserAgent: "callbyname-prober/0"})
	compareCPU(b,
		func() error { return bareRequest(pin, c.request.bytes) },
		func() error { return probed(c.Probe(b.Context(), pin)) },
	)
}

// One dns probe beside that and two bare UDP exchanges, which ask for A and AAAA over one socket each.
func BenchmarkDNSProbe(b *testing.B) {
	pin, server := startBenchServer(b)
	c := newClient(b, targetAt(b, urlTo(pin)), byName, Options{
		Timeout: ample, UserAgent: "callbyname-prober/0", Resolver: newResolver(b, server),
	})
	var questions [][]byte
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		q, err := new(dns.Msg).SetQuestion(host+".", qtype).SetEdns0(1232, false).Pack()
		if err != nil {
			b.Fatal(err)
		}
		questions = append(questions, q)
	}
	compareCPU(b,
		func() error {
			for _, q := range questions {
				if err := bareExchange("udp", server, q); err != nil {
					return err
				}
			}
			return bareRequest(pin, c.request.bytes)
		},
		func() error { return probed(c.Probe(b.Context(), netip.AddrPort{})) },
	)
}

func probed(r Result) error {
	if r.Outcome != OK || r.Who == nil {
		return fmt.Errorf("%s: %s, by %v", r.Outcome, r.Detail, r.Who)
	}
	return nil
}

func bareRequest(pin netip.AddrPort, request []byte) error { return bareExchange("tcp", pin, request) }

func bareExchange(network string, to netip.AddrPort, message []byte) error {
	c, err := net.Dial(network, to.String())
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write(message); err != nil {
		return err
	}
	var b [4096]byte
	_, err = c.Read(b[:])
	return err
}

// compareCPU runs both in turns and reports the CPU time of each, and how many times bare's the other one's is.
func compareCPU(b *testing.B, bare, probe func() error) {
	const turn = 50
	var spent [2]time.Duration
	for done := 0; done < b.N; done += turn {
		for i, f := range []func() error{bare, probe} {
			before := cpu(b)
			for range min(turn, b.N-done) {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			spent[i] += cpu(b) - before
		}
	}
	b.ReportMetric(float64(spent[0])/float64(b.N), "bare-cpu-ns/op")
	b.ReportMetric(float64(spent[1])/float64(b.N), "probe-cpu-ns/op")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "probe/bare")
	b.ReportMetric(0, "ns/op") // of both together: it says nothing
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
