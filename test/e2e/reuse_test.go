package e2e

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
)

// The old IP is somebody else's in the end, as happens in any cluster. On a node with few IPs it can be forced: all others are
// taken first, so that the one that becomes free is the only one.
func TestWithFewIPsTheOldOneIsGivenAgain(t *testing.T) {
	for _, c := range []struct {
		to string
		// taker gets the old pod's IP; nil where that is the successor.
		taker edit
		// says is true when the taker says who it is.
		says bool
	}{
		{"an httpd that the Service does not select", func(runtime.Object) {}, true},
		{"a server that is not ours", func(o runtime.Object) {
			c := &o.(*corev1.Pod).Spec.Containers[0]
			c.Image, c.Args = helperImage, []string{"stranger"}
		}, false},
		{"the successor itself", nil, true},
	} {
		t.Run(c.to, func(t *testing.T) {
			s := emptySpace(t)
			here, there := s.twoNodes()
			s.apply(edited(t, kustomize(t, "configs", s.name), often(), flags("--log-format=json", "--settle=15s"),
				on(here, "prober"), on(there, "httpd")))
			l := s.prober("pod-prober")
			l.steady(5)
			old := s.pod("pod-httpd")
			s.fill(there)
			s.kubectl("delete", "pod", "pod-httpd")
			if c.taker == nil {
				s.addReplica(old, "pod-httpd", on(there, "httpd"))
				l.checkSameIP(old)
				return
			}
			// Until kube-proxy has followed, the Service itself leads to the old IP, whoever has it. So the successor comes first, and
			// is reached by name.
			s.addReplica(old, "pod-httpd", on(here, "httpd"))
			l.event(patience, compare.Recovered, "dns")
			s.addReplica(old, "taker", on(there, "httpd"), c.taker, func(o runtime.Object) { o.(*corev1.Pod).Labels = nil })
			taker := s.withIP("taker")
			r := l.event(patience, compare.Settled, "").Recreation
			l.checkRecreation(r, old, s.ready("httpd", 1)[0])
			l.checkVerdicts(r, map[string]compare.Verdict{"ip": compare.Misrouted, "dns": compare.Came})
			if taker.Status.PodIP != old.Status.PodIP {
				t.Errorf("the taker has %s, not the only free IP %s", taker.Status.PodIP, old.Status.PodIP)
			}
			_, rows := l.rows("ip")
			for _, row := range rows {
				who := row.result.Who
				if row.outcome == probe.WrongPod && ((who != nil) != c.says || c.says && who.UID != string(taker.UID)) {
					t.Errorf("round %d: wrong_pod by %+v, where Kubernetes has %s", row.Seq, who, taker.UID)
				}
			}
			t.Log(wait(l, 0, "a word on the wrong pod", func(since []*probelog.Record) (string, bool) {
				i := slices.IndexFunc(since, func(r *probelog.Record) bool {
					tells := isEvent(r, compare.Changed, "ip") || isEvent(r, compare.Broke, "ip")
					return tells && slices.Contains(r.Event.Outage.Classes, probe.WrongPod)
				})
				if i < 0 {
					return "", false
				}
				return since[i].Sentence, true
			}))
		})
	}
}

// checkSameIP checks a recreation with the same IP. Who gets it answers there before it is Ready, that is before a name leads
// to it, and looks like a stranger until then: that must be taken back.
func (l *tail) checkSameIP(old *corev1.Pod) {
	l.Helper()
	r := l.event(patience, compare.Settled, "").Recreation
	l.checkRecreation(r, old, l.ready("httpd", 1)[0])
	sum := l.summary().Approaches[0]
	l.Logf("ip %s, %d of %d lost: %s; %d corrections", r.Effects[0].Verdict, sum.Lost, sum.Probes, l.sequence("ip"),
		l.count(compare.Corrected, "ip"))
	if !r.SameIP() || r.Effects[0].Verdict != compare.Came || sum.Classes[probe.WrongPod] > 0 || sum.Verdicts[compare.Misrouted] > 0 {
		l.Errorf("recreation %+v: ip %+v", r, sum)
	}
}

// fill takes all IPs of a node that are free.
func (s *space) fill(node string) {
	s.Helper()
	n, err := s.client.CoreV1().Nodes().Get(s.Context(), node, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	cidr, err := netip.ParsePrefix(n.Spec.PodCIDR)
	if err != nil || cidr.Addr().BitLen()-cidr.Bits() > 4 {
		s.Skipf("the node %s has the pod CIDR %q: too many IPs to take them all", node, n.Spec.PodCIDR)
	}
	free := 1<<(cidr.Addr().BitLen()-cidr.Bits()) - 3 // the network's own, the gateway's and the broadcast address
	pods, err := s.client.CoreV1().Pods("").List(s.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		s.Fatal(err)
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; !p.Spec.HostNetwork && p.DeletionTimestamp == nil {
			free--
		}
	}
	prober := s.pod("pod-prober")
	for i := range free {
		s.addReplica(prober, fmt.Sprintf("filler-%d", i), on(node, "prober"), func(o runtime.Object) {
			o.(*corev1.Pod).Labels = nil
			c := &o.(*corev1.Pod).Spec.Containers[0]
			c.Image, c.Args = helperImage, []string{"wait"}
		})
	}
	for i := range free {
		s.withIP(fmt.Sprintf("filler-%d", i))
	}
	s.Logf("%d IPs of %s on %s were free, and are taken", free, cidr, node)
}

// withIP waits until a pod has its IP.
func (s *space) withIP(name string) (p *corev1.Pod) {
	s.Helper()
	s.await(patience, "an IP for "+name, func() string {
		p = s.pod(name)
		s.hasImage(p)
		if p.Status.PodIP == "" {
			return "it is " + string(p.Status.Phase)
		}
		return ""
	})
	return p
}
