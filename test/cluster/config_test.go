package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func TestNoTwoNetworksOverlap(t *testing.T) {
	for prefix := 24; prefix <= 29; prefix++ {
		o := options{podPrefix: prefix}
		all := []netip.Prefix{
			netip.MustParsePrefix(machineNet), netip.MustParsePrefix(hostNet), netip.MustParsePrefix(serviceNet),
		}
		for n := 1; n <= 9; n++ {
			pods := netip.MustParsePrefix(o.podCIDR(n))
			if !netip.MustParsePrefix(podNet).Overlaps(pods) || pods.Bits() != prefix || pods.Masked() != pods {
				t.Errorf("node %d: pods in %s, not a /%d of %s", n, pods, prefix, podNet)
			}
			all = append(all, pods)
			if !all[0].Contains(netip.MustParseAddr(nodeIP(n))) {
				t.Errorf("node %d: %s is not in %s", n, nodeIP(n), machineNet)
			}
		}
		for i, a := range all {
			for _, b := range all[:i] {
				if a.Overlaps(b) {
					t.Errorf("%s overlaps with %s", a, b)
				}
			}
		}
	}
}

func TestFixedAddressesLieInTheirNetworks(t *testing.T) {
	for addr, network := range map[string]string{
		controlIP: machineNet, hostIP: hostNet, apiIP: hostNet, serviceIP: serviceNet, dnsIP: serviceNet,
	} {
		if !netip.MustParsePrefix(network).Contains(netip.MustParseAddr(addr)) {
			t.Errorf("%s is not in %s", addr, network)
		}
	}
}

func TestEveryFileOfANodeIsWellFormedAndFilledIn(t *testing.T) {
	creds, err := newCredentials(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{options: options{nodes: 2, proxyMode: "nftables", podPrefix: 28}, creds: creds}
	m := &machine{name: "node2", dir: t.TempDir()}
	if err := c.writeNodeFiles(m, 2); err != nil {
		t.Fatal(err)
	}
	read := func(name string, decode func([]byte, any) error) map[string]any {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(m.state(), name))
		if err != nil {
			t.Fatal(err)
		}
		v := map[string]any{}
		if err := decode(raw, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if bytes.Contains(raw, []byte("<no value>")) {
			t.Errorf("%s: a value is missing:\n%s", name, raw)
		}
		return v
	}
	if got := read("kubelet.yaml", yaml.Unmarshal)["cgroupRoot"]; got != m.cgroupRoot() {
		t.Errorf("cgroupRoot: %v", got)
	}
	if got := read("kube-proxy.yaml", yaml.Unmarshal)["mode"]; got != "nftables" {
		t.Errorf("kube-proxy's mode: %v", got)
	}
	pods, err := json.Marshal(read("cni/10-pods.conflist", json.Unmarshal))
	if err != nil || !strings.Contains(string(pods), `"10.244.2.0/28"`) {
		t.Errorf("CNI: %s, error %v", pods, err)
	}
	for _, name := range []string{"kubelet.conf", "kube-proxy.conf"} {
		read(name, yaml.Unmarshal)
	}
}

// corefile returns CoreDNS's configuration out of the manifest, whose documents must all parse.
func corefile(t *testing.T, o options) string {
	t.Helper()
	raw, err := o.dnsObjects()
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var found string
	for {
		var object struct{ Data map[string]string }
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found += object.Data["Corefile"]
	}
}

func TestCoreDNSCachesTheClustersNamesOnlyIfAsked(t *testing.T) {
	const uncached = "disable success cluster.local"
	if got := corefile(t, options{}); !strings.Contains(got, uncached) {
		t.Errorf("without --dns-cache:\n%s", got)
	}
	got := corefile(t, options{dnsCache: true})
	if !strings.Contains(got, "cache 30") || strings.Contains(got, "disable") {
		t.Errorf("with --dns-cache:\n%s", got)
	}
	if strings.Count(got, "{") != strings.Count(got, "}") {
		t.Errorf("unbalanced:\n%s", got)
	}
}
