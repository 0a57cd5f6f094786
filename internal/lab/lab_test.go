package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"callbyname/internal/identity"
	"callbyname/internal/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opt Options) *Lab {
	t.Helper()
	l, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("closing the lab: %v", err)
		}
	})
	return l
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// names is what a pod's resolver finds for the Service.
func (l *Lab) names(t *testing.T) ([]netip.Addr, resolve.Kind) {
	t.Helper()
	r, err := resolve.New(resolve.Options{
		ResolvConf: l.ResolvConf(), HostsFile: l.HostsFile(), Nameservers: []netip.AddrPort{l.Nameserver()},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	answer, err := r.Lookup(ctx, Host, resolve.IPv4)
	var failed *resolve.Error
	if errors.As(err, &failed) {
		return nil, failed.Kind
	} else if err != nil {
		t.Fatal(err)
	}
	return answer.Addrs, ""
}

// call asks who answers at an address.
func (l *Lab) call(addr netip.Addr) (identity.Report, error) {
	dial := (&net.Dialer{Timeout: 300 * time.Millisecond}).DialContext
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	res, err := client.Get("http://" + netip.AddrPortFrom(addr, l.port).String())
	if err != nil {
		return identity.Report{}, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	who, _ := identity.Decode(res.Header)
	return who, err
}

func TestAPodSaysWhoItIsAndItsNameLeadsToIt(t *testing.T) {
	l := start(t, Options{})
	p := must(l.Create("pod-httpd"))(t)
	who, err := l.call(p.Addr())
	if err != nil || who.UID != p.UID() || who.Name != "pod-httpd" || who.IP() != p.Addr() {
		t.Errorf("%+v, %v", who, err)
	}
	if addrs, _ := l.names(t); !slices.Equal(addrs, []netip.Addr{p.Addr()}) {
		t.Errorf("the name leads to %v, not to %v", addrs, p.Addr())
	}
}

func TestARestartKeepsIPAndUIDAndChangesTheInstance(t *testing.T) {
	l := start(t, Options{})
	p := must(l.Create("pod-httpd"))(t)
	before := must(l.call(p.Addr()))(t)
	if err := l.Crash(p); err != nil {
		t.Fatal(err)
	}
	if _, err := l.call(p.Addr()); err == nil {
		t.Error("a crashed container answers")
	}
	if _, kind := l.names(t); kind != resolve.NotFound {
		t.Errorf("the name of a pod that is not ready: %q", kind)
	}
	if err := l.Restart(p); err != nil {
		t.Fatal(err)
	}
	after := must(l.call(p.Addr()))(t)
	if after.UID != before.UID || after.IP() != before.IP() || after.Instance == before.Instance {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestADeletedPodsAddressSwallowsConnections(t *testing.T) {
	l := start(t, Options{})
	p := must(l.Create("pod-httpd"))(t)
	if err := l.Delete(p); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each of them, not only the first
		_, err := l.call(p.Addr())
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("a deleted pod's address: %v", err)
		}
	}
	successor := must(l.Recreate(p))(t)
	if successor.UID() == p.UID() || successor.Addr() == p.Addr() || successor.Name() != p.Name() {
		t.Errorf("%s %s %v after %s %s %v", successor.Name(), successor.UID(), successor.Addr(), p.Name(), p.UID(), p.Addr())
	}
	if addrs, _ := l.names(t); !slices.Equal(addrs, []netip.Addr{successor.Addr()}) {
		t.Errorf("the name leads to %v, not to %v", addrs, successor.Addr())
	}
}

func TestAStrangerAnswersAtTheOldAddressAndHasNoName(t *testing.T) {
	l := start(t, Options{})
	p := must(l.Create("pod-httpd"))(t)
	if _, err := l.CreateStranger("stranger", p.Addr()); err == nil {
		t.Error("a stranger got the address of a pod that lives")
	}
	if err := l.Delete(p); err != nil {
		t.Fatal(err)
	}
	stranger := must(l.CreateStranger("stranger", p.Addr()))(t)
	who, err := l.call(p.Addr())
	if err != nil || who.UID != stranger.UID() || who.Name != "stranger" {
		t.Errorf("%+v, %v", who, err)
	}
	if _, kind := l.names(t); kind != resolve.NotFound {
		t.Errorf("the name leads to a stranger: %q", kind)
	}
}

func TestAPodThatIsNeverRecreatedGoesOn(t *testing.T) {
	l := start(t, Options{NeverRecreate: true})
	p := must(l.Create("pod-httpd"))(t)
	if err := l.Delete(p); err != nil {
		t.Fatal(err)
	}
	if same := must(l.Recreate(p))(t); same != p {
		t.Error("another pod")
	}
	if who, err := l.call(p.Addr()); err != nil || who.UID != p.UID() {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestALabTakesAnotherPortWhereItsOwnIsTaken(t *testing.T) {
	for _, addr := range []string{"127.0.0.2:8080", "127.0.0.3:8080", "127.0.0.4:8080", "0.0.0.0:8080"} {
		t.Run(addr, func(t *testing.T) {
			ln, err := net.Listen("tcp", addr)
			if err == nil {
				defer ln.Close()
			} else if !errors.Is(err, syscall.EADDRINUSE) { // somebody else has it, which does as well
				t.Fatal(err)
			}
			if l := start(t, Options{}); l.port == preferred {
				t.Errorf("got port %d", l.port)
			}
		})
	}
}

func TestNoOtherLabGetsThePortWhileThePodIsDown(t *testing.T) {
	l := start(t, Options{})
	p := must(l.Create("pod-httpd"))(t)
	if err := l.Crash(p); err != nil {
		t.Fatal(err)
	}
	other := start(t, Options{})
	must(other.Create("pod-httpd"))(t)
	if err := l.Restart(p); err != nil || other.port == l.port {
		t.Errorf("ports %d and %d, %v", l.port, other.port, err)
	}
}
