package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
)

// The cluster's addresses. All but hostNet exist in namespaces alone. Machines have no way out: their
// default route is "unreachable", and the host forwards nothing to them.
const (
	machineNet = "10.213.0.0/24" // the control plane has .1, node n has .10+n
	hostNet    = "10.213.1.0/30" // between host (.1) and control plane (.2), for kubectl
	podNet     = "10.244.0.0/16" // node n's pods begin at 10.244.n.0
	serviceNet = "10.96.0.0/16"

	controlIP = "10.213.0.1"
	hostIP    = "10.213.1.1"
	apiIP     = "10.213.1.2" // the API server, as the host sees it
	serviceIP = "10.96.0.1"  // the API server, as pods see it
	dnsIP     = "10.96.0.10"

	// hostLink is the one thing that the cluster adds to the host's network.
	hostLink = "callbyname0"
)

func nodeName(n int) string { return "node" + strconv.Itoa(n) }
func nodeIP(n int) string   { return fmt.Sprintf("10.213.0.%d", 10+n) }

func (o options) podCIDR(n int) string { return fmt.Sprintf("10.244.%d.0/%d", n, o.podPrefix) }

// hostIsFree makes sure that the way to the API server takes no address from the host.
func hostIsFree() error {
	if _, err := net.InterfaceByName(hostLink); err == nil {
		return fmt.Errorf("link %q exists: another cluster runs, with another --dir", hostLink)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return fmt.Errorf("listing the host's addresses: %w", err)
	}
	for _, addr := range addrs {
		if p, err := netip.ParsePrefix(addr.String()); err == nil && p.Overlaps(netip.MustParsePrefix(hostNet)) {
			return fmt.Errorf("the host's own %s overlaps with %s, which the cluster needs", p, hostNet)
		}
	}
	return nil
}

// removeLink removes a link of the host, with its other end, if it is there. The kernel does so for a namespace that ended, but
// when it gets round to it: with many to take down it was seen to take longer than half a minute.
func removeLink(ctx context.Context, name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return nil
	}
	err := finish(exec.CommandContext(ctx, "ip", "link", "delete", name))
	if _, gone := net.InterfaceByName(name); gone != nil {
		return nil // the kernel was faster
	}
	return err
}

// connectControl gives the control plane a bridge for the nodes and a link to the host.
func connectControl(ctx context.Context, control *machine) error {
	link := exec.CommandContext(ctx, "ip", "link", "add", hostLink, "type", "veth",
		"peer", "name", "host", "netns", strconv.Itoa(control.pid))
	addr := exec.CommandContext(ctx, "ip", "addr", "add", hostIP+"/30", "dev", hostLink)
	up := exec.CommandContext(ctx, "ip", "link", "set", hostLink, "up")
	for _, cmd := range []*exec.Cmd{link, addr, up} {
		if err := finish(cmd); err != nil {
			return fmt.Errorf("linking host and control plane: %w", err)
		}
	}
	return control.ip(ctx,
		"addr add "+apiIP+"/30 dev host",
		"link set host up",
		"link add nodes type bridge",
		"addr add "+controlIP+"/24 dev nodes",
		"link set nodes up")
}

// connectNode joins node n to the bridge and gives it routes to the pods of the others.
func (o options) connectNode(ctx context.Context, control, node *machine, n int) error {
	// The process number counts in the namespace of who asks: so this enters the network's alone.
	link := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(control.pid), "--net", "--",
		"ip", "link", "add", node.name, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(node.pid))
	if err := finish(link); err != nil {
		return fmt.Errorf("linking %q: %w", node.name, err)
	}
	err := control.ip(ctx,
		"link set "+node.name+" master nodes",
		"link set "+node.name+" up",
		"route add "+o.podCIDR(n)+" via "+nodeIP(n)+" onlink dev nodes")
	if err != nil {
		return err
	}
	lines := []string{
		"addr add " + nodeIP(n) + "/24 dev eth0",
		"link set eth0 up",
		// A packet from the node itself to a Service is routed before kube-proxy's rules see it: an idle
		// device takes the whole range.
		"link add services type bridge",
		"link set services up",
		"route add " + serviceNet + " dev services",
	}
	for other := 1; other <= o.nodes; other++ {
		if other != n {
			lines = append(lines, "route add "+o.podCIDR(other)+" via "+nodeIP(other)+" dev eth0")
		}
	}
	return node.ip(ctx, lines...)
}
