package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"

	"callbyname/internal/dnsserver"
	"callbyname/internal/echo"
	"callbyname/internal/identity"
)

// addresses are how many pods there are: one for each goroutine. A fresh connection leaves its port in TIME_WAIT, and each pod's
// address has its own 28,000 of them.
const addresses = goroutines

const zone = "localcluster"

// hostOf is the name of a pod in DNS.
func hostOf(i int) string { return fmt.Sprintf("pod-%d.%s", i, zone) }

// servePods serves httpd on several addresses and their names in DNS, prints where, and ends when stdin does. It is a process of
// its own, so that its CPU is nobody's.
func servePods(stdin io.Reader, stdout io.Writer) error {
	id, err := identity.FromEnv(func(name string) string {
		return map[string]string{
			"POD_IP": "10.244.0.5", "POD_NAME": "pod-httpd", "POD_UID": "0f8b2c1e-6a3d-4f5e-9c7b-1d2e3f4a5b6c",
			"POD_NAMESPACE": zone, "NODE_NAME": "node-1",
		}[name]
	}, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	names, err := dnsserver.Start("127.0.0.1:0", zone+".")
	if err != nil {
		return err
	}
	server := echo.New(echo.Options{Identity: id})
	said := []string{names.Addr().String()}
	for i := range addresses {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", 2+i))
		if err != nil {
			return errors.Join(err, server.Close(), names.Close())
		}
		at := ln.Addr().(*net.TCPAddr).AddrPort()
		if err := names.Set(hostOf(i), 5*time.Second, at.Addr()); err != nil {
			return errors.Join(err, ln.Close(), server.Close(), names.Close())
		}
		said = append(said, at.String())
		go server.Serve(ln) // until Close, and a failure shows in whoever probes
	}
	fmt.Fprintln(stdout, strings.Join(said, " "))
	io.Copy(io.Discard, stdin)
	return errors.Join(server.Close(), names.Close())
}

// pods is that process, seen from outside.
type pods struct {
	dns  netip.AddrPort
	at   []netip.AddrPort
	stop func()
}

// startPods runs this very program again.
func startPods() (*pods, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.Command(self, "--pods")
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(); err != nil {
		return nil, err
	}
	p := &pods{stop: func() {
		in.Close()
		child.Wait()
	}}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("starting the pods: %w", err)
	}
	for i, word := range strings.Fields(line) {
		at, err := netip.ParseAddrPort(word)
		if err != nil {
			p.stop()
			return nil, fmt.Errorf("starting the pods: %w", err)
		}
		if i == 0 {
			p.dns = at
		} else {
			p.at = append(p.at, at)
		}
	}
	return p, nil
}
