package main

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain runs the tests, or, in a process that a test started, what it is told to be: a server, the other end of the wire; the
// tests themselves run in a network namespace of their own, in a process that the first one starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{roleServer, roleFar, roleBusy}, os.Args[1]) {
		if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(insideEnv) != "" {
		if err := loopbackUp(); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	if err := outside(); err != nil {
		os.Stderr.WriteString("tests in a network namespace, for which one must be root: " + err.Error() + "\n")
		os.Exit(1)
	}
}

const proberEnv = "CALLBYNAME_TRUTH_PROBER" // the program that the tests inside measure

func outside() error {
	dir, err := os.MkdirTemp("", "truth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	prober := filepath.Join(dir, "prober")
	if err := build(context.Background(), prober); err != nil {
		return err
	}
	cmd := command(context.Background(), priority, os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"=1", proberEnv+"="+prober)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	return cmd.Run()
}

func testOptions(t *testing.T) options {
	return options{prober: os.Getenv(proberEnv), rounds: 5, faults: 5, lasts: 10 * time.Second, longest: 3 * time.Second,
		interval: 500 * time.Millisecond, seed: 7, keep: t.TempDir()}
}

// However slow the machine is, a slow probe makes the bounds wider, and never wrong.
func TestADowntimeIsWithinTheBoundsOfItsOutage(t *testing.T) {
	o := testOptions(t)
	all, err := measureOutages(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := writeOutages(&table, o, all); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	if err := all.check(o.interval); err != nil {
		t.Error(err)
	}
}

// The kernel's stamps on the packets say in which phase the time went, and the prober must say the same: what took 300 ms
// in one phase and next to nothing in the others cannot be mistaken for anything else, on any machine.
func TestADelayIsSeenInItsPhaseAndInNoOther(t *testing.T) {
	table, err := measurePhases(t.Context(), testOptions(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range spells() {
		if s.takes < 100*time.Millisecond {
			continue
		}
		pairs := table.pairs[i]
		if len(pairs) == 0 {
			t.Errorf("%s delayed by %v: no probe has its packets", phaseNames[s.phase], s.takes)
			continue
		}
		for p := range altogether {
			if s.phase == connecting && p == waiting {
				continue // the wire delays both
			}
			kernel, prober := median(pairs, p, true), median(pairs, p, false)
			switch {
			case p == s.phase && (kernel < s.takes*3/4 || prober < s.takes*3/4):
				t.Errorf("%v in %s: the kernel saw %v, the prober %v", s.takes, phaseNames[p], kernel, prober)
			case p != s.phase && kernel < s.takes/4 && prober > s.takes/2:
				t.Errorf("%v in %s: the prober says that %v of it were in %s, where the kernel saw %v",
					s.takes, phaseNames[s.phase], prober, phaseNames[p], kernel)
			}
		}
	}
}

func median(pairs []pair, p phase, kernel bool) time.Duration {
	var sample []time.Duration
	for _, x := range pairs {
		if kernel {
			sample = append(sample, x.kernel[p])
		} else {
			sample = append(sample, x.prober[p])
		}
	}
	slices.Sort(sample)
	return quantile(sample, 0.5)
}

// What checks the prober is checked with a prober that lies.
func TestAnOutageThatDoesNotHoldTheTruthIsFound(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	instant := func(ms int) span { return span{at(ms), at(ms)} }
	told := func(first, end int, duration, shortest, longest float64) record {
		var r record
		r.Event, r.Approach = "recovered", "ip"
		r.Outage = &outage{First: &moment{Time: at(first)}, End: &moment{Time: at(end)}, Duration: duration, Shortest: shortest, Longest: longest}
		return r
	}
	for _, test := range []struct {
		name          string
		seen          []record
		slow, outside int
		unseen, extra int
	}{
		{"true", []record{told(1000, 2000, 1000, 800, 1200)}, 0, 0, 0, 0},
		{"the longest is too short", []record{told(1000, 2000, 1000, 800, 899)}, 0, 1, 0, 0},
		{"the shortest is too long", []record{told(1000, 2000, 1000, 901, 1200)}, 0, 1, 0, 0},
		{"wrong by more than an interval", []record{told(1000, 2200, 1101, 800, 1200)}, 1, 0, 0, 0},
		{"told as two", []record{told(1000, 1200, 200, 100, 1200), told(1600, 2000, 400, 100, 1200)}, 0, 1, 0, 0},
		{"not told", nil, 0, 0, 1, 0},
		{"told of another time", []record{told(3000, 4000, 1000, 800, 1200)}, 0, 0, 1, 1},
	} {
		b := &broken{kind: kinds[0], seen: map[string][]record{"ip": test.seen}, out: []downtime{{instant(950), instant(1850)}}}
		b.kind.approaches = []string{"ip"}
		f := outages{b}.figures(b.kind, 200*time.Millisecond)
		if f.slow != test.slow || len(f.outside) != test.outside || f.unseen != test.unseen || f.additions != test.extra {
			t.Errorf("%s: %+v", test.name, f)
		}
	}
}

func TestAQuestionsNameIsRead(t *testing.T) {
	if name, end := questioned(plainQuery()); name != plainHost || end != len(plainQuery()) {
		t.Errorf("%q up to %d", name, end)
	}
	query := plainQuery()
	for size := range query {
		if name, end := questioned(query[:size]); end > size {
			t.Errorf("%d bytes: %q up to %d", size, name, end)
		}
	}
}

func TestPacketsAreRead(t *testing.T) {
	ip := func(protocol byte, payload []byte) []byte {
		b := []byte{0x45, 0, 0, byte(20 + len(payload)), 0, 0, 0, 0, 64, protocol, 0, 0, 127, 0, 0, 1, 198, 18, 0, 10}
		return append(b, payload...)
	}
	tcp := append([]byte{0x1f, 0x40, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 5 << 4, 2, 0, 0, 0, 0, 0, 0}, "five!"...)
	p, ok := parsePacket(ip(6, tcp))
	want := packet{src: netip.MustParseAddrPort("127.0.0.1:8000"), dst: netip.MustParseAddrPort("198.18.0.10:80"), syn: true, payload: 5}
	if !ok || p != want {
		t.Errorf("%+v, %v", p, ok)
	}
	p, ok = parsePacket(ip(17, append([]byte{0x1f, 0x40, 0, 53, 0, 0, 0, 0}, plainQuery()...)))
	if !ok || p.name != plainHost {
		t.Errorf("%+v, %v", p, ok)
	}
	for size := range 40 {
		parsePacket(ip(6, tcp)[:size]) // which must not panic
	}
}

func TestUsageErrorsNameTheFlag(t *testing.T) {
	for _, args := range [][]string{{"--rounds", "0"}, {"--servers", "51"}, {"--for", "1ms"}, {"--longest", "1h"}, {"--interval", "1ms"}, {"--busy", "-1"}} {
		if _, err := parse(args); err == nil || !strings.Contains(err.Error(), args[0]) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
