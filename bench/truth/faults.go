package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// span is the time of something that took effect at an instant between two that are known.
type span struct{ from, to time.Time }

// during is when do was done.
func during(do func() error) (span, error) {
	s := span{from: time.Now()}
	err := do()
	s.to = time.Now()
	return s, err
}

// victim is a server that can be made to fail, and to come back.
type victim interface {
	fail() (span, error)
	mend() (span, error)
	close()
}

// kind is a kind of fault.
type kind struct {
	name string
	// approaches are those that it breaks.
	approaches []string
	open       func(ctx context.Context, at netip.AddrPort, name string, n *names) (victim, error)
}

var both = []string{"ip", "dns"}

var kinds = []kind{
	{"port closed", both, openPort},
	{"process killed", both, openKilled},
	{"process stopped", both, openStopped},
	{"address removed", both, openAddress},
	{"name removed", []string{"dns"}, openName},
}

// answer is what all servers here say.
var answer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here\n") })

// port is a server in this process whose port is closed.
type port struct {
	at       netip.AddrPort
	server   *http.Server
	listener net.Listener
}

func openPort(_ context.Context, at netip.AddrPort, _ string, _ *names) (victim, error) {
	p := &port{at: at, server: &http.Server{Handler: answer}}
	_, err := p.mend()
	return p, err
}

func (p *port) fail() (span, error) {
	// A process that is being started has the port as well until it is another program, and would keep it open.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return during(p.listener.Close)
}

func (p *port) mend() (span, error) {
	s, err := during(func() (err error) {
		p.listener, err = net.Listen("tcp", p.at.String())
		return err
	})
	if err == nil {
		go p.server.Serve(p.listener)
	}
	return s, err
}

func (p *port) close() { p.server.Close() }

const roleServer = "server"

// serveAlone is a server in a process of its own, which prints when it began to listen.
func serveAlone(ctx context.Context, at string) error {
	var listener net.Listener
	s, err := during(func() (err error) {
		listener, err = net.Listen("tcp", at)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Println(s.from.UnixNano(), s.to.UnixNano())
	server := &http.Server{Handler: answer}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// process is a server in a process of its own.
type process struct {
	ctx context.Context
	at  netip.AddrPort
	cmd *exec.Cmd
}

func (p *process) start() (s span, err error) {
	p.cmd = command(p.ctx, asParent, roleServer, p.at.String())
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := p.cmd.Start(); err != nil {
		return s, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return s, fmt.Errorf("the server at %s did not begin: %w", p.at, err)
	}
	var from, to int64
	if _, err := fmt.Sscan(line, &from, &to); err != nil {
		return s, fmt.Errorf("the server at %s says %q: %w", p.at, line, err)
	}
	return span{time.Unix(0, from), time.Unix(0, to)}, nil
}

func (p *process) close() {
	p.cmd.Process.Signal(syscall.SIGCONT)
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

type killed struct{ process }

func openKilled(ctx context.Context, at netip.AddrPort, _ string, _ *names) (victim, error) {
	k := &killed{process{ctx: ctx, at: at}}
	_, err := k.start()
	return k, err
}

func (k *killed) fail() (span, error) {
	return during(func() error {
		if err := k.cmd.Process.Kill(); err != nil {
			return err
		}
		k.cmd.Wait() // which says that it was killed
		return nil
	})
}

func (k *killed) mend() (span, error) { return k.start() }

type stopped struct{ process }

func openStopped(ctx context.Context, at netip.AddrPort, _ string, _ *names) (victim, error) {
	s := &stopped{process{ctx: ctx, at: at}}
	_, err := s.start()
	return s, err
}

func (s *stopped) fail() (span, error) {
	return during(func() error {
		if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		for { // until all its threads have stopped
			var info unix.Siginfo
			err := unix.Waitid(unix.P_PID, s.cmd.Process.Pid, &info, unix.WSTOPPED|unix.WNOWAIT, nil)
			if !errors.Is(err, unix.EINTR) {
				return err
			}
		}
	})
}

func (s *stopped) mend() (span, error) {
	return during(func() error { return s.cmd.Process.Signal(syscall.SIGCONT) })
}

// address is a server in this process whose address is taken away from the machine.
type address struct {
	port
}

func openAddress(_ context.Context, at netip.AddrPort, _ string, _ *names) (victim, error) {
	a := &address{port{at: at, server: &http.Server{Handler: answer}}}
	if _, err := a.mend(); err != nil {
		return nil, err
	}
	var err error
	// It listens at all addresses, so that its socket does not depend on the one that comes and goes.
	a.listener, err = net.Listen("tcp", fmt.Sprintf(":%d", at.Port()))
	if err == nil {
		go a.server.Serve(a.listener)
	}
	return a, err
}

func (a *address) fail() (span, error) {
	return during(func() error { return removeAddress(a.at.Addr()) })
}

func (a *address) mend() (span, error) {
	return during(func() error { return addAddress(a.at.Addr()) })
}

// name is a server in this process whose name is taken out of DNS.
type name struct {
	port
	name  string
	names *names
}

func openName(ctx context.Context, at netip.AddrPort, host string, n *names) (victim, error) {
	p, err := openPort(ctx, at, host, n)
	if err != nil {
		return nil, err
	}
	return &name{*p.(*port), host, n}, nil
}

func (n *name) fail() (span, error) {
	return during(func() error { n.names.forget(n.name); return nil })
}

func (n *name) mend() (span, error) {
	return during(func() error { n.names.set(n.name, n.at.Addr(), 0); return nil })
}
