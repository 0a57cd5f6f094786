package resolve

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// eventually waits until a condition holds; the files are looked at about once a second.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not after 10 s", what)
		}
	}
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	s := serve(t, ".")
	put(t, s, "web.a.local.", "10.0.0.1")
	put(t, s, "web.b.local.", "10.0.0.2")
	dir := t.TempDir()
	options := Options{HostsFile: filepath.Join(dir, "hosts"), ResolvConf: filepath.Join(dir, "resolv.conf"), Nameservers: []netip.AddrPort{s.Addr()}}
	r, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	first := func() string {
		answer, err := r.Lookup(within(t, 5*time.Second), "web", IPv4)
		if err != nil {
			return string(err.(*Error).Kind)
		}
		return answer.Addrs[0].String()
	}
	is := func(want string) func() bool { return func() bool { return first() == want } }
	if got := first(); got != string(NotFound) {
		t.Errorf("without files: %s", got)
	}
	write(t, options.ResolvConf, "search a.local\n")
	eventually(t, "a resolv.conf that appears", is("10.0.0.1"))
	write(t, options.ResolvConf, "search b.local\n")
	eventually(t, "a resolv.conf that is written over", is("10.0.0.2"))
	write(t, options.HostsFile, "10.0.0.3 web\n")
	eventually(t, "a hosts file that appears", is("10.0.0.3"))
	write(t, filepath.Join(dir, "new"), "10.0.0.4 web\n")
	if err := os.Rename(filepath.Join(dir, "new"), options.HostsFile); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a hosts file that is replaced", is("10.0.0.4"))
	if err := os.Remove(options.HostsFile); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a hosts file that goes", is("10.0.0.2"))
	if err := os.Remove(options.ResolvConf); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a resolv.conf that goes", is(string(NotFound)))
}

func TestAFileIsNotReadForEachLookup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "1")
	parsed := 0
	w := watch(path, func(text string) int { parsed++; return len(text) })
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 1000 {
				if *w.get() != 1 {
					t.Error("another file's meaning")
				}
			}
		})
	}
	readers.Wait()
	old := w.now.Load()
	eventually(t, "it is looked at again", func() bool { w.get(); return w.now.Load() != old })
	if parsed != 1 {
		t.Errorf("the file did not change and was parsed %d times", parsed)
	}
}

func TestWhatIsNoRegularFileReadsAsEmpty(t *testing.T) {
	t.Parallel()
	for _, path := range []string{t.TempDir(), "/dev/zero", "/does/not/exist"} {
		if got := *watch(path, func(text string) string { return text }).get(); got != "" {
			t.Errorf("%s reads as %q", path, got)
		}
	}
	path := filepath.Join(t.TempDir(), "long")
	write(t, path, "")
	if err := os.Truncate(path, maxFile+100); err != nil {
		t.Fatal(err)
	}
	if got := *watch(path, func(text string) int { return len(text) }).get(); got != maxFile {
		t.Errorf("%d bytes of a long file were read", got)
	}
}

func TestNameserversThatCannotBeAskedAreErrors(t *testing.T) {
	one := netip.MustParseAddrPort("127.0.0.1:53")
	for _, list := range [][]netip.AddrPort{{{}}, {netip.MustParseAddrPort("127.0.0.1:0")}, slices.Repeat([]netip.AddrPort{one}, 4)} {
		if _, err := New(Options{Nameservers: list}); err == nil {
			t.Errorf("%v is no error", list)
		}
	}
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := r.Lookup(t.Context(), "127.0.0.1", Any); err != nil || len(answer.Addrs) != 1 {
		t.Errorf("with this machine's own files: %+v, %v", answer, err)
	}
}
