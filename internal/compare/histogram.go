package compare

import (
	"math/bits"
	"slices"
	"time"
)

// Histogram counts durations in buckets whose width is at most 1/32 of their value, so that a percentile taken at a
// bucket's middle is wrong by at most 1.6 %. It resolves microseconds; what is longer than MaxDuration counts as that.
// The zero Histogram is empty and ready to use. All percentiles of the product come from it.
type Histogram struct {
	// First is the index of Counts[0] among all buckets.
	First int
	// Counts are the buckets from the first that is not empty to the last; nil when empty.
	Counts []uint64
}

const (
	subBits = 5 // 32 buckets to each doubling
	// MaxDuration is the longest duration that a Histogram tells from a longer one: an hour and more.
	MaxDuration = time.Duration(1<<32-1) * time.Microsecond
)

// Buckets is the number of different buckets: every valid index is less.
const Buckets = (32-subBits)<<subBits + 1<<subBits

// bucket is the index for d. Below 32 µs each microsecond has its own; above, each doubling has 32.
func bucket(d time.Duration) int {
	us := uint64(min(max(d, 0), MaxDuration) / time.Microsecond)
	shift := max(bits.Len64(us)-subBits-1, 0)
	return shift<<subBits + int(us>>shift)
}

// middle is the duration in the middle of bucket i.
func middle(i int) time.Duration {
	shift := max(i>>subBits-1, 0)
	low := uint64(i-shift<<subBits) << shift
	width := uint64(1) << shift
	return time.Duration(low)*time.Microsecond + time.Duration(width-1)*time.Microsecond/2
}

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) { h.add(bucket(d), 1) }

// Merge adds what other has counted.
func (h *Histogram) Merge(other Histogram) {
	for i, n := range other.Counts {
		if n > 0 {
			h.add(other.First+i, n)
		}
	}
}

// remove takes back one duration that was added.
func (h *Histogram) remove(d time.Duration) {
	if i := bucket(d) - h.First; i >= 0 && i < len(h.Counts) && h.Counts[i] > 0 {
		h.Counts[i]--
	}
}

func (h *Histogram) add(i int, n uint64) {
	switch {
	case len(h.Counts) == 0:
		h.First, h.Counts = i, append(h.Counts, 0)
	case i < h.First:
		h.Counts = slices.Insert(h.Counts, 0, make([]uint64, h.First-i)...)
		h.First = i
	case i >= h.First+len(h.Counts):
		h.Counts = append(h.Counts, make([]uint64, i-h.First-len(h.Counts)+1)...)
	}
	h.Counts[i-h.First] += n
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 {
	var sum uint64
	for _, n := range h.Counts {
		sum += n
	}
	return sum
}

// Quantile is the duration below or at which the share q (0 to 1) of all durations lies: the nearest rank, at its bucket's middle;
// 0 for an empty histogram.
func (h *Histogram) Quantile(q float64) time.Duration {
	count := h.Count()
	if count == 0 {
		return 0
	}
	rank := uint64(min(max(q, 0), 1)*float64(count-1)+0.5) + 1
	for i, n := range h.Counts {
		if n >= rank {
			return middle(h.First + i)
		}
		rank -= n
	}
	return middle(h.First + len(h.Counts) - 1)
}

// Clone is a copy that shares nothing.
func (h *Histogram) Clone() Histogram {
	return Histogram{First: h.First, Counts: slices.Clone(h.Counts)}
}
