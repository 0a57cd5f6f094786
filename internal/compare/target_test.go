package compare_test

import (
	"reflect"
	"slices"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

func TestATargetsSumIsTheSummarysThoughItReusesTheOneBefore(t *testing.T) {
	for _, sc := range slices.Concat(comparetest.Scenarios, comparetest.Random(100)) {
		tr := tracker(sc)
		var sum compare.TargetSummary
		var all, copies []compare.TargetSummary
		sc.Play(func(r probe.Round) []probe.Pin {
			o, err := tr.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			var ok bool
			sum, ok = tr.Target(r.Target, sum)
			want := tr.Summary().Targets[0]
			if !ok || !reflect.DeepEqual(sum, want) {
				t.Fatalf("%s: after round %d\n%+v, want\n%+v", sc.Name, r.Seq, sum, want)
			}
			all, copies = append(all, sum), append(copies, want)
			return o.Pins
		})
		if !reflect.DeepEqual(all, copies) {
			t.Errorf("%s: an earlier sum changed later", sc.Name)
		}
	}
	if _, ok := compare.NewTracker(nil, compare.Options{}).Target("nobody", compare.TargetSummary{}); ok {
		t.Error("a sum of nobody")
	}
}
