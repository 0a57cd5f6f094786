package curl

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what is written to the one can be read from the other.
func terminal(t *testing.T) (program, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { program.Close() })
	return program, person
}

// onTerminal is what a person sees of a run up to and with the word "over", which is written after it.
func onTerminal(t *testing.T, args ...string) (status int, seen, stderr string) {
	t.Helper()
	program, person := terminal(t)
	var errs strings.Builder
	status = Run(t.Context(), args, nil, program, &errs)
	io.WriteString(program, "over\n")
	for r := bufio.NewReader(person); !strings.HasSuffix(seen, "over\r\n"); {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		seen += line
	}
	return status, strings.TrimSuffix(seen, "over\r\n"), errs.String()
}

func TestATerminalIsShownHeadersAndObeysNone(t *testing.T) {
	at := "http://" + answers(t, "HTTP/1.1 200 OK\r\nA: \x1b[2Jb\r\nContent-Length: 0\r\n\r\n")
	status, seen, _ := onTerminal(t, "-s", "-i", at)
	if status != 0 || strings.Contains(seen, "\x1b") || !strings.Contains(seen, `A: \u001b[2Jb`) {
		t.Errorf("status %d, %q", status, seen)
	}
}

func TestATerminalGetsNoBinary(t *testing.T) {
	at := "http://" + answers(t, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\x00b")
	const warning = `Warning: Binary output can mess up your terminal. Use "--output -" to tell ` + `
Warning: curl to output it to your terminal anyway, or consider "--output ` + `
Warning: <FILE>" to save to a file.
curl: (23) Failure writing output to destination
`
	if status, seen, stderr := onTerminal(t, at); status != exitWrite || seen != "" || stderr != warning {
		t.Errorf("status %d, %q, %q", status, seen, stderr)
	}
	if status, seen, stderr := onTerminal(t, "-o", "-", at); status != 0 || seen != "a\x00b" || stderr != "" {
		t.Errorf("with -o -: status %d, %q, %q", status, seen, stderr)
	}
	if got := ours(t, "", at); got.status != 0 || got.stdout != "a\x00b" {
		t.Errorf("without a terminal: %+v", got)
	}
}

// full is an address whose queue of connections is full, so that it leaves further ones unanswered.
func full(t *testing.T) (hostPort string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	hostPort = fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	for range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", hostPort)
		cancel()
		if err != nil {
			return hostPort
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the queue takes everything")
	return ""
}

func TestAnAddressThatDoesNotAnswerIsATimeoutAsWithTheRealCurl(t *testing.T) {
	needsCurl(t)
	at := "http://" + full(t)
	for _, flag := range []string{"--connect-timeout", "-m"} {
		args := []string{"-sS", "-w", figures, flag, "0.3", at}
		got, want := ours(t, "", args...), theirs(t, "", args...)
		if got.status != exitTimeout || got.status != want.status || got.stdout != want.stdout {
			t.Errorf("%s: got %+v, that of curl %+v", flag, got, want)
		}
	}
}

func TestTheNextAddressIsTriedWithinTheConnectTimeout(t *testing.T) {
	dead, port, _ := strings.Cut(full(t), ":")
	at := mirror(t, "127.0.0.2:"+port)
	got := ours(t, "", "-sS", "-o", "/dev/null", "-w", "%{remote_ip} %{http_code}", "--connect-timeout", "0.6",
		"--resolve", "foo.test:"+port+":"+dead+",127.0.0.2", "http://foo.test:"+port)
	if want := (said{0, "127.0.0.2 200", ""}); got != want {
		t.Errorf("%s: got %+v, want %+v", at, got, want)
	}
}
