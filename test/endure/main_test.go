package endure

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programs is the folder that the programs of this repository are in, built for this run.
var programs string

func TestMain(m *testing.M) {
	if handled, err := asHelper(); handled {
		fmt.Fprintln(os.Stderr, err) // a helper that did its work is another program by now
		os.Exit(1)
	}
	flag.Parse()
	flag.Set("test.parallel", "32") // they wait, most of the time
	status, err := within(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// within runs the tests with the programs built, and removes these afterwards.
func within(run func() int) (status int, err error) {
	if programs, err = os.MkdirTemp("", "endure-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(programs)
	for _, program := range []string{"httpd", "prober"} {
		c := exec.Command("go", "build", "-o", filepath.Join(programs, program), "./cmd/"+program)
		c.Dir, c.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%v: %w\n%s", c, err, out)
		}
	}
	// What a test says of the prober holds if the targets, which are this process and its children, are quicker than it.
	if err := renice(os.Getpid(), -10); err != nil {
		return 0, err
	}
	return run(), nil
}
