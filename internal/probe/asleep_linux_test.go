package probe

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"callbyname/internal/resolve"
)

// TestPhasesLeaveOutHowLongTheProberWasNotWoken stops the prober each time it waits, and answers meanwhile.
func TestPhasesLeaveOutHowLongTheProberWasNotWoken(t *testing.T) {
	const (
		mark = "PROBE_TEST_ASLEEP"
		stop = 300 * time.Millisecond
		// pause lets the prober begin to wait.
		pause = 100 * time.Millisecond
	)
	if where := os.Getenv(mark); where != "" {
		server, target, _ := strings.Cut(where, " ")
		resolver, err := resolve.New(resolve.Options{Nameservers: []netip.AddrPort{netip.MustParseAddrPort(server)}})
		if err != nil {
			t.Fatal(err)
		}
		to := targetAt(t, "https://"+target+"/")
		to.Family, to.Insecure = resolve.IPv4, true
		c := newClient(t, to, Approach{Name: "dns", Host: "name.test."}, Options{Resolver: resolver, Timeout: ample})
		c.Probe(t.Context(), netip.AddrPort{}) // until it is over the kernel stamps packets
		result := c.Probe(t.Context(), netip.AddrPort{})
		if result.Outcome != OK {
			t.Fatalf("%s: %s", result.Outcome, result.Detail)
		}
		text, err := json.Marshal(result.Phases)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s\n%d\n", text, result.Total)
		return
	}
	t.Parallel()
	pid := make(chan int, 1)
	meanwhile := func(answer func()) {
		p := <-pid
		defer func() { pid <- p }()
		time.Sleep(pause)
		if err := syscall.Kill(p, syscall.SIGSTOP); err != nil {
			t.Error(err)
			return
		}
		defer syscall.Kill(p, syscall.SIGCONT)
		for !strings.Contains(status(t, p), "\nState:\tT") {
			time.Sleep(time.Millisecond)
		}
		answer()
		time.Sleep(stop)
	}
	names, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	zone := &dns.Server{PacketConn: names, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		a := &dns.A{Hdr: dns.RR_Header{Name: query.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}
		reply := new(dns.Msg).SetReply(query)
		reply.Answer = []dns.RR{a}
		meanwhile(func() { w.WriteMsg(reply) })
	})}
	served := make(chan error, 1)
	go func() { served <- zone.ActivateAndServe() }()
	t.Cleanup(func() {
		zone.Shutdown()
		<-served
	})
	config := newAuthority(t).server(t, time.Now().Add(time.Hour), nil, net.IPv4(127, 0, 0, 1))
	target := serve(t, func(tcp *net.TCPConn) {
		conn := tls.Server(&slowly{Conn: tcp, first: meanwhile}, config)
		if _, ok := readRequest(bufio.NewReader(conn)); ok {
			meanwhile(func() { fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi") })
			meanwhile(func() { fmt.Fprint(conn, "ne") })
			conn.Read(make([]byte, 1)) // until the prober hangs up: what is read together has its last packet's stamp
		}
	})
	var out strings.Builder
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=2m")
	child.Env = append(os.Environ(), mark+"="+names.LocalAddr().String()+" "+target.String())
	child.Stdout, child.Stderr = &out, &out
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid <- child.Process.Pid
	if err := child.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var (
		phases Phases
		total  time.Duration
	)
	text, rest, _ := strings.Cut(out.String(), "\n")
	if err := json.Unmarshal([]byte(text), &phases); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if _, err := fmt.Sscan(rest, &total); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if total < 4*stop {
		t.Fatalf("four stops of %v, and a total of %v", stop, total)
	}
	// The second half of the answer comes when the stop after the first one and the pause are over.
	if phases.Resolve >= stop || phases.TLS >= stop || phases.FirstByte >= stop || phases.Read < stop+pause || phases.Read >= stop+pause+stop {
		t.Errorf("what the prober waited for came at once, but it went on %v later: %+v of %v", stop, phases, total)
	}
}

// slowly is a connection that calls first with what is written first.
type slowly struct {
	net.Conn
	first func(func())
	begun bool
}

func (s *slowly) Write(b []byte) (n int, err error) {
	if s.begun {
		return s.Conn.Write(b)
	}
	s.begun = true
	s.first(func() { n, err = s.Conn.Write(b) })
	return n, err
}

func status(t *testing.T, pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Error(err)
		return "\nState:\tT" // there is nothing to wait for
	}
	return string(b)
}

func TestAHandshakeIsAsLongAsTheKernelSays(t *testing.T) {
	p := newClient(t, targetAt(t, "http://target.invalid/"), ip, Options{Timeout: ample}).begin()
	began := time.Now()
	f := p.dial(t.Context(), []netip.AddrPort{serve(t, reply(hello))})
	took := time.Since(began)
	if f != nil {
		t.Fatal(f.detail)
	}
	defer p.conn.Close()
	if shook := p.conn.tcp.shook; shook <= 0 || shook > took || p.result.Phases.Connect != shook {
		t.Errorf("a handshake of %v in a connect of %v took %v", shook, took, p.result.Phases.Connect)
	}
}

// The kernel's round trip is that of the SYN that was answered; the wait for a SYN that was lost is the target's all the same.
func TestAHandshakeHoldsTheWaitForALostPacket(t *testing.T) {
	t.Parallel()
	fd, addr := fullQueue(t)
	accepted := make(chan error, 1)
	go func() {
		time.Sleep(brief) // the first SYN is dropped; the kernel sends it again after a second
		for {
			conn, _, err := syscall.Accept(fd)
			if err != nil {
				accepted <- err
				return
			}
			syscall.Write(conn, []byte(hello))
			syscall.Close(conn)
		}
	}()
	got := probeIP(t, addr, ample)
	syscall.Shutdown(fd, syscall.SHUT_RDWR)
	<-accepted
	if got.Phases.Connect < time.Second-brief {
		t.Errorf("%s: a connection after %v, whose first packet was lost", got.Outcome, got.Phases.Connect)
	}
}
