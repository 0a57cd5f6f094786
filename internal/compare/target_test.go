package compare_test

import (
	"reflect"
	"slices"
	"sync"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

func TestASumThatIsBroughtUpToDateIsTheSummarys(t *testing.T) {
	for _, sc := range slices.Concat(comparetest.Scenarios, comparetest.Random(100)) {
		tr := tracker(sc)
		sum := compare.TargetSummary{Name: sc.Target().Name}
		var all, copies []compare.TargetSummary
		sc.Play(func(r probe.Round) []probe.Pin {
			o, err := tr.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			ok := tr.Update(&sum)
			want := tr.Summary().Targets[0]
			now := sum
			now.Approaches = slices.Clone(sum.Approaches)
			latency, recovery := tr.Histograms(r.Target)
			for i := range now.Approaches {
				now.Approaches[i].Latency, now.Approaches[i].Recovery = latency[i], recovery[i]
			}
			if !ok || !reflect.DeepEqual(now, want) {
				t.Fatalf("%s: after round %d\n%+v, want\n%+v", sc.Name, r.Seq, now, want)
			}
			all, copies = append(all, now), append(copies, want)
			return o.Pins
		})
		if !reflect.DeepEqual(all, copies) {
			t.Errorf("%s: what an earlier sum leads to changed later", sc.Name)
		}
	}
	tr := compare.NewTracker(nil, compare.Options{})
	if latency, _ := tr.Histograms("nobody"); tr.Update(&compare.TargetSummary{Name: "nobody"}) || latency != nil {
		t.Error("a sum of nobody")
	}
}

// Who asks for histograms while rounds come in gets those of one round or the next. (The race detector judges.)
func TestHistogramsAreToBeHadWhileRoundsComeIn(t *testing.T) {
	sc := comparetest.Named("a single pod is recreated with another IP")
	tr := tracker(sc)
	ended := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for last := uint64(0); ; {
			latency, _ := tr.Histograms(sc.Target().Name)
			if n := latency[1].Count(); n < last {
				t.Errorf("%d answers after %d", n, last)
			} else {
				last = n
			}
			select {
			case <-ended:
				return
			default:
			}
		}
	})
	sc.Play(func(r probe.Round) []probe.Pin {
		o, err := tr.Observe(r)
		if err != nil {
			t.Error(err)
		}
		return o.Pins
	})
	close(ended)
	asking.Wait()
}
