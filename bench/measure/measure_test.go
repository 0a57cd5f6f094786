package measure

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestMedianSpreadAndFormat(t *testing.T) {
	for _, test := range []struct {
		sample Sample
		want   string
	}{
		{nil, "0.00"},
		{Sample{3}, "3.00"},
		{Sample{3, 1}, "2.00 (1.00–3.00)"},
		{Sample{5, 1, 2}, "2.00 (1.00–5.00)"},
		{Sample{4, 1, 2, 100}, "3.00 (1.00–100.00)"},
	} {
		if got := test.sample.Format("%.2f"); got != test.want {
			t.Errorf("%v is %q, want %q", []float64(test.sample), got, test.want)
		}
	}
}

func TestTheMedianLeavesTheOrderOfRoundsAlone(t *testing.T) {
	s := Sample{3, 1, 2}
	s.Median()
	if !reflect.DeepEqual(s, Sample{3, 1, 2}) {
		t.Errorf("the sample became %v", s)
	}
}

// A round in which the machine was twice as slow tells nothing about either side.
func TestRatiosAreTakenRoundByRound(t *testing.T) {
	a, b := Sample{2, 4, 2}, Sample{1, 2, 1}
	if got := a.Ratio(b); !reflect.DeepEqual(got, Sample{2, 2, 2}) {
		t.Errorf("ratio %v", got)
	}
}

func TestSidesTakeTurns(t *testing.T) {
	var order strings.Builder
	side := func(name string) func(context.Context) (int, error) {
		return func(context.Context) (int, error) {
			order.WriteString(name)
			return order.Len(), nil
		}
	}
	runs, err := Interleave(t.Context(), 3, side("a"), side("b"))
	if err != nil {
		t.Fatal(err)
	}
	if order.String() != "ababab" {
		t.Errorf("the order was %s", order.String())
	}
	if want := [][]int{{1, 3, 5}, {2, 4, 6}}; !reflect.DeepEqual(runs, want) {
		t.Errorf("runs %v, want %v", runs, want)
	}
	if got := Of(runs[1], func(n int) int { return 10 * n }); !reflect.DeepEqual(got, Sample{20, 40, 60}) {
		t.Errorf("figures %v", got)
	}
}

func TestASideThatFailsEndsTheRunsAndIsNamed(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	_, err := Interleave(t.Context(), 3,
		func(context.Context) (int, error) { return 0, nil },
		func(context.Context) (int, error) {
			if calls++; calls == 2 {
				return 0, broken
			}
			return 0, nil
		})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "side 2 in round 2") {
		t.Errorf("error %v", err)
	}
	if calls != 2 {
		t.Errorf("%d calls after the failure", calls-2)
	}
}

func TestTablesAreMarkdownAndAligned(t *testing.T) {
	table := NewTable("server", "s/100k")
	table.Row("httpd", "1.38 (1.36–1.44)")
	table.Row("nginx", "0.77")
	var b strings.Builder
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `| server |           s/100k |
| ------ | ---------------: |
| httpd  | 1.38 (1.36–1.44) |
| nginx  |             0.77 |

`
	if b.String() != want {
		t.Errorf("the table is\n%s, want\n%s", b.String(), want)
	}
}
