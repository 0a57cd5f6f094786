package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"
)

// credentials are what the programs of one cluster know each other by.
type credentials struct {
	ca    *authority
	admin []byte // kubeconfig, as seen from the host
}

const (
	apiURL     = "https://" + controlIP + ":6443"
	apiURLHost = "https://" + apiIP + ":6443"
)

func newCredentials(now time.Time) (credentials, error) {
	ca, err := newAuthority(now)
	if err != nil {
		return credentials{}, err
	}
	admin, err := ca.client("admin", "system:masters")
	if err != nil {
		return credentials{}, err
	}
	return credentials{ca: ca, admin: ca.kubeconfig(apiURLHost, admin)}, nil
}

// writeClient puts a kubeconfig for the given user into a machine, under the given name.
func (cr credentials) writeClient(m *machine, file, user string, groups ...string) error {
	p, err := cr.ca.client(user, groups...)
	if err != nil {
		return err
	}
	return m.write(file, cr.ca.kubeconfig(apiURL, p))
}

// writeControlFiles puts into the control plane's machine what its programs read.
func (cr credentials) writeControlFiles(m *machine) error {
	names := []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	}
	serving, err := cr.ca.server("kube-apiserver", names,
		net.ParseIP(controlIP), net.ParseIP(apiIP), net.ParseIP(serviceIP))
	if err != nil {
		return err
	}
	// system:masters, as kubeadm has it: the API server may then do on a kubelet what exec and logs need.
	toKubelet, err := cr.ca.client("kube-apiserver-kubelet-client", "system:masters")
	if err != nil {
		return err
	}
	signer, verifier, err := newSigner()
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"ca.crt":      cr.ca.pem,
		"service.key": signer, "service.pub": verifier,
		"serving.crt": serving.cert, "serving.key": serving.key,
		"kubelet.crt": toKubelet.cert, "kubelet.key": toKubelet.key,
	}
	for name, content := range files {
		if err := m.write(name, content); err != nil {
			return err
		}
	}
	for _, user := range []string{"kube-controller-manager", "kube-scheduler"} {
		if err := cr.writeClient(m, user+".conf", "system:"+user); err != nil {
			return err
		}
	}
	return nil
}

// startControl starts etcd, the API server and, without waiting, what watches it. etcd's data is in the
// machine's /var/lib, in memory: it would otherwise wait for the disk at every write.
func (c *cluster) startControl(ctx context.Context, m *machine) error {
	state := func(name string) string { return filepath.Join(stateDir, name) }
	// Who watches a kind of object without saying from when, as Skaffold does, has to wait until the API server knows that its
	// cache of that kind is up to date. It cannot ask an etcd as old as Debian's (that takes 3.4.31) and would give up after
	// three seconds; so etcd tells by itself, far more often than every ten minutes.
	err := c.start(m, "etcd", "etcd", "--data-dir=/var/lib/etcd", "--logger=zap",
		"--experimental-watch-progress-notify-interval=1s")
	if err != nil {
		return err
	}
	err = c.start(m, "kube-apiserver", filepath.Join(binDir, "kube-apiserver"),
		"--etcd-servers=http://127.0.0.1:2379",
		"--advertise-address="+controlIP,
		"--service-cluster-ip-range="+serviceNet,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--client-ca-file="+state("ca.crt"),
		"--tls-cert-file="+state("serving.crt"),
		"--tls-private-key-file="+state("serving.key"),
		"--kubelet-client-certificate="+state("kubelet.crt"),
		"--kubelet-client-key="+state("kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+state("service.pub"),
		"--service-account-signing-key-file="+state("service.key"))
	if err != nil {
		return err
	}
	err = c.wait(ctx, time.Minute, "the API server", func(ctx context.Context) error {
		_, err := c.kubectl(ctx, nil, "get", "--raw=/readyz")
		return err
	})
	if err != nil {
		return err
	}
	err = c.start(m, "kube-controller-manager", filepath.Join(binDir, "kube-controller-manager"),
		"--kubeconfig="+state("kube-controller-manager.conf"),
		"--leader-elect=false",
		"--use-service-account-credentials",
		"--root-ca-file="+state("ca.crt"),
		"--service-account-private-key-file="+state("service.key"))
	if err != nil {
		return err
	}
	return c.start(m, "kube-scheduler", filepath.Join(binDir, "kube-scheduler"),
		"--kubeconfig="+state("kube-scheduler.conf"), "--leader-elect=false")
}

// registerNodes makes the Node objects before the kubelets do, so that each has the pod CIDR that its
// machine is wired for.
func (c *cluster) registerNodes(ctx context.Context) error {
	var list string
	for n := 1; n <= c.nodes; n++ {
		list += fmt.Sprintf("---\napiVersion: v1\nkind: Node\nmetadata: {name: %s}\nspec: {podCIDR: %[2]s, podCIDRs: [%[2]s]}\n",
			nodeName(n), c.podCIDR(n))
	}
	_, err := c.kubectl(ctx, []byte(list), "create", "-f", "-")
	return err
}
