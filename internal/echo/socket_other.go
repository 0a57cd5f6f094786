//go:build !unix

package echo

func limitBuffers(any) {}

// unread is not known here.
func unread(any) bool { return false }
