package resolve

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// recheck is how often a file is looked at, at most. glibc looks at each lookup; thousands of probes need not.
const recheck = time.Second

// maxFile is how much of a file is read; what lies beyond is ignored.
const maxFile = 8 << 20

// watched is a file that is read again when it has changed. Reading never waits for another reader.
type watched[T any] struct {
	path  string
	parse func(text string) T

	checking sync.Mutex // held while the file is looked at
	now      atomic.Pointer[snapshot[T]]
}

type snapshot[T any] struct {
	value   T
	info    os.FileInfo // nil when the file could not be read
	checked time.Time
}

func watch[T any](path string, parse func(text string) T) *watched[T] {
	w := &watched[T]{path: path, parse: parse}
	w.now.Store(w.read(nil))
	return w
}

// get is the file's meaning, at most about a second old. A file that is missing, unreadable or no regular file reads as
// empty; if only this machine's resources were short, the last meaning stays.
func (w *watched[T]) get() *T {
	s := w.now.Load()
	if time.Since(s.checked) >= recheck && w.checking.TryLock() {
		s = w.read(w.now.Load())
		w.now.Store(s)
		w.checking.Unlock()
	}
	return &s.value
}

// read looks at the file, and reads it if it is another than that of the last snapshot.
func (w *watched[T]) read(last *snapshot[T]) *snapshot[T] {
	next := &snapshot[T]{checked: time.Now()}
	info, err := os.Stat(w.path)
	if err == nil && last != nil && same(info, last.info) {
		next.value, next.info = last.value, last.info
		return next
	}
	var text string
	if err == nil && info.Mode().IsRegular() {
		text, next.info, err = contents(w.path)
	}
	if last != nil && (shortage(err) || errors.Is(err, syscall.EIO)) {
		next.value, next.info = last.value, nil // read again next time
	} else {
		next.value = w.parse(text)
	}
	return next
}

// contents reads a file together with what Stat says of it just before, so that a later change is noticed.
func contents(path string) (string, os.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", nil, err
	}
	return string(text), info, nil
}

func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
