// Package e2e holds the end-to-end tests: what README and docs promise, on a real Kubernetes, with the images and the manifests
// that users get. Each test has a namespace of its own; it judges by the prober's log and by what Kubernetes itself says (UIDs,
// IPs, EndpointSlices, timestamps), reads the log back (the events must be the same), and prints the figures that it saw.
//
//	go test .                    # starts a cluster, builds and loads the images, takes all down again; as root
//	go test . -pass small        # the tests that need a cluster with few pod IPs
//	go test . -pass cached       # those that need a DNS that caches
//	KUBECONFIG=... go test .     # on a cluster that runs, and has the images
//
// It is a module of its own, so that neither what the product needs nor what these tests need has a say in the Kubernetes that
// module test builds.
//
// What is true of one cluster only (how a dead IP fails, how soon kube-proxy follows) is printed and not asserted, or bounded
// with the reason beside it.
package e2e
