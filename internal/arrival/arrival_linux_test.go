package arrival

import (
	"encoding/binary"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// waited is how long a packet lies before it is read.
const waited = 100 * time.Millisecond

// stamped reads one message that has lain for waited, and when its sending began and was over.
func stamped(t *testing.T, conn *net.UDPConn) (control []byte, sending, sent time.Time) {
	t.Helper()
	sending = time.Now()
	if _, err := conn.WriteTo([]byte("hello"), conn.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	sent = time.Now()
	time.Sleep(waited)
	var (
		b    [16]byte
		room Control
	)
	_, n, _, _, err := conn.ReadMsgUDPAddrPort(b[:], room[:])
	if err != nil {
		t.Fatal(err)
	}
	return room[:n], sending, sent
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func askOf(t *testing.T, conn *net.UDPConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(Ask); err != nil {
		t.Fatal(err)
	}
}

func TestAMessageCameWhenTheKernelReceivedIt(t *testing.T) {
	const slack = time.Millisecond // between the kernel's two clocks
	conn := listen(t)
	askOf(t, conn)
	for try := 0; ; try++ { // the kernel begins to stamp packets a moment after it was asked to
		control, sending, sent := stamped(t, conn)
		at := Of(control, time.Time{}, time.Now())
		if at.Before(sending.Add(-slack)) {
			t.Fatalf("it came %v before it was sent", sending.Sub(at))
		}
		if !at.After(sent.Add(slack)) {
			return
		}
		if try == 50 {
			t.Fatalf("it was sent in %v, and came %v later", sent.Sub(sending), at.Sub(sent))
		}
	}
}

func TestAStampIsBelievedWithinBoundsOnly(t *testing.T) {
	now := time.Now()
	stamp := func(at time.Time) []byte {
		b := make([]byte, unix.CmsgSpace(16))
		header := unix.Cmsghdr{Level: unix.SOL_SOCKET, Type: unix.SCM_TIMESTAMPNS}
		header.SetLen(unix.CmsgLen(16))
		if _, err := binary.Encode(b, binary.NativeEndian, header); err != nil {
			t.Fatal(err)
		}
		data := b[unix.CmsgLen(0):]
		binary.NativeEndian.PutUint64(data, uint64(at.Unix()))
		binary.NativeEndian.PutUint64(data[8:], uint64(at.Nanosecond()))
		return b
	}
	other := stamp(now.Add(-time.Second))
	binary.NativeEndian.PutUint32(other[12:], unix.SCM_RIGHTS)
	since := now.Add(-time.Minute)
	for _, test := range []struct {
		name    string
		control []byte
		want    time.Time
	}{
		{"in between", stamp(now.Add(-time.Second)), now.Add(-time.Second)},
		{"after another message", slices.Concat(other, stamp(now.Add(-time.Second))), now.Add(-time.Second)},
		{"a clock that was set back", stamp(now.Add(time.Hour)), now},
		{"a clock that was set forward", stamp(now.Add(-time.Hour)), now},
		{"nothing", nil, now},
		{"something else", other, now},
		{"cut short", stamp(now.Add(-time.Second))[:20], now},
		{"zeros", make([]byte, 64), now},
	} {
		if got := Of(test.control, since, now); got.Sub(test.want).Abs() > 0 {
			t.Errorf("%s: %v from now, want %v", test.name, got.Sub(now), test.want.Sub(now))
		}
	}
}

func TestASocketThatDoesNotAskHasTheTimeOfReading(t *testing.T) {
	conn := listen(t)
	control, _, _ := stamped(t, conn)
	if now := time.Now(); !Of(control, time.Time{}, now).Equal(now) {
		t.Errorf("%d bytes of control data are a stamp", len(control))
	}
}
