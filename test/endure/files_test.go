package endure

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Whoever opens connections to the page and keeps them takes all the files that the prober may have.
func TestAProberWithoutFileDescriptorsBlamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	log, listen := logFile(t), freeAddr(t)
	p := start(t, prober(log, w.config("httpd"), "--interval=300ms", "--timeout=270ms", "--listen="+listen.String()))
	wellAfter(t, log.Name(), "httpd", 0, 3)
	files, err := os.ReadDir(procFile(p.cmd.Process.Pid, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	few := uint64(len(files) + 8)
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: few, Max: few}, nil); err != nil {
		t.Fatal(err)
	}
	var taken []net.Conn
	release := func() {
		for _, c := range taken {
			c.Close()
		}
	}
	defer release()
	for range few + 8 {
		c, err := net.DialTimeout("tcp", listen.String(), patience)
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, c)
	}
	eventually(t, "probes have no files", func() bool { return hearFile(t, log.Name()).count("httpd", 0)["void no_files"] >= 10 })
	release()
	seq := hearFile(t, log.Name()).seq("httpd")
	wellAfter(t, log.Name(), "httpd", seq+1, 5)
	fetch(t, listen, "/")
	p.end(0, "")
	h := hearFile(t, log.Name())
	h.innocent(w.witness, "httpd")
	t.Logf("%v", h.count("", 0))
}
