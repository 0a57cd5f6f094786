package abuse

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	"github.com/summerwind/h2spec/http2"
	"github.com/summerwind/h2spec/spec"
)

// faults are the cases of h2spec that httpd does not pass, each with the reason. One that passes must go from here.
var faults = map[string]string{
	"http2/3.5/2":     "the port speaks HTTP/1, too: who begins with anything but the preface of HTTP/2 is told 400 in HTTP/1.1, and then hung up on",
	"http2/6.5.3/1":   "net/http hangs up on a SETTINGS frame that has a parameter twice, though RFC 9113, section 6.5.3, says that the last one counts",
	"http2/8.1.2.2/1": "net/http answers 400 before it ends the stream, as RFC 9113, section 8.1.1, lets it; h2spec knows RFC 7540 without that",
	"http2/8.1.2.2/2": "the same",
}

func TestEachCaseOfH2specPassesOverH2C(t *testing.T) {
	h := start(t, 0)
	at := netip.MustParseAddrPort(h.address)
	c := &config.Config{
		Host: at.Addr().String(), Port: int(at.Port()), Path: "/", Timeout: 5 * time.Second, MaxHeaderLen: 4000, Strict: true,
	}
	cases := 0
	for _, group := range []*spec.TestGroup{generic.Spec(), http2.Spec(), hpack.Spec()} {
		cases += run(t, c, group)
	}
	t.Logf("%d cases, of which %d are known not to pass", cases, len(faults))
	if cases < 140 {
		t.Errorf("h2spec has only %d cases", cases)
	}
	h.wantAlive(h.cgroup.limit)
}

// run runs each case of a group and of the groups below it as a subtest, and returns how many there were.
func run(t *testing.T, c *config.Config, group *spec.TestGroup) (cases int) {
	for i, tc := range append(group.Tests, group.StrictTests...) {
		cases++
		id := fmt.Sprintf("%s/%d", group.ID(), i+1)
		t.Run(id, func(t *testing.T) {
			reason, known := faults[id]
			tries := 3
			if known {
				tries = 1
			}
			err := try(c, tc, tries)
			switch {
			case err != nil && known:
				t.Logf("%s: known: %s", tc.Desc, reason)
			case err != nil:
				t.Errorf("%s: %v\n%s", tc.Desc, explain(err), tc.Requirement)
			case known:
				t.Errorf("%s passes, and is listed as one that does not", id)
			}
		})
	}
	for _, below := range group.Groups {
		cases += run(t, c, below)
	}
	return cases
}

// try runs a case until it passes: in some, what h2spec sends next races with an answer that is right as well.
func try(c *config.Config, tc *spec.TestCase, tries int) (err error) {
	for range tries {
		if err = once(c, tc); err == nil {
			break
		}
	}
	return err
}

func once(c *config.Config, tc *spec.TestCase) error {
	conn, err := spec.Dial(c)
	if err != nil {
		return err
	}
	defer conn.Close()
	return tc.Run(c, conn)
}

// explain is an error of h2spec with what it wanted instead.
func explain(err error) error {
	var wrong *spec.TestError
	if errors.As(err, &wrong) {
		return fmt.Errorf("wanted one of %q, got %s", wrong.Expected, wrong.Actual)
	}
	return err
}
