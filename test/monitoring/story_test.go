package monitoring

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/dnsserver"
	"callbyname/internal/probelog"
)

const (
	name = "apache.localcluster."
	ttl  = 7 * time.Second // a value that is nobody's default
)

// The addresses of pods. 127.0.0.1 is left to DNS, the prober's page and Prometheus.
const (
	firstIP, secondIP = "127.0.0.2", "127.0.0.3"
)

// world is a cluster in miniature, of real processes: pods are httpd on addresses of their own, and names are the test's to give.
type world struct {
	*testing.T
	programs    string
	dns         *dnsserver.Server
	port, admin uint16 // of each pod
	listen      string // of the prober
	prober      *process
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, programs: build(t, "httpd", "prober"), port: freePort(t, firstIP, secondIP), admin: freePort(t, firstIP, secondIP)}
	var err error
	if w.dns, err = dnsserver.Start("127.0.0.1:0", "."); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.dns.Close() })
	w.listen = fmt.Sprintf("127.0.0.1:%d", freePort(t, "127.0.0.1"))
	return w
}

// pod starts a process in the pod of that name and UID.
func (w *world) pod(name, uid, ip string) *process {
	return start(w.T, []string{"POD_NAME=" + name, "POD_UID=" + uid, "POD_IP=" + ip, "POD_NAMESPACE=localcluster", "NODE_NAME=worker"},
		filepath.Join(w.programs, "httpd"), fmt.Sprintf("--listen=%s:%d", ip, w.port), fmt.Sprintf("--admin-listen=%s:%d", ip, w.admin),
		"--drain-delay=0s", "--log-requests=false")
}

// lead makes the name lead to these addresses, or to nobody.
func (w *world) lead(ips ...string) {
	w.Helper()
	var addrs []netip.Addr
	for _, ip := range ips {
		addrs = append(addrs, netip.MustParseAddr(ip))
	}
	if len(addrs) == 0 {
		w.dns.Remove(name)
	} else if err := w.dns.Set(name, ttl, addrs...); err != nil {
		w.Fatal(err)
	}
}

func (w *world) probe() {
	w.prober = start(w.T, nil, filepath.Join(w.programs, "prober"),
		fmt.Sprintf("--target=httpd=http://%s:%d", name, w.port), "--nameserver="+w.dns.Addr().String(),
		"--interval=400ms", "--timeout=350ms", "--settle=2s", "--repin-after=15s", "--listen="+w.listen, "--log-format=json")
}

// freeze stops the prober while a probe of its is under way, and lets it go on a while later: a probe that it finds timed out then
// says nothing about the target.
func (w *world) freeze() {
	asked, frozen := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.dns.Break("", 0, func(done <-chan struct{}, x dnsserver.Exchange) [][]byte {
		once.Do(func() { close(asked) })
		select {
		case <-frozen:
		case <-done:
		}
		return nil
	})
	select {
	case <-asked:
	case <-time.After(30 * time.Second):
		w.Fatal("the prober asks no DNS server")
	}
	w.prober.signal(syscall.SIGSTOP)
	thaw := time.NewTimer(1500 * time.Millisecond) // a pause is what takes over a second
	<-thaw.C
	w.dns.Break("", 0, nil)
	close(frozen)
	w.prober.signal(syscall.SIGCONT)
}

// tell posts to a pod's admin listener.
func (w *world) tell(ip, path string) {
	w.Helper()
	res, err := http.Post(fmt.Sprintf("http://%s:%d%s", ip, w.admin, path), "", nil)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		w.Fatalf("%s: %s", path, res.Status)
	}
}

// summary is what the prober's log says so far.
func (w *world) summary() compare.TargetSummary {
	w.Helper()
	log := w.prober.log()
	log = log[:bytes.LastIndexByte(log, '\n')+1] // the line that is being written has an end next time
	var p probelog.Replay
	for r := probelog.NewReader(bytes.NewReader(log)); ; {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			_, err = p.Feed(rec)
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	return p.Runs()[0].Summary().Targets[0]
}

// TestAlertsAndDashboard tells the whole story once, to two servers: one that has classic histograms, and one that has native ones.
func TestAlertsAndDashboard(t *testing.T) {
	w := newWorld(t)
	jobs := map[string][]string{"prober": {w.listen}}
	for _, ip := range []string{firstIP, secondIP} {
		jobs["httpd"] = append(jobs["httpd"], fmt.Sprintf("%s:%d", ip, w.port))
	}
	rules := hurried(t)
	p, native := scraping(t, false, rules, jobs), scraping(t, true, rules, jobs)

	fires := func(alerts ...string) {
		t.Helper()
		eventually(t, fmt.Sprintf("%q fire", alerts), func() bool {
			firing := p.firing()
			return !slices.ContainsFunc(alerts, func(a string) bool { return !slices.Contains(firing, a) })
		})
	}
	silent := func(alerts ...string) {
		t.Helper()
		eventually(t, fmt.Sprintf("%q fire no more", alerts), func() bool {
			firing := p.firing()
			return !slices.ContainsFunc(alerts, func(a string) bool { return slices.Contains(firing, a) })
		})
	}
	comes := func(expr string, want float64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%s is %v", expr, want), func() bool { return p.is(expr, want) })
	}
	const byIP, byDNS, gone = "ApproachOut{httpd ip}", "ApproachOut{httpd dns}", "TargetOut{httpd}"

	// Nobody probes yet. What came before the first scrape would be missing in increase(), and Prometheus takes its time for that.
	fires("ProberGone{}")
	eventually(t, "the native server scrapes", func() bool { return native.is(`up{job="prober"}`, 0) })
	first := w.pod("pod-httpd", "uid-1", firstIP)
	w.lead(firstIP)
	began := time.Now()
	w.probe()
	comes(`callbyname_up{approach="ip"}`, 1)
	comes(`callbyname_up{approach="dns"}`, 1)
	silent("ProberGone{}")
	if firing := p.firing(); len(firing) > 0 && !slices.Equal(firing, []string{"VoidProbes{starved}"}) { // that is the machine's affair
		t.Errorf("all is well, and %q fire", firing)
	}

	// The pod is deleted, and created anew at another address.
	first.end(syscall.SIGKILL)
	w.lead()
	fires(gone, byIP, byDNS)
	comes(queries(t, 10)["Answered or out A"]+` and on (approach) label_replace(vector(1), "approach", "ip", "", "")`, 0)
	second := w.pod("pod-httpd", "uid-2", secondIP)
	w.lead(secondIP)
	fires(byIP, "Recreated{httpd}", "LosingProbes{httpd ip}")
	silent(gone, byDNS)

	// Its old address is given to a stranger, who goes again.
	stranger := w.pod("stranger", "uid-3", firstIP)
	fires("WrongPod{httpd ip}")
	silent(byDNS)
	stranger.end(syscall.SIGKILL)

	// The pin moves on, and all is well again.
	silent(byIP, byDNS, gone)

	// The pod's container is restarted: for as long as that takes, nobody is there.
	second.end(syscall.SIGKILL)
	w.pod("pod-httpd", "uid-2", secondIP)
	comes("callbyname_restarts_total", 1)

	// The prober is frozen; httpd is told that it is unready.
	w.freeze()
	fires("NobodyLooked{}", "VoidProbes{paused}")
	w.tell(secondIP, "/unready")
	fires("HttpdUnready{}")
	w.tell(secondIP, "/ready")
	silent("HttpdUnready{}", "WrongPod{httpd ip}", "Recreated{httpd}", "NobodyLooked{}", "VoidProbes{paused}", "LosingProbes{httpd ip}", byIP, byDNS)

	seconds := int(time.Since(began).Seconds()) + 30
	for server, p := range map[string]*prometheus{"classic": p, "native": native} {
		t.Run("dashboard, "+server+" histograms", func(t *testing.T) { checkDashboard(t, p, w.summary, seconds) })
	}
	if got := native.query(`callbyname_probe_duration_seconds_bucket`); len(got) > 0 {
		t.Errorf("the native server has classic histograms, and so proves nothing: %v", got)
	}

	// Nobody probes any more.
	w.prober.end(syscall.SIGTERM)
	fires("ProberGone{}")
	w.probe()
	silent("ProberGone{}")
}
