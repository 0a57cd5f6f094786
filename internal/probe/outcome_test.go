package probe

import "testing"

func TestEachOutcomeIsSaidInWordsOfItsOwn(t *testing.T) {
	said := map[string]Outcome{}
	for _, o := range Outcomes {
		w := o.Words()
		if other, ok := said[w]; ok {
			t.Errorf("%s and %s are both %q", o, other, w)
		}
		if said[w] = o; w == string(o) || len(w) > 45 {
			t.Errorf("%s is %q, which is no short word for it", o, w)
		}
	}
	if len(plain) != len(Outcomes) {
		t.Errorf("%d words for %d outcomes", len(plain), len(Outcomes))
	}
}
