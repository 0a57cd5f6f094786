package endure

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"callbyname/internal/probe"
)

// disk is a small one that nobody else sees. It goes with its last open file.
type disk struct {
	t      *testing.T
	log    *os.File // to be written by a prober
	reader *os.File // the same
	filler *os.File
}

// newDisk mounts a tmpfs of so many bytes in a mount namespace of its own, in which nobody is left when this returns.
func newDisk(t *testing.T, size int) *disk {
	t.Helper()
	d, dir := &disk{t: t}, t.TempDir()
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends, and its namespace with it
		failed <- func() (err error) {
			if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
				return fmt.Errorf("making a mount namespace: %w", err)
			}
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return fmt.Errorf("keeping mounts private: %w", err)
			}
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
				return fmt.Errorf("mounting a tmpfs: %w", err)
			}
			if d.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
				return err
			}
			if d.reader, err = os.Open(filepath.Join(dir, "log")); err != nil {
				return err
			}
			d.filler, err = os.Create(filepath.Join(dir, "filler"))
			return err
		}()
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.log.Close(); d.reader.Close(); d.filler.Close() })
	return d
}

// fill leaves no room on it.
func (d *disk) fill() {
	d.t.Helper()
	for page := make([]byte, 4096); ; {
		if _, err := d.filler.Write(page); err != nil {
			if !strings.Contains(err.Error(), unix.ENOSPC.Error()) {
				d.t.Fatal(err)
			}
			return
		}
	}
}

// free takes away what fill wrote.
func (d *disk) free() {
	d.t.Helper()
	if err := d.filler.Truncate(0); err != nil {
		d.t.Fatal(err)
	}
}

// read is the log so far.
func (d *disk) read() []byte {
	d.t.Helper()
	var b bytes.Buffer
	info, err := d.reader.Stat()
	if err == nil {
		b.Grow(int(info.Size()))
		b.Write(make([]byte, info.Size()))
		_, err = d.reader.ReadAt(b.Bytes(), 0)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return b.Bytes()
}

// sample is the value of a series in the text form of metrics.
func sample(t *testing.T, metrics []byte, series string) int {
	t.Helper()
	m := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(series) + " (.*)$").FindSubmatch(metrics)
	if m == nil {
		t.Errorf("no %s", series)
		return 0
	}
	value, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Error(err)
	}
	return int(value)
}

// While the disk is full, one of two targets ends and comes back. It is no line of the log that tells, and still the log knows.
func TestAFullDiskLosesLinesAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := freeAddr(t)
	pod := w.pod(other)
	d, listen := newDisk(t, 1<<20), freeAddr(t)
	p := start(t, prober(d.log, w.config("httpd"), "--interval=300ms", "--timeout=270ms", "--listen="+listen.String(),
		fmt.Sprintf("--target=other=http://%s:%d,ip=%s", host, other.Port(), other.Addr())))
	rounds := func(target string, after uint64, judged ...probe.Outcome) func() bool {
		return func() bool {
			n := 0
			for _, rec := range hear(t, d.read()).rounds {
				if rec.Round.Target == target && rec.Round.Seq > after && rec.Judged[0] == judged[0] {
					n++
				}
			}
			return n >= 3
		}
	}
	probes := func(target, outcome string) int {
		return sample(t, fetch(t, listen, "/metrics"), fmt.Sprintf(`callbyname_probes_total{approach="ip",outcome=%q,target=%q}`, outcome, target))
	}
	eventually(t, "rounds are ok", rounds("httpd", 0, probe.OK))
	eventually(t, "rounds of the other are ok", rounds("other", 0, probe.OK))
	d.fill()
	eventually(t, "stderr says that the log has gaps", func() bool { return strings.Contains(p.stderr(), "gaps") })
	pod.signal(unix.SIGKILL)
	pod.ended()
	before := probes("httpd", "ok")
	eventually(t, "probing goes on", func() bool { return probes("httpd", "ok") >= before+5 && probes("other", "refused") >= 5 })
	w.pod(other)
	before = probes("other", "ok")
	eventually(t, "the other is back", func() bool { return probes("other", "ok") >= before+3 })
	fetch(t, listen, "/")
	seq := hear(t, d.read()).seq("httpd")
	d.free()
	eventually(t, "the log goes on", rounds("httpd", seq+1, probe.OK))
	eventually(t, "the log of the other goes on", rounds("other", seq+1, probe.OK))
	lost := probes("other", "refused")
	const cause = `write /dev/stdout: no space left on device`
	p.end(1, `prober: the log has gaps from here on, and probing goes on: `+cause+`
prober: records of the log that were lost: \d+; the first: `+cause+"\n")

	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, d.read(), 0o600); err != nil {
		t.Fatal(err)
	}
	h := hearFile(t, file)
	h.innocent(w.witness, "httpd")
	if h.stop == nil || h.stop.Lost == 0 || h.broken > 2 {
		t.Errorf("stop record %+v, %d lines that are none", h.stop, h.broken)
	}
	for _, a := range h.run.Summary().Targets[1].Approaches {
		if a.Outages == 0 || a.Open != nil || a.Name == "ip" && a.Classes[probe.Refused] != lost {
			t.Errorf("%s of the other: %d outages, %v lost; want one that is over, and the %d refused of ip that were counted", a.Name, a.Outages, a.Classes, lost)
		}
	}
	text := report(t, file)
	for _, want := range []string{
		fmt.Sprintf("The prober could not write %d records.", h.stop.Lost),
		"some failed, when exactly is not in the log",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not stand in\n%s", want, text)
		}
	}
}
