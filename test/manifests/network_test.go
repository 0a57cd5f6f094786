package manifests

import (
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestEachServiceSelectsTheHttpdPodsAndKnowsTheirPort(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		services := of[*corev1.Service](all)
		if len(services) != 2 {
			t.Errorf("%d Services", len(services))
		}
		for _, s := range services {
			for _, p := range all.pods() {
				selected := labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(p.Labels))
				if selected != (find(p, "httpd") != nil) {
					t.Errorf("%s selects %s: %v", s.Name, p.Name, selected)
				}
			}
			if p := s.Spec.Ports; len(p) != 1 || p[0].Port != 80 || p[0].TargetPort != intstr.FromString("http") {
				t.Errorf("%s has the ports %+v", s.Name, p)
			}
			if s.Spec.PublishNotReadyAddresses {
				t.Errorf("%s leads to pods that are not Ready", s.Name)
			}
			if headless := s.Spec.ClusterIP == corev1.ClusterIPNone; headless != (s.Name == "apache-pods") {
				t.Errorf("%s is headless: %v", s.Name, headless)
			}
		}
	})
}

// end is one end of a connection: a pod, or an IP that is none's.
type end struct {
	namespace string
	labels    labels.Set
	ip        netip.Addr
}

func at(ip string) end { return end{ip: netip.MustParseAddr(ip)} }

func pod(namespace string, l labels.Set) end { return end{namespace: namespace, labels: l} }

// is reports whether a peer of a NetworkPolicy in the namespace means e.
func (e end) is(t *testing.T, peer networkingv1.NetworkPolicyPeer) bool {
	t.Helper()
	if b := peer.IPBlock; b != nil {
		within := func(cidr string) bool { return netip.MustParsePrefix(cidr).Contains(e.ip) }
		return e.ip.IsValid() && within(b.CIDR) && !slices.ContainsFunc(b.Except, within)
	}
	if e.labels == nil {
		return false
	}
	inNamespace := e.namespace == namespace
	if peer.NamespaceSelector != nil {
		inNamespace = matches(t, *peer.NamespaceSelector, labels.Set{corev1.LabelMetadataName: e.namespace})
	}
	return inNamespace && (peer.PodSelector == nil || matches(t, *peer.PodSelector, e.labels))
}

func matches(t *testing.T, selector metav1.LabelSelector, set labels.Set) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(set)
}

// admitted reports whether the policies that select p let it speak to other in that direction. What is said in
// https://kubernetes.io/docs/concepts/services-networking/network-policies/: they add up, and a pod that
// none selects is free. The port "http" is 80 in all pods.
func admitted(t *testing.T, policies []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType, p corev1.Pod, other end,
	protocol corev1.Protocol, port int) bool {
	t.Helper()
	free := true
	for _, n := range policies {
		if !matches(t, n.Spec.PodSelector, labels.Set(p.Labels)) || !slices.Contains(n.Spec.PolicyTypes, direction) {
			continue
		}
		free = false
		rule := func(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) bool {
			return slices.ContainsFunc(peers, func(peer networkingv1.NetworkPolicyPeer) bool { return other.is(t, peer) }) &&
				slices.ContainsFunc(ports, func(q networkingv1.NetworkPolicyPort) bool {
					named := q.Port.Type == intstr.String && q.Port.StrVal == "http" && port == 80
					return *q.Protocol == protocol && (named || q.Port.Type == intstr.Int && q.Port.IntValue() == port)
				})
		}
		for _, r := range n.Spec.Ingress {
			if direction == networkingv1.PolicyTypeIngress && rule(r.From, r.Ports) {
				return true
			}
		}
		for _, r := range n.Spec.Egress {
			if direction == networkingv1.PolicyTypeEgress && rule(r.To, r.Ports) {
				return true
			}
		}
	}
	return free
}

func TestThePoliciesAdmitWhatIsNeededAndNothingElse(t *testing.T) {
	const in, out, tcp, udp = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress, corev1.ProtocolTCP, corev1.ProtocolUDP
	var (
		httpd    = pod(namespace, labels.Set{"app.kubernetes.io/name": "httpd"})
		prober   = pod(namespace, labels.Set{"app.kubernetes.io/name": "prober"})
		imposter = pod("other", labels.Set{"app.kubernetes.io/name": "prober"})
		stranger = pod("other", labels.Set{"app": "web"}) // to whom the old IP is given
		dns      = pod("kube-system", labels.Set{"k8s-app": "kube-dns"})
	)
	type try struct {
		what      string
		direction networkingv1.PolicyType
		other     end
		protocol  corev1.Protocol
		port      int
		want      bool
	}
	calls := []try{
		{"DNS", out, dns, udp, 53, true},
		{"DNS, for long answers", out, dns, tcp, 53, true},
		{"the node's DNS cache", out, at("169.254.20.10"), udp, 53, true},
		{"httpd", out, httpd, tcp, 80, true},
		{"whoever has the old IP now", out, stranger, tcp, 80, true},
		{"the old IP, which nobody has", out, at("10.244.1.9"), tcp, 80, true},
		{"the old IP of IPv6", out, at("fd00:10:244::9"), tcp, 80, true},
		{"another DNS server", out, at("192.0.2.53"), udp, 53, false},
		{"the API server", out, at("10.96.0.1"), tcp, 443, false},
		{"another port of httpd", out, httpd, tcp, 8081, false},
		{"a cloud's metadata service", out, at("169.254.169.254"), tcp, 80, false},
		{"a cloud's metadata service on IPv6", out, at("fd00:ec2::254"), tcp, 80, false},
		{"the Internet", out, at("192.0.2.1"), tcp, 80, false},
	}
	never := []try{
		{"an answer to a stranger", in, stranger, tcp, 80, false},
		{"an answer to another namespace's prober", in, imposter, tcp, 80, false},
		{"an answer to the prober by another port", in, prober, tcp, 8081, false},
	}
	each(t, func(t *testing.T, all objects) {
		policies := of[*networkingv1.NetworkPolicy](all)
		for _, p := range all.pods() {
			answers, asks := find(p, "httpd") != nil, find(p, "prober") != nil
			tries := append(slices.Clone(never), try{"an answer to the prober", in, prober, tcp, 80, answers})
			for _, c := range calls {
				c.want = c.want && asks
				tries = append(tries, c)
			}
			for _, c := range tries {
				if got := admitted(t, policies, c.direction, p, c.other, c.protocol, c.port); got != c.want {
					t.Errorf("%s: %s: admitted %v", p.Name, c.what, got)
				}
			}
		}
	})
}
