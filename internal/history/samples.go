package history

import (
	"encoding/binary"
	"iter"
	"time"
)

// Sample is how long one successful probe took.
type Sample struct {
	At, Took time.Duration
}

// Samples are the last latencies of an approach, oldest first. A prober keeps hundreds of thousands of them, and so they are
// packed: the microseconds since the one before, and those that it took, which together are mostly five bytes.
type Samples struct {
	packed []byte
	n      int
	// from is what the first one's time counts from, last is the last one's.
	from, last time.Duration
}

// Len is how many there are.
func (s *Samples) Len() int { return s.n }

// All are the samples, in whole microseconds.
func (s *Samples) All() iter.Seq[Sample] {
	return func(yield func(Sample) bool) {
		at := s.from
		for rest := s.packed; len(rest) > 0; {
			sample, size := unpack(rest)
			at += sample.At
			if !yield(Sample{at, sample.Took}) {
				return
			}
			rest = rest[size:]
		}
	}
}

// add keeps one more, and of more than most the newer three quarters.
func (s *Samples) add(at, took time.Duration, most int) {
	if s.n >= most {
		s.drop(most/4 + 1)
	}
	var room [2 * binary.MaxVarintLen64]byte
	sample := binary.AppendUvarint(room[:0], uint64((at-s.last)/time.Microsecond))
	sample = binary.AppendUvarint(sample, uint64(took/time.Microsecond))
	if n := len(s.packed) + len(sample); n > cap(s.packed) {
		s.packed = append(make([]byte, 0, n+n/8), s.packed...) // append alone would double what soon grows no more
	}
	s.packed = append(s.packed, sample...)
	s.last = at
	s.n++
}

// drop forgets the oldest ones.
func (s *Samples) drop(number int) {
	size := 0
	for range min(number, s.n) {
		sample, n := unpack(s.packed[size:])
		size += n
		s.from += sample.At
		s.n--
	}
	s.packed = append(s.packed[:0], s.packed[size:]...)
}

// unpack reads the first sample, whose At counts from the one before, and says how many bytes it has.
func unpack(packed []byte) (s Sample, size int) {
	at, n := binary.Uvarint(packed)
	took, m := binary.Uvarint(packed[n:])
	return Sample{time.Duration(at) * time.Microsecond, time.Duration(took) * time.Microsecond}, n + m
}
