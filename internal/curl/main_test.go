package curl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said is what a run of a program came to.
type said struct {
	status         int
	stdout, stderr string
}

// ours runs this curl.
func ours(t testing.TB, stdin string, args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	status := Run(ctx, args, strings.NewReader(stdin), &out, &errs)
	if ctx.Err() != nil {
		t.Fatalf("curl %q hung", args)
	}
	return said{status, out.String(), errs.String()}
}

// listen accepts connections until the test ends and hands each to serve, which need not close it.
func listen(t testing.TB, on string, serve func(net.Conn)) (hostPort string) {
	t.Helper()
	ln, err := net.Listen("tcp", on)
	if err != nil {
		t.Skipf("no %s here: %v", on, err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			serving.Go(func() { defer c.Close(); serve(c) })
		}
	})
	t.Cleanup(func() { ln.Close(); serving.Wait() })
	return ln.Addr().String()
}

// answers is a server that sends the same bytes to every request, and hangs up.
func answers(t testing.TB, raw string) (hostPort string) {
	return listen(t, "127.0.0.1:0", func(c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, raw)
		}
	})
}

// readRequest reads one request, as it came.
func readRequest(r *bufio.Reader) (string, error) {
	var all strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			return all.String(), err
		}
		if value, ok := strings.CutPrefix(line, "Content-Length:"); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if line == "\r\n" {
			_, err := io.CopyN(&all, r, int64(length))
			return all.String(), err
		}
	}
}

// mirror answers each request with its bytes, as many as one connection brings.
func mirror(t testing.TB, on string) (hostPort string) {
	return listen(t, on, func(c net.Conn) {
		for r := bufio.NewReader(c); ; {
			request, err := readRequest(r)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(request), request)
		}
	})
}

// reset is a server that reads the request and resets the connection after what it has sent.
func reset(t testing.TB, raw string) (hostPort string) {
	return listen(t, "127.0.0.1:0", func(c net.Conn) {
		readRequest(bufio.NewReader(c))
		io.WriteString(c, raw)
		c.(*net.TCPConn).SetLinger(0)
	})
}

// holding is a server that sends what it is given and then nothing more, until the client goes.
func holding(t testing.TB, raw string) (hostPort string) {
	return listen(t, "127.0.0.1:0", func(c net.Conn) {
		r := bufio.NewReader(c)
		readRequest(r)
		io.WriteString(c, raw)
		io.Copy(io.Discard, r)
	})
}

// greeting is a server that speaks first, and then nothing more, until the client goes.
func greeting(t testing.TB, raw string) (hostPort string) {
	return listen(t, "127.0.0.1:0", func(c net.Conn) {
		io.WriteString(c, raw)
		io.Copy(io.Discard, c)
	})
}

// refusing is an address at which nobody listens. A socket holds it until the test ends, so that nobody else can.
func refusing(t testing.TB) (hostPort string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}

// web is a server with what is usual on the web, at URLs and "https" ones that this machine does not trust.
func web(t testing.TB) (plain, secured *httptest.Server) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello from %s\n", r.URL.Path) })
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(code)
		fmt.Fprintf(w, "%s %d\n", r.Method, code)
	})
	mux.HandleFunc("/method", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %q %q\n", r.Method, body, r.Header["Authorization"])
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "loop", http.StatusFound) })
	mux.HandleFunc("/chunks", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintf(w, "chunk %d\n", i)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		block := bytes.Repeat([]byte("0123456789abcde\n"), 4096)
		for range 80 {
			w.Write(block)
		}
	})
	plain, secured = httptest.NewServer(mux), httptest.NewUnstartedServer(mux)
	secured.Config.ErrorLog = quiet()
	secured.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secured.Close)
	return plain, secured
}

// authority is a file with the certificate of a server of web.
func authority(t testing.TB, s *httptest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
