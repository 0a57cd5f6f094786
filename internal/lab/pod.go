package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"callbyname/internal/echo"
	"callbyname/internal/identity"
)

// grace is how long a pod that is ended waits for requests in hand.
const grace = 100 * time.Millisecond

// Pod is one pod. Its methods are the Lab's, as pods are the cluster's.
type Pod struct {
	id   identity.Identity
	addr netip.Addr
	// selected is true for a pod of the Service.
	selected bool
	ready    bool
	server   *echo.Server
	served   chan error
}

// Addr is the pod's IP.
func (p *Pod) Addr() netip.Addr { return p.addr }

// UID is the pod's UID: another one for every pod that was ever created.
func (p *Pod) UID() string { return p.id.UID }

// Name is the pod's name.
func (p *Pod) Name() string { return p.id.Name }

// Create starts a pod of the Service at an address that no pod had before. It is ready at once.
func (l *Lab) Create(name string) (*Pod, error) {
	addr := l.next
	p := &Pod{addr: addr, selected: true, ready: true}
	if err := l.start(p, name); err != nil {
		return nil, err
	}
	if l.next = addr.Next(); l.next == claimed {
		l.next = claimed.Next()
	}
	return p, l.publish()
}

// CreateStranger starts a pod that the Service does not select, at the address of a pod that was deleted.
func (l *Lab) CreateStranger(name string, addr netip.Addr) (*Pod, error) {
	s, ok := l.swallowed[addr]
	if !ok {
		return nil, fmt.Errorf("creating %s: %v is not the address of a deleted pod", name, addr)
	}
	delete(l.swallowed, addr)
	if err := s.close(); err != nil {
		return nil, fmt.Errorf("freeing %v: %w", addr, err)
	}
	p := &Pod{addr: addr}
	return p, l.start(p, name)
}

// start gives a pod its identity and its first process.
func (l *Lab) start(p *Pod, name string) error {
	var uid [16]byte
	rand.Read(uid[:])
	u := hex.EncodeToString(uid[:])
	p.id = identity.Identity{
		IPs: []netip.Addr{p.addr}, Name: name, Namespace: Namespace, Node: "loopback", Source: identity.FromPod,
		UID: fmt.Sprintf("%s-%s-%s-%s-%s", u[:8], u[8:12], u[12:16], u[16:20], u[20:]),
	}
	if err := l.run(p); err != nil {
		return err
	}
	l.pods = append(l.pods, p)
	return nil
}

// run starts a process in a pod: the same identity, another instance.
func (l *Lab) run(p *Pod) error {
	var instance [8]byte
	rand.Read(instance[:])
	p.id.Instance = hex.EncodeToString(instance[:])
	p.id.Started = time.Now().UTC().Truncate(time.Millisecond)
	ln, err := net.Listen("tcp", netip.AddrPortFrom(p.addr, l.port).String())
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.id.Name, err)
	}
	p.server, p.served = echo.New(echo.Options{Identity: p.id}), make(chan error, 1)
	server, served := p.server, p.served
	go func() { served <- server.Serve(ln) }()
	return nil
}

// stop ends the process in a pod, if there is one.
func (p *Pod) stop() error {
	if p.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	p.server.Drain()
	err := p.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // a pod that is ended does not wait for slow requests
	}
	err = errors.Join(err, p.server.Close())
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	p.server = nil
	return err
}

// Crash ends the container of a pod. Its IP stays, and refuses connections; its names are gone until Restart.
func (l *Lab) Crash(p *Pod) error {
	p.ready = false
	return errors.Join(l.publish(), p.stop())
}

// Restart starts the container of a crashed pod anew, in the same pod: same UID, same IP, another process.
func (l *Lab) Restart(p *Pod) error {
	if err := l.run(p); err != nil {
		return err
	}
	p.ready = true
	return l.publish()
}

// Delete ends a pod for good. Its address takes no connection from then on, as on most clusters: packets to it are
// lost, and nothing says so.
func (l *Lab) Delete(p *Pod) error {
	if l.opt.NeverRecreate {
		return nil
	}
	p.ready = false
	l.pods = slices.DeleteFunc(l.pods, func(other *Pod) bool { return other == p })
	if err := errors.Join(l.publish(), p.stop()); err != nil {
		return fmt.Errorf("deleting %s: %w", p.id.Name, err)
	}
	s, err := swallow(netip.AddrPortFrom(p.addr, l.port))
	if err != nil {
		return fmt.Errorf("deleting %s: %w", p.id.Name, err)
	}
	l.swallowed[p.addr] = s
	return nil
}

// Recreate creates the successor of a deleted pod: the same name, another UID, another IP.
func (l *Lab) Recreate(p *Pod) (*Pod, error) {
	if l.opt.NeverRecreate {
		return p, nil
	}
	return l.Create(p.id.Name)
}
