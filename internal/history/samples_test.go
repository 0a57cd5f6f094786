package history

import (
	"slices"
	"testing"
	"time"
)

func TestSamplesAreAsTheyWereAddedAndTheLastOnes(t *testing.T) {
	const most = 60
	var s Samples
	var want []Sample
	at := time.Duration(0)
	for i := range 10_000 {
		// Now and then much time goes by, and some answers take long: both are more than fits in four bytes.
		at += time.Second + time.Duration(i%7)*time.Microsecond
		took := time.Duration(i*7919%5000) * time.Microsecond
		if i%997 == 0 {
			at, took = at+24*time.Hour, time.Hour+time.Microsecond
		}
		if len(want) == most {
			want = append(want[:0], want[most/4+1:]...)
		}
		want = append(want, Sample{at, took})
		s.add(at, took, most)
		if got := slices.Collect(s.All()); s.Len() != len(want) || !slices.Equal(got, want) {
			t.Fatalf("after %d: %d samples\n%v, want\n%v", i+1, s.Len(), got, want)
		}
	}
	if len(s.packed) > 8*most {
		t.Errorf("%d samples take %d bytes", s.Len(), len(s.packed))
	}
	for first := range s.All() { // who has seen enough may stop
		if first != want[0] {
			t.Errorf("the first is %v", first)
		}
		break
	}
}
