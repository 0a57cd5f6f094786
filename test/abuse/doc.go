// Package abuse holds httpd, as the process that the pod runs and under the memory that the pod may have, to what a server that
// anybody can reach has to stand: thousands of connections that say nothing, say it slowly or will not listen, garbage, storms of
// bodies, and a SIGTERM in the middle of it all. Meanwhile a polite client gets every one of its answers. What nobody here wrote
// comes on top: h2spec and slowhttptest. It is a module of its own: h2spec is nobody else's affair.
//
// It needs root, for a memory cgroup and file descriptors, and Debian's package slowhttptest. All of its traffic stays on
// loopback addresses. Go's test cache does not see the program that is tested: go test -count=1 .
package abuse
