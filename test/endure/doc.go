// Package endure does to a real prober what a machine may do to it: it stops it, takes its CPU, its files, its disk and its memory,
// moves its clock, leaves its log unread, and lets servers that mean harm loose on it. Its targets are real httpd that answer all the
// while, so each failure that its log tells of them is one that never was. It needs Linux and root.
//
// Go's test cache does not look at files outside the module, and these are: go test -count=1 .
package endure
