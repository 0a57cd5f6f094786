package probelog

import (
	"bufio"
	"bytes"
	"io"
)

// lineReader reads a log line by line, and joins what a container runtime has split.
type lineReader struct {
	in *bufio.Reader
	// n is how many lines were read.
	n    int
	long []byte
	// begun is of each stream of a container the line that goes on in a later one; it holds up to maxLine and a byte.
	begun [2][]byte
}

// next is the next line, valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.read()
		if err == io.EOF {
			return l.rest()
		}
		if err != nil {
			return nil, err
		}
		part, ok := splitLine(line)
		if !ok {
			return line, nil
		}
		begun := &l.begun[part.stream]
		if !part.last {
			*begun = add(*begun, part.text)
			continue
		}
		if len(*begun) == 0 {
			return line, nil
		}
		line = add(*begun, part.text)
		*begun = line[:0]
		return line, nil
	}
}

// rest is what was begun and never ended, where the log ends.
func (l *lineReader) rest() ([]byte, error) {
	for i, line := range l.begun {
		if len(line) > 0 {
			l.begun[i] = line[:0]
			return line, nil
		}
	}
	return nil, io.EOF
}

// add makes a line longer, but no longer than what shows that it is too long.
func add(line, more []byte) []byte {
	return append(line, more[:min(len(more), maxLine+1-len(line))]...)
}

// read is the next line as it stands in the log.
func (l *lineReader) read() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = l.readLong(line)
	}
	if err == io.EOF && len(line) > 0 {
		err = nil // the last line may lack its end
	}
	if err != nil {
		return nil, err
	}
	l.n++
	return line, nil
}

// readLong goes on where the buffer ended. Of a line that is too long it keeps what is enough to see that.
func (l *lineReader) readLong(begun []byte) ([]byte, error) {
	l.long = append(l.long[:0], begun...)
	for {
		more, err := l.in.ReadSlice('\n')
		if len(l.long) <= maxLine {
			l.long = append(l.long, more...)
		}
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
	}
}

// split is a line of a node's own log file of a container, /var/log/pods/..., as the Kubernetes CRI has it: the time, the stream,
// F for a line or its last part and P for a part before, and the text. Container runtimes split lines of more than 16 KiB.
type split struct {
	stream int // 0 or 1
	last   bool
	text   []byte
}

// splitLine reads a line as one of a node's file; ok is false for any other.
func splitLine(line []byte) (s split, ok bool) {
	if len(line) < len("2006-01-02T15:04:05Z") || line[4] != '-' || line[10] != 'T' {
		return s, false
	}
	_, rest, _ := bytes.Cut(line, []byte(" "))
	stream, rest, _ := bytes.Cut(rest, []byte(" "))
	tags, text, ok := bytes.Cut(rest, []byte(" "))
	tag, _, _ := bytes.Cut(tags, []byte(":")) // others may follow one day
	switch string(stream) {
	case "stdout":
	case "stderr":
		s.stream = 1
	default:
		return s, false
	}
	switch string(tag) {
	case "F":
		s.last = true
	case "P":
		text = bytes.TrimRight(text, "\r\n")
	default:
		return s, false
	}
	s.text = text
	return s, ok
}
