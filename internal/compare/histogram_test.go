package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestAPercentileIsAtMostTwoPercentWrong(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var all []time.Duration
	for range 20000 {
		// From 50 µs to 50 s, every order of magnitude alike.
		d := time.Duration(math.Pow(10, 4.7+6*rnd.Float64())).Truncate(time.Microsecond)
		h.Add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for i := range 1001 {
		q := float64(i) / 1000
		want := all[int(q*float64(len(all)-1)+0.5)]
		if got := h.Quantile(q); math.Abs(float64(got-want)) > 0.02*float64(want) {
			t.Errorf("q %v: %v, sorted %v", q, got, want)
		}
	}
}

func TestEachBucketHoldsItsOwnMiddle(t *testing.T) {
	for i := range Buckets {
		if got := bucket(middle(i)); got != i {
			t.Fatalf("bucket %d has its middle %v in bucket %d", i, middle(i), got)
		}
	}
	if got := bucket(MaxDuration); got != Buckets-1 {
		t.Errorf("the longest duration is in bucket %d of %d", got, Buckets)
	}
	if bucket(-time.Second) != 0 || bucket(math.MaxInt64) != Buckets-1 {
		t.Error("what is out of range does not count at the ends")
	}
}

func TestMergedHistogramsCountAsOne(t *testing.T) {
	var low, high, both Histogram
	for i := range 100 {
		d := time.Duration(i) * time.Millisecond
		low.Add(d)
		high.Add(d + time.Second)
		both.Add(d)
		both.Add(d + time.Second)
	}
	high.Merge(low)
	if !slices.Equal(high.Counts, both.Counts) {
		t.Errorf("%+v, not %+v", high, both)
	}
	if got := high.Count(); got != 200 {
		t.Errorf("%d durations", got)
	}
	var empty Histogram
	if empty.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}

func TestWhatIsTakenBackWasNeverThere(t *testing.T) {
	var with, without Histogram
	for _, us := range []time.Duration{700, 5, 700, 90_000} {
		with.Add(us * time.Microsecond)
	}
	for _, us := range []time.Duration{700, 5, 700} {
		without.Add(us * time.Microsecond)
	}
	with.remove(90 * time.Millisecond)
	with.remove(time.Hour) // which was never added
	if !slices.Equal(with.Counts, without.Counts) {
		t.Errorf("%v, not %v", with, without)
	}
	with.remove(700 * time.Microsecond)
	if got := with.Count(); got != 2 {
		t.Errorf("%d durations", got)
	}
}

func TestABucketCountsNoFurtherThanItsNumberHolds(t *testing.T) {
	h := Histogram{Counts: []Count{CountOf(3, MaxNumber-1), CountOf(4, 1)}}
	for range 3 {
		h.Add(3 * time.Microsecond)
	}
	if h.Counts[0] != CountOf(3, MaxNumber) || h.Counts[0].Bucket() != 3 || h.Counts[1] != CountOf(4, 1) {
		t.Errorf("%x", h.Counts)
	}
}
