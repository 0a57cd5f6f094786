package compare_test

import (
	"fmt"
	"testing"

	"callbyname/internal/compare"
	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probe"
)

func TestShow(t *testing.T) {
	for _, sc := range comparetest.Scenarios {
		fmt.Println("====", sc.Name)
		tr := compare.NewTracker([]probe.Target{sc.Target()}, sc.Options())
		at, wall := sc.Play(func(r probe.Round) []probe.Pin {
			obs, err := tr.Observe(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range obs.Events {
				fmt.Println(comparetest.Brief(e))
				fmt.Println("          ", e.Sentence())
			}
			return obs.Pins
		})
		for _, e := range tr.Stop(at, wall) {
			fmt.Println(comparetest.Brief(e))
		}
	}
}
