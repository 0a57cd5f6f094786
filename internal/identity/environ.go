package identity

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// FromEnv reads the identity from the variables that a pod's manifest fills through the downward API
// (https://kubernetes.io/docs/concepts/workloads/pods/downward-api/): POD_IP, POD_IPS (separated by commas), POD_NAME,
// POD_UID, POD_NAMESPACE and NODE_NAME. With one POD_ variable set this is a pod, and what is not set stays empty;
// with none the host name and the machine's addresses stand in, and Source says so.
//
// Started is now, and Instance 16 hexadecimal digits out of random (crypto/rand.Reader outside tests). A variable that
// does not hold what it should is an error that names it and its value.
func FromEnv(getenv func(string) string, now time.Time, random io.Reader) (Identity, error) {
	id := Identity{Started: now.UTC().Truncate(time.Millisecond)}
	var raw [8]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return Identity{}, fmt.Errorf("making an instance id: %w", err)
	}
	id.Instance = hex.EncodeToString(raw[:])

	var ip, ips string
	for _, v := range []struct {
		name  string
		field *string
		limit int
	}{
		{"POD_IP", &ip, maxAddr},
		{"POD_IPS", &ips, maxIPs * maxAddr},
		{"POD_NAME", &id.Name, maxName},
		{"POD_UID", &id.UID, maxUID},
		{"POD_NAMESPACE", &id.Namespace, maxName},
	} {
		value := strings.TrimSpace(getenv(v.name))
		if value == "" {
			continue
		}
		if !text(value, v.limit) {
			return Identity{}, fmt.Errorf("%s=%q: must be at most %d printable bytes", v.name, value, v.limit)
		}
		*v.field, id.Source = value, FromPod
	}
	if id.Source == "" {
		return id.fromHost()
	}
	if node := strings.TrimSpace(getenv("NODE_NAME")); node != "" {
		if !text(node, maxName) {
			return Identity{}, fmt.Errorf("NODE_NAME=%q: must be at most %d printable bytes", node, maxName)
		}
		id.Node = node
	}
	var err error
	if id.IPs, err = podIPs(ip, ips); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// podIPs joins POD_IP and POD_IPS, the former first.
func podIPs(ip, ips string) ([]netip.Addr, error) {
	var all []netip.Addr
	add := func(name, value, part string) error {
		a, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%s=%q: must be IP addresses, such as 10.244.0.5 or fd00::5: %w", name, value, err)
		}
		if a = plain(a); !slices.Contains(all, a) {
			all = append(all, a)
		}
		return nil
	}
	if ip != "" {
		if err := add("POD_IP", ip, ip); err != nil {
			return nil, err
		}
	}
	if ips != "" {
		for part := range strings.SplitSeq(ips, ",") {
			if err := add("POD_IPS", ips, part); err != nil {
				return nil, err
			}
		}
	}
	if len(all) > maxIPs {
		return nil, fmt.Errorf("POD_IPS=%q: must be at most %d addresses", ips, maxIPs)
	}
	return all, nil
}

// fromHost fills in what the machine says of itself.
func (id Identity) fromHost() (Identity, error) {
	id.Source = FromHost
	name, err := os.Hostname()
	if err != nil {
		return Identity{}, fmt.Errorf("asking for the host name: %w", err)
	}
	if text(name, maxName) {
		id.Name = name
	}
	prefixes, err := machine()
	if err != nil {
		return Identity{}, err
	}
	id.IPs = hostIPs(prefixes)
	return id, nil
}

// hostIPs are the addresses that others may reach, and the loopback ones only on a machine that has no other.
func hostIPs(prefixes []netip.Prefix) []netip.Addr {
	var global, loopback []netip.Addr
	for _, p := range prefixes {
		switch a := p.Addr(); {
		case a.IsLoopback():
			loopback = append(loopback, a)
		case a.IsGlobalUnicast():
			global = append(global, a)
		}
	}
	if len(global) == 0 {
		global = loopback
	}
	return global[:min(len(global), maxIPs)]
}

// OnMachine reports whether a is an address of this machine: one of its interfaces' own, or any in the range of a loopback
// interface (all of 127.0.0.0/8 on Linux). A pod's IP always is one inside the pod.
func OnMachine(a netip.Addr) (bool, error) {
	prefixes, err := machine()
	if err != nil {
		return false, err
	}
	a = plain(a)
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool {
		return p.Addr() == a || p.Addr().IsLoopback() && p.Contains(a)
	}), nil
}

// machine are the addresses of all interfaces with their networks.
func machine() ([]netip.Prefix, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("listing the machine's addresses: %w", err)
	}
	var prefixes []netip.Prefix
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(plain(p.Addr()), p.Bits()))
		}
	}
	return prefixes, nil
}
