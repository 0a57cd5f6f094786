package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"callbyname/internal/compare"
)

// nodes are the names of the nodes that take pods.
func (s *space) nodes() []*corev1.Node {
	s.Helper()
	list, err := s.client.CoreV1().Nodes().List(s.Context(), metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	var found []*corev1.Node
	for i := range list.Items {
		if n := &list.Items[i]; !n.Spec.Unschedulable && len(n.Spec.Taints) == 0 {
			found = append(found, n)
		}
	}
	return found
}

// twoNodes are the names of two nodes; a cluster with one is none for this test.
func (s *space) twoNodes() (first, second string) {
	s.Helper()
	nodes := s.nodes()
	if len(nodes) < 2 {
		s.Skipf("this cluster has %d nodes that take pods, and it takes two", len(nodes))
	}
	return nodes[0].Name, nodes[1].Name
}

// httpd is called from another node than its own, and then moves to the prober's: the network between nodes is part of the
// lesson.
func TestFromAnotherNodeARecreationLooksTheSame(t *testing.T) {
	t.Parallel()
	s := emptySpace(t)
	here, there := s.twoNodes()
	s.apply(edited(t, kustomize(t, "overlays/approaches", s.name), often(), on(here, "prober"), on(there, "httpd")))
	l := s.prober("pod-prober")
	l.steady(5)
	old := s.pod("pod-httpd")
	for _, approach := range []string{"ip", "dns", "headless", "pod-dns", "cached", "keepalive"} {
		if all, _ := l.rows(approach); all[len(all)-1].result.Who.Node != there {
			t.Errorf("%s was answered from %s", approach, all[len(all)-1].result.Who.Node)
		}
	}
	if p := s.pod("pod-prober"); p.Spec.NodeName != here || old.Spec.NodeName != there {
		t.Fatalf("the prober is on %s, httpd on %s", p.Spec.NodeName, old.Spec.NodeName)
	}
	s.kubectl("delete", "pod", "pod-httpd")
	s.apply(edited(t, kustomize(t, "overlays/approaches", s.name), often(), on(here, "prober"), on(here, "httpd")))
	r := l.event(patience, compare.Settled, "").Recreation
	successor := s.pod("pod-httpd")
	l.checkRecreation(r, old, successor)
	if r.Old.Node != there || r.New.Node != here {
		t.Errorf("from %s to %s, not from %s to %s", r.Old.Node, r.New.Node, there, here)
	}
	l.checkVerdicts(r, allButIP)
	l.checkIPClasses(r)
	l.checkOutage("dns", "apache")
	l.checkOutage("headless", "apache-pods")
}
