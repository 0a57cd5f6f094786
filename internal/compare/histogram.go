package compare

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Histogram counts durations in buckets whose width is at most 1/32 of their value, so that a percentile taken at a
// bucket's middle is wrong by at most 1.6 %. It resolves microseconds; what is longer than MaxDuration counts as that.
// The zero Histogram is empty and ready to use. All percentiles of the product come from it.
type Histogram struct {
	// Counts are those of the buckets that are not empty, in their order; nil when all are. A prober has thousands of
	// histograms, and most durations of one lie close together, with a few far away.
	Counts []Count
}

// Count is how many durations are in one bucket: the bucket's index in the upper 16 bits, their number below.
type Count uint64

const (
	numberBits = 48
	// MaxNumber is the greatest number of a Count: what is more counts as that.
	MaxNumber = 1<<numberBits - 1
)

// CountOf counts n durations in bucket i.
func CountOf(i int, n uint64) Count { return Count(i)<<numberBits | Count(min(n, MaxNumber)) }

// Bucket is the bucket's index.
func (c Count) Bucket() int { return int(c >> numberBits) }

// Number is how many durations there are in the bucket.
func (c Count) Number() uint64 { return uint64(c & MaxNumber) }

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
	for _, c := range other.Counts {
		h.add(c.Bucket(), c.Number())
	}
}

// remove takes back one duration that was added.
func (h *Histogram) remove(d time.Duration) {
	at, found := h.find(bucket(d))
	switch {
	case !found:
	case len(h.Counts) == 1 && h.Counts[0].Number() == 1:
		h.Counts = nil
	case h.Counts[at].Number() == 1:
		h.Counts = slices.Delete(h.Counts, at, at+1)
	default:
		h.Counts[at]--
	}
}

func (h *Histogram) add(i int, n uint64) {
	at, found := h.find(i)
	if !found {
		if len(h.Counts) == cap(h.Counts) { // by a quarter, where append would double it
			h.Counts = append(make([]Count, 0, len(h.Counts)*5/4+4), h.Counts...)
		}
		h.Counts = slices.Insert(h.Counts, at, CountOf(i, 0))
	}
	h.Counts[at] = CountOf(i, h.Counts[at].Number()+n)
}

// find is where bucket i stands among the Counts, or belongs.
func (h *Histogram) find(i int) (at int, found bool) {
	return slices.BinarySearchFunc(h.Counts, i, func(c Count, i int) int { return c.Bucket() - i })
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 {
	var sum uint64
	for _, c := range h.Counts {
		sum += c.Number()
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
	for _, c := range h.Counts {
		if c.Number() >= rank {
			return middle(c.Bucket())
		}
		rank -= c.Number()
	}
	return middle(h.Counts[len(h.Counts)-1].Bucket())
}

// Clone is a copy that shares nothing.
func (h *Histogram) Clone() Histogram { return Histogram{slices.Clone(h.Counts)} }

// check reports why what a log says cannot be a histogram.
func (h *Histogram) check() error {
	next := 0
	for _, c := range h.Counts {
		if c.Bucket() < next || c.Bucket() >= Buckets || c.Number() == 0 {
			return fmt.Errorf("a histogram with bucket %d of %d, where there are %d in ascending order", c.Bucket(), c.Number(), Buckets)
		}
		next = c.Bucket() + 1
	}
	return nil
}
