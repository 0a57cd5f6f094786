package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"text/template"
	"time"
)

const coreDNSImage = "docker.io/callbyname/coredns:" + coreDNSVersion

//go:embed coredns.yaml
var coreDNSManifest string

// dnsObjects are the objects that make CoreDNS run.
func (o options) dnsObjects() ([]byte, error) {
	t, err := template.New("coredns.yaml").Parse(coreDNSManifest)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = t.Execute(&buf, map[string]any{"DNS": dnsIP, "Image": coreDNSImage, "DNSCache": o.dnsCache})
	return buf.Bytes(), err
}

// checkDNS looks a name up through the Service, as the given node sees it: this needs CoreDNS, its
// Endpoints and that node's kube-proxy. It runs in the node's network, so a process of its own does it.
func (c *cluster) checkDNS(ctx context.Context, m *machine) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return finish(exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(m.pid), "--net", "--",
		self, "lookup", "kubernetes.default.svc.cluster.local."))
}

// lookup asks the cluster's DNS for one name.
func lookup(ctx context.Context, names []string) error {
	if len(names) != 1 {
		return errors.New("lookup: takes one name")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(dnsIP, "53"))
	}}
	_, err := resolver.LookupHost(ctx, names[0])
	if wrong := (*net.DNSError)(nil); errors.As(err, &wrong) {
		wrong.Server = dnsIP // not the one in /etc/resolv.conf, which Dial passes by
	}
	return err
}
