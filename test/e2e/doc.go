// Package e2e holds the end-to-end tests: what README and docs promise, on a real Kubernetes, with the images and the manifests
// that users get. Each test has a namespace of its own; it judges by the prober's log and by what Kubernetes itself says (UIDs,
// IPs, EndpointSlices, timestamps), reads the log back (the events must be the same), and prints the figures that it saw.
//
//	go test ./e2e                    # starts a cluster, builds and loads the images, takes all down again; as root
//	go test ./e2e -pass small        # the tests that need a cluster with few pod IPs
//	go test ./e2e -pass cached       # those that need a DNS that caches
//	KUBECONFIG=... go test ./e2e     # on a cluster that runs, and has the images
//
// What is true of one cluster only (how a dead IP fails, how soon kube-proxy follows) is printed and not asserted, or bounded
// with the reason beside it.
package e2e
