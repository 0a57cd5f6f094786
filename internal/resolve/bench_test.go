//go:build unix

package resolve

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// echoEnv is set in the copy of the test that is the benchmark's server, so that its CPU does not count.
const echoEnv = "CALLBYNAME_TEST_ECHO"

// TestServeTheBenchmark is no test but the benchmark's server: it answers every query with one address, as cheaply as can
// be, until its standard input ends.
func TestServeTheBenchmark(t *testing.T) {
	if os.Getenv(echoEnv) == "" {
		return
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		conn.Close()
	}()
	_, _ = os.Stdout.WriteString(conn.LocalAddr().String() + "\n")
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			os.Exit(0)
		}
		end := skipName(buffer[:n], 12) + 4
		b := buffer[:end]
		b[2], b[3], b[7], b[11] = 0x85, 0, 1, 0
		qtype := b[end-3]
		b = append(b, 0xc0, 12, 0, qtype, 0, 1, 0, 0, 0, 5, 0)
		if uint16(qtype) == dns.TypeA {
			b = append(b, 4, 127, 0, 0, 1)
		} else {
			b = append(append(b, 16), netip.IPv6Loopback().AsSlice()...)
		}
		_, _ = conn.WriteToUDPAddrPort(b, from)
	}
}

func startEcho(b *testing.B) netip.AddrPort {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeTheBenchmark$")
	cmd.Env = append(os.Environ(), echoEnv+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	if err != nil {
		b.Fatal(err)
	}
	return netip.MustParseAddrPort(strings.TrimSpace(string(line[:n])))
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// measure reports the CPU of one round of f beside its time.
func measure(b *testing.B, f func() error) {
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkLookup stands beside BenchmarkBareExchange: the same packets with nothing but sockets, both families as two
// exchanges on two sockets.
func BenchmarkLookup(b *testing.B) {
	server := startEcho(b)
	for _, bm := range []struct {
		name, host string
		family     Family
	}{
		{"A", "apache.localcluster.svc.cluster.local.", IPv4},
		{"A+AAAA", "apache.localcluster.svc.cluster.local.", Any},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := resolver(b, "options ndots:5", "127.0.0.1 localhost\n", server)
			measure(b, func() error {
				ctx, cancel := context.WithTimeout(b.Context(), time.Second)
				defer cancel()
				_, err := r.Lookup(ctx, bm.host, bm.family)
				return err
			})
		})
	}
}

func BenchmarkBareExchange(b *testing.B) {
	server := net.UDPAddrFromAddrPort(startEcho(b))
	var a, aaaa question
	a.start("apache.localcluster.svc.cluster.local.", IPv4)
	aaaa.start("apache.localcluster.svc.cluster.local.", IPv6)
	if a.pack() != nil || aaaa.pack() != nil {
		b.Fatal("the queries do not pack")
	}
	buffer := make([]byte, 2048)
	exchange := func(query []byte) error {
		conn, err := net.DialUDP("udp", nil, server)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
			return err
		}
		if _, err := conn.Write(query); err != nil {
			return err
		}
		n, err := conn.Read(buffer)
		if err == nil && (n < 12 || binary.BigEndian.Uint16(buffer) != binary.BigEndian.Uint16(query)) {
			b.Fatal("not the reply")
		}
		return err
	}
	b.Run("one", func(b *testing.B) { measure(b, func() error { return exchange(a.query) }) })
	b.Run("two", func(b *testing.B) {
		measure(b, func() error {
			if err := exchange(a.query); err != nil {
				return err
			}
			return exchange(aaaa.query)
		})
	})
}
