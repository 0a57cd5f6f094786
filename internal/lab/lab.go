// Package lab is a cluster in miniature on loopback addresses: pods that run httpd's real handler on real listeners, and
// a DNS server whose zone follows them as a cluster's DNS follows ready pods. It needs neither root nor a cluster, and
// is what the demo calls instead of one. Who probes the pods, and what that means, is left to others.
package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"callbyname/internal/dnsserver"
)

// Names as a cluster has them: a Service in a namespace, in the cluster's domain.
const (
	Service   = "apache"
	Namespace = "localcluster"
	domain    = "cluster.local"
	// Host is the name to call, which the search list completes to FullHost.
	Host     = Service + "." + Namespace
	FullHost = Host + ".svc." + domain + "."
)

// Options are what a Lab is made of. The zero Options are fine.
type Options struct {
	// TTL is how long DNS answers may be kept; 0 as well as in whole seconds.
	TTL time.Duration
	// NeverRecreate makes Recreate leave the pod as it is, for tests of what depends on a recreation.
	NeverRecreate bool
}

// Lab holds pods and their DNS. It is not safe for concurrent use.
type Lab struct {
	opt  Options
	dns  *dnsserver.Server
	dir  string
	port uint16
	// claim keeps the port from other labs.
	claim net.Listener
	next  netip.Addr
	pods  []*Pod
	// swallowed are the addresses of deleted pods, which take no connection.
	swallowed map[netip.Addr]*swallower
}

var (
	// first is the address of the first pod. 127.0.0.1 is left to whatever else runs on the machine.
	first = netip.MustParseAddr("127.0.0.2")
	// claimed is an address that no pod gets: it stands for the port.
	claimed = netip.MustParseAddr("127.0.0.4")
)

// New starts a lab without pods. Close ends it.
func New(opt Options) (*Lab, error) {
	l := &Lab{opt: opt, next: first, swallowed: map[netip.Addr]*swallower{}}
	var err error
	if l.claim, l.port, err = claimPort(); err != nil {
		return nil, err
	}
	// It serves all names there are, so that one outside the cluster does not exist, as the Internet would have it.
	if l.dns, err = dnsserver.Start("127.0.0.1:0", "."); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the lab's DNS server: %w", err), l.Close())
	}
	if l.dir, err = os.MkdirTemp("", "callbyname-lab-"); err == nil {
		err = errors.Join(
			os.WriteFile(l.ResolvConf(), []byte(resolvConf), 0o600),
			os.WriteFile(l.HostsFile(), nil, 0o600),
		)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("writing the lab's resolv.conf: %w", err), l.Close())
	}
	return l, nil
}

// resolvConf is what a pod in the namespace finds in /etc/resolv.conf, but for the server.
const resolvConf = "search " + Namespace + ".svc." + domain + " svc." + domain + " " + domain + "\noptions ndots:5\n"

// preferred is the pods' port if it is free, so that what the demo prints looks the same every time.
const preferred = 8080

// claimPort finds a port for all pods: they share it, as containers of one image do. It stays claimed as long as the listener
// on claimed is open, also while no pod listens: another lab takes another port.
func claimPort() (claim net.Listener, port uint16, err error) {
	const attempts = 20 // a port that is free on one address need not be free on another
	for i := range attempts {
		if i == 0 {
			port = preferred
		} else {
			port = 0
		}
		if claim, err = net.Listen("tcp", netip.AddrPortFrom(claimed, port).String()); err == nil {
			port = netip.MustParseAddrPort(claim.Addr().String()).Port()
			if err = free(port); err == nil {
				return claim, port, nil
			}
			claim.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		err = fmt.Errorf("the pods need loopback addresses of their own, %v to %v: on a Mac, "+
			"`for i in 2 3 4; do sudo ifconfig lo0 alias 127.0.0.$i up; done` makes them: %w", first, claimed, err)
	}
	return nil, 0, err
}

// free is why the first pods can't have the port; nil when they can.
func free(port uint16) error {
	for addr := first; addr != claimed; addr = addr.Next() {
		ln, err := net.Listen("tcp", netip.AddrPortFrom(addr, port).String())
		if err != nil {
			return err
		}
		ln.Close()
	}
	return nil
}

// URL is what to call.
func (l *Lab) URL() string { return fmt.Sprintf("http://%s:%d", Host, l.port) }

// Nameserver is the lab's DNS server.
func (l *Lab) Nameserver() netip.AddrPort { return l.dns.Addr() }

// ResolvConf is a resolv.conf with the search list of a pod in the lab's namespace and without a server.
func (l *Lab) ResolvConf() string { return filepath.Join(l.dir, "resolv.conf") }

// HostsFile is an empty hosts file: the machine's own names have no place here.
func (l *Lab) HostsFile() string { return filepath.Join(l.dir, "hosts") }

// Close ends all pods and the DNS server.
func (l *Lab) Close() error {
	var errs []error
	for _, p := range l.pods {
		errs = append(errs, p.stop())
	}
	for _, s := range l.swallowed {
		errs = append(errs, s.close())
	}
	l.pods, l.swallowed = nil, map[netip.Addr]*swallower{}
	if l.dns != nil {
		errs = append(errs, l.dns.Close())
	}
	errs = append(errs, l.claim.Close())
	if l.dir != "" {
		errs = append(errs, os.RemoveAll(l.dir))
	}
	return errors.Join(errs...)
}

// publish makes the zone name the pods of the Service that are ready, as a cluster's DNS does for a headless Service:
// without one the name does not exist.
func (l *Lab) publish() error {
	var addrs []netip.Addr
	for _, p := range l.pods {
		if p.ready && p.selected {
			addrs = append(addrs, p.addr)
		}
	}
	if len(addrs) == 0 {
		l.dns.Remove(FullHost)
		return nil
	}
	return l.dns.Set(FullHost, l.opt.TTL, addrs...)
}
