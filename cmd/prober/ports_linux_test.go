package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// inNamespace reports whether the test runs in a network namespace of its own. Outside one it runs the same test again in a child
// process that has one, and reports what came of it; the namespace goes with the child.
func inNamespace(t *testing.T) bool {
	t.Helper()
	const mark = "PROBER_TEST_NAMESPACE"
	if os.Getenv(mark) == t.Name() {
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes a network namespace")
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m")
	child.Env = append(os.Environ(), mark+"="+t.Name())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := child.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs CAP_SYS_ADMIN to make a network namespace: ", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a network namespace: %v\n%s", err, out)
	}
	return false
}

// A machine with twenty ports has what one with 28,232 has after a minute of 470 connections a second.
func TestAProberWithoutPortsSaysSoOnceAndBlamesNobody(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	flags := target(t, func(http.ResponseWriter, *http.Request) {})
	for name, value := range map[string]string{
		"ip_local_port_range": "20000 20019", // none of which the servers have
		"tcp_tw_reuse":        "0",           // a port would be used again after a second, on loopback alone
	} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	p := spawn(t, self(t, append(flags, "--interval=100ms", "--timeout=90ms", "--log-format=json")...))
	records := probelog.NewReader(p.out)
	void, ok := 0, 0
	slow := map[probe.Outcome]bool{probe.DNSTimeout: true, probe.ConnectTimeout: true, probe.ResponseTimeout: true} // as a busy machine is
	var told []string
	for {
		record, err := records.Next()
		if err != nil {
			break
		}
		switch record.Kind {
		case probelog.RoundRecord:
			for _, r := range record.Round.Results {
				switch {
				case r.Reason == probe.NoPorts:
					if void++; void == 20 {
						p.signal(t, syscall.SIGTERM)
					}
				case r.Outcome == probe.OK:
					ok++
				}
			}
		case probelog.EventRecord:
			switch e := record.Event; {
			case e.Kind == compare.NoPorts:
				told = append(told, record.Sentence)
			case e.Kind == compare.Broke && void > 0 && !slow[e.Outage.Classes[0]]:
				t.Errorf("an outage is said to have begun: %s", record.Sentence)
			}
		}
	}
	p.end(t)
	if ok == 0 || ok > 20 || void < 20 {
		t.Errorf("%d answers over 20 ports, %d void", ok, void)
	}
	if len(told) != 1 || !strings.Contains(told[0], "no local port was free to call 127.0.0.1:") || !strings.Contains(told[0], "TIME_WAIT") {
		t.Errorf("told: %q", told)
	}
}
