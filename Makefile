# Shortcuts. Everything here is one command that can be typed as well.

.PHONY: demo test check bench recreate images e2e cluster-up cluster-down cluster-status

demo:
	go run ./cmd/demo

test:
	go test ./...

# All that can be checked; as root.
check:
	bash .ci/run

# This project beside its peers: the tables of docs/benchmarks.md, one program after the other.
bench:
	@cd bench && for program in $$(find . -mindepth 2 -maxdepth 2 -name main.go | sort); do go run $${program%main.go} || exit 1; done

# The tutorial's one step: httpd's pod is deleted and created again as it was applied, with another IP. It takes about 3 s. (Of a pod as
# it is, `kubectl get pod pod-httpd -o yaml | kubectl replace --force -f -`, no later `kubectl apply` would know what was applied.)
recreate:
	kubectl -n localcluster apply view-last-applied pod pod-httpd | kubectl replace --force --save-config -f -

# Image archives without Docker and without a registry, as root: bin/httpd.tar, bin/prober.tar, and bin/helper.tar for the tests.
images:
	cd test && go run ./images --out ../bin && CGO_ENABLED=0 go run ./helper image ../bin/helper.tar

# The end-to-end tests on Kubernetes clusters of their own, one after the other, as root.
e2e:
	cd test/e2e && for pass in default small cached; do go test -count=1 -v -timeout 30m . -pass $$pass || exit 1; done

# A Kubernetes of our own on this machine, as root: docs/cluster.md. Flags go into CLUSTER, such as CLUSTER="--proxy-mode nftables".
cluster-up:
	cd test && go run ./cluster up $(CLUSTER)

cluster-down:
	cd test && go run ./cluster down $(CLUSTER)

cluster-status:
	cd test && go run ./cluster status $(CLUSTER)
