package abuse

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

const root = "../.."

// program is httpd. TestMain sets it, and nobody changes it.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := prepared(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "abuse:", err)
		code = 1
	}
	os.Exit(code)
}

// files is how many file descriptors each side may have: both ends of all connections that a test opens at once, and some.
const files = 16384

// prepared builds httpd as its image has it, and runs the tests.
func prepared(tests func() int) (code int, err error) {
	if flag.Lookup("test.list").Value.String() != "" {
		return tests(), nil
	}
	// What is set here, children get, too.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1, err
	}
	limit.Cur, limit.Max = files, max(files, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1, fmt.Errorf("allowing %d open files: %w: ulimit -Hn %d", files, err, files)
	}
	scratch, err := os.MkdirTemp("", "callbyname-abuse-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	program = filepath.Join(scratch, "httpd")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./cmd/httpd")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return tests(), nil
}
