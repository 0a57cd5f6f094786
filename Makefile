# Shortcuts. Everything here is one command that can be typed as well.

.PHONY: demo test check cluster-up cluster-down cluster-status

demo:
	go run ./cmd/demo

test:
	go test ./...

# All that can be checked; as root.
check:
	bash .ci/run

# A Kubernetes of our own on this machine, as root: docs/cluster.md. Flags go into CLUSTER, such as CLUSTER="--proxy-mode nftables".
cluster-up:
	cd test && go run ./cluster up $(CLUSTER)

cluster-down:
	cd test && go run ./cluster down $(CLUSTER)

cluster-status:
	cd test && go run ./cluster status $(CLUSTER)
