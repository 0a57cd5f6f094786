// Package identity says who a pod is: it reads the downward-API environment (or, outside a pod, the host), writes the
// identity into HTTP response headers, and reads it back out of them. The header names stand here and nowhere else.
// What the identity means over time (restart, recreation, the wrong pod) is decided in package compare.
package identity

import (
	"net/netip"
	"time"
)

// Source says where an identity was learned.
type Source string

const (
	// FromPod is an identity given by the Kubernetes downward API.
	FromPod Source = "pod"
	// FromHost is an identity taken from the machine, outside a pod: host name and interface addresses, no UID.
	FromHost Source = "host"
)

// Identity is who answers: what stays the same for the life of one process.
//
// Every field may be empty: an HTTP server that is not ours has none of them. The JSON names are those of httpd's
// answers and of the prober's log.
type Identity struct {
	// IPs are the pod's addresses, primary first, as Kubernetes' status.podIPs orders them.
	IPs []netip.Addr `json:"pod_ips,omitempty"`
	// Name is metadata.name; outside a pod the host name.
	Name string `json:"name,omitempty"`
	// UID is metadata.uid: another one for every pod ever created. Empty outside a pod.
	UID       string `json:"uid,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Node      string `json:"node,omitempty"`
	// Instance is random at each process start, so that a restarted container is told from one that went on.
	Instance string `json:"instance,omitempty"`
	// Started is when the process started, to the millisecond, in UTC.
	Started time.Time `json:"started,omitzero"`
	Source  Source    `json:"source,omitempty"`
}

// IP is the primary pod IP; the zero Addr when none is known.
func (id Identity) IP() netip.Addr {
	if len(id.IPs) == 0 {
		return netip.Addr{}
	}
	return id.IPs[0]
}

// Report is what one answer says: the identity and the facts of the connection it came on.
type Report struct {
	Identity
	// Local is the address and port on which the answering process accepted the connection. Zero: not said.
	Local netip.AddrPort
	// Unready is true when the pod says that it is not ready (draining, or told so). False also when it says nothing.
	Unready bool
}
