package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"text/template"
	"time"
)

// pauseImage keeps the namespaces of every pod. The name is full, as the kubelet's runtime asks for it.
const pauseImage = "docker.io/callbyname/pause:1"

// nodeFiles are the configuration files of one node, by name.
var nodeFiles = map[string]string{
	// Every path not set here is the usual one: /run and /var/lib are the machine's own.
	// restrict_oom_score_adj: without the right to lower it, as in many containers, no pod would start.
	"containerd.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{{.Pause}}"
  restrict_oom_score_adj = true
  # A loaded profile would stay in the kernel.
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{{.State}}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`,
	// ptp routes to each pod and needs no bridge netfilter, which is a module that may not be loaded. An
	// address is given again only after all others of the node have been.
	"cni/10-pods.conflist": `{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [{
    "type": "ptp",
    "ipam": {
      "type": "host-local",
      "ranges": [[{"subnet": "{{.PodCIDR}}"}]],
      "routes": [{"dst": "0.0.0.0/0"}]
    }
  }]
}
`,
	// No name server: nothing of the host's is to reach the pods.
	"resolv.conf": "# empty on purpose\n",
	"kubelet.yaml": `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: {{.State}}/ca.crt}
authorization: {mode: Webhook}
clusterDomain: cluster.local
clusterDNS: [{{.DNS}}]
resolvConf: {{.State}}/resolv.conf
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
volumePluginDir: /var/lib/kubelet/volumeplugins
cgroupDriver: cgroupfs
cgroupRoot: {{.CgroupRoot}}
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
# Images cannot be pulled again, and the disk is shared with all that the machine does otherwise.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}
`,
	// maxPerCore 0: conntrack's size belongs to the host and cannot be set from a namespace.
	"kube-proxy.yaml": `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: {{.ProxyMode}}
clusterCIDR: {{.PodNet}}
clientConnection: {kubeconfig: {{.State}}/kube-proxy.conf}
conntrack: {maxPerCore: 0}
oomScoreAdj: 0
`,
}

func (c *cluster) writeNodeFiles(m *machine, n int) error {
	values := map[string]string{
		"Pause": pauseImage, "State": stateDir, "PodCIDR": c.podCIDR(n), "PodNet": podNet, "DNS": dnsIP,
		"CgroupRoot": m.cgroupRoot(), "ProxyMode": c.proxyMode,
	}
	for name, text := range nodeFiles {
		var buf bytes.Buffer
		if err := template.Must(template.New(name).Parse(text)).Execute(&buf, values); err != nil {
			return fmt.Errorf("node %q: %w", m.name, err)
		}
		if err := m.write(name, buf.Bytes()); err != nil {
			return fmt.Errorf("node %q: %w", m.name, err)
		}
	}
	if err := m.write("ca.crt", c.creds.ca.pem); err != nil {
		return err
	}
	if err := c.creds.writeClient(m, "kubelet.conf", "system:node:"+m.name, "system:nodes"); err != nil {
		return err
	}
	return c.creds.writeClient(m, "kube-proxy.conf", "system:kube-proxy")
}

// furnish makes a machine a node: it routes, and keeps what is large or worth reading on disk. The kubelet
// sets kernel parameters that have no namespace, and would set them for the host: it finds files in their
// place that hold what it wants (setupKernelTunables in its container manager).
const furnish = `
while read -r name value; do
  mkdir -p /run/sysctl/$(dirname $name)
  echo $value > /run/sysctl/$name
  mount --bind /run/sysctl/$name /proc/sys/$name
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END
echo 1 > /proc/sys/net/ipv4/ip_forward
for d in lib/containerd lib/kubelet log; do
  mkdir -p /mnt/state/$d /var/$d
  mount --bind /mnt/state/$d /var/$d
done
`

// startRuntime starts containerd and gives it the images that the cluster itself needs.
func (c *cluster) startRuntime(ctx context.Context, m *machine, images [][]byte) error {
	if err := m.run(ctx, nil, "sh", "-e", "-c", furnish); err != nil {
		return err
	}
	err := c.start(m, "containerd", "containerd", "--config", filepath.Join(stateDir, "containerd.toml"))
	if err != nil {
		return err
	}
	err = c.wait(ctx, 30*time.Second, "containerd on "+m.name, func(ctx context.Context) error {
		return m.run(ctx, nil, "ctr", "version")
	})
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := m.importImage(ctx, bytes.NewReader(image)); err != nil {
			return err
		}
	}
	return nil
}

// startNode starts kubelet and kube-proxy.
func (c *cluster) startNode(m *machine, n int) error {
	err := c.start(m, "kubelet", filepath.Join(binDir, "kubelet"),
		"--config="+filepath.Join(stateDir, "kubelet.yaml"),
		"--kubeconfig="+filepath.Join(stateDir, "kubelet.conf"),
		"--hostname-override="+m.name,
		"--node-ip="+nodeIP(n))
	if err != nil {
		return err
	}
	return c.start(m, "kube-proxy", filepath.Join(binDir, "kube-proxy"),
		"--config="+filepath.Join(stateDir, "kube-proxy.yaml"), "--hostname-override="+m.name)
}
