package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A wire of our own leads to the servers: two TUN interfaces, one in the prober's network namespace and one in another, and
// between them a process that carries each packet over, after half of the round-trip time that the server's address stands
// for. So a connection takes as long as it does over a real network, whatever the kernel can emulate.

const (
	roleFar   = "far"
	firstPort = 8000
	ports     = 64
)

// roundTrips are those of the servers' addresses: 198.18.0.10 is the first.
var roundTrips = []time.Duration{0, 1 * time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}

var nearAddr = netip.MustParseAddr("198.18.0.1")

func farAddr(roundTrip int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, 0, byte(10 + roundTrip)})
}

// delay is how long a packet takes one way.
func delay(packet []byte) time.Duration {
	if len(packet) < 20 {
		return 0
	}
	for i, d := range roundTrips {
		if last := byte(10 + i); packet[15] == last || packet[19] == last {
			return d / 2
		}
	}
	return 0
}

// openTUN makes a TUN interface in this network namespace and switches it on.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	r, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("making the interface %q: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), up(name)
}

// startFar lays the wire and starts the servers at its other end, which live as long as ctx.
func startFar(ctx context.Context) (wait func() error, err error) {
	tun, err := openTUN("near")
	if err != nil {
		return nil, err
	}
	defer tun.Close()
	if err := setNetwork("near", nearAddr); err != nil {
		return nil, err
	}
	cmd := command(ctx, asParent, roleFar)
	cmd.ExtraFiles = []*os.File{tun}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("the other end of the wire: %w", errors.Join(err, cmd.Wait()))
	}
	return cmd.Wait, nil
}

// serveFar is the other end of the wire.
func serveFar(ctx context.Context) error {
	near := os.NewFile(3, "near")
	defer near.Close()
	far, err := openTUN("far")
	if err != nil {
		return err
	}
	defer far.Close()
	for i := range roundTrips {
		if err := setNetwork(fmt.Sprintf("far:%d", i), farAddr(i)); err != nil {
			return err
		}
	}
	go carry(int(near.Fd()), int(far.Fd()))
	go carry(int(far.Fd()), int(near.Fd()))
	server := &http.Server{Handler: http.HandlerFunc(slowly)}
	failed := make(chan error, ports)
	for i := range ports {
		listener, err := net.Listen("tcp4", fmt.Sprintf(":%d", firstPort+i))
		if err != nil {
			return err
		}
		go func() { failed <- server.Serve(listener) }()
	}
	fmt.Println("ready")
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// carry takes packets from one end of the wire to the other, those of the same delay in their order.
func carry(from, to int) {
	type due struct {
		at     time.Time
		packet []byte
	}
	queues := map[time.Duration]chan due{}
	for {
		b := make([]byte, 2048)
		n, err := unix.Read(from, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		d := delay(b[:n])
		if d == 0 {
			unix.Write(to, b[:n])
			continue
		}
		queue := queues[d]
		if queue == nil {
			queue = make(chan due, 10_000)
			queues[d] = queue
			go func() {
				for p := range queue {
					time.Sleep(time.Until(p.at))
					unix.Write(to, p.packet)
				}
			}()
		}
		queue <- due{time.Now().Add(d), b[:n]}
	}
}

// slowly answers after the time that the query's "wait" says, and sends the second half of its answer after another
// time, that of "read"; both in microseconds.
func slowly(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	micros := func(key string) time.Duration {
		n, _ := strconv.Atoi(query.Get(key))
		return time.Duration(n) * time.Microsecond
	}
	const half = "half of the answer, and more\n"
	time.Sleep(micros("wait"))
	w.Header().Set("Content-Length", strconv.Itoa(2*len(half)))
	io.WriteString(w, half)
	if d := micros("read"); d > 0 {
		w.(http.Flusher).Flush()
		time.Sleep(d)
	}
	io.WriteString(w, half)
}
