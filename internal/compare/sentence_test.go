package compare_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

// TestMain fixes the local time, which sentences tell.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}

var update = flag.Bool("update", false, "write the golden file anew")

// golden compares what people read with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w string
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s, line %d (go test -update, if it is right):\ngot  %s\nwant %s", path, i+1, g, w)
		}
	}
}

// every kind and class, for those that no story has.
func everySentence() (events []compare.Event) {
	at := func(seq uint64) compare.Moment {
		d := time.Duration(seq-1) * time.Second
		return compare.Moment{Seq: seq, At: d, Wall: comparetest.Start.Add(d)}
	}
	pin := netip.MustParseAddrPort("[fd00::5]:80")
	for _, class := range probe.Outcomes {
		if class.Failed() {
			events = append(events, compare.Event{Kind: compare.Broke, Moment: at(5), Approach: "ip", Outage: &compare.Outage{
				Before: at(4), First: at(5), Last: at(5), Lost: 1, Classes: []probe.Outcome{class}, Addr: pin, Detail: "host is down (EHOSTDOWN)"}})
		}
	}
	for _, likely := range []compare.Likely{compare.NotReady, compare.NoEndpoints, compare.NoService, compare.DNSItself} {
		events = append(events, compare.Event{Kind: compare.Explained, Moment: at(5), Approach: "dns", Outage: &compare.Outage{
			First: at(4), Last: at(5), Lost: 2, Classes: []probe.Outcome{probe.Refused}, Addr: pin, Likely: likely}})
	}
	old := &compare.Pod{Key: "ip:fd00::5", IP: pin.Addr()}
	next := &compare.Pod{Key: "u", UID: "u", Name: "web-2", IP: netip.MustParseAddr("fd00::9")}
	var many []netip.Addr
	numbers := make([]int, 40)
	for i := range numbers {
		numbers[i] = i + 1
		many = append(many, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))
	}
	return append(events,
		compare.Event{Kind: compare.Recreated, Was: old, Pod: next, Recreation: &compare.Recreation{}},
		compare.Event{Kind: compare.Restarted, Was: &compare.Pod{}, Pod: &compare.Pod{Key: "u"}},
		compare.Event{Kind: compare.VerdictChanged, Approach: "ip", Numbers: numbers, WasVerdict: compare.Broken, Verdict: compare.Came},
		compare.Event{Kind: compare.VerdictChanged, Approach: "ip", Numbers: []int{3, 4}, WasVerdict: compare.Broken, Verdict: compare.Misrouted},
		compare.Event{Kind: compare.DNSChanged, Host: "apache.localcluster", WasAddrs: many, Addrs: many[:7]},
		compare.Event{Kind: compare.Paused, Gap: 90 * time.Minute},
		compare.Event{Kind: compare.ClockChanged, Gap: -1500 * time.Millisecond},
		compare.Event{Kind: compare.NoPorts, Approach: "dns"},
		compare.Event{Kind: compare.Kind("unheard of")},
	)
}

// longest is how many characters a sentence may have. The verdicts of many approaches stand in a table where a person reads them,
// many addresses need their room, and what to do about ports is told once.
func longest(k compare.Kind) int {
	switch k {
	case compare.Settled, compare.DNSChanged:
		return 1000
	case compare.NoPorts:
		return 300
	}
	return 180
}

// A change of a sentence is seen in review: testdata/sentences.txt has all there are.
func TestEverySentenceIsPlainAndShort(t *testing.T) {
	var b strings.Builder
	told := map[compare.Kind]bool{}
	tell := func(e compare.Event) {
		told[e.Kind] = true
		s := e.Sentence()
		fmt.Fprintf(&b, "%4d  %s\n", e.Seq, s)
		if n := utf8.RuneCountInString(s); n > longest(e.Kind) || strings.ContainsAny(s, "%\n") || strings.Contains(s, "<nil>") || strings.Contains(s, "invalid") {
			t.Errorf("%d characters: %s", n, s)
		}
	}
	for _, sc := range comparetest.Scenarios {
		fmt.Fprintf(&b, "# %s\n", sc.Name)
		for _, e := range play(t, sc).events() {
			tell(e)
		}
		b.WriteByte('\n')
	}
	b.WriteString("# what no story tells\n")
	for _, e := range everySentence() {
		tell(e)
	}
	for _, kind := range compare.Kinds {
		if !told[kind] {
			t.Errorf("no story tells %s", kind)
		}
	}
	golden(t, "sentences.txt", b.String())
}
