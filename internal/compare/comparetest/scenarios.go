package comparetest

import "slices"

// Scenarios are all stories there are.
var Scenarios = slices.Concat(recreations, sameIP, strangers, doubted, withdrawn, replicas, drain, pins, unknown, names, unseen, slow)

// Named is the story of that name, which must be one of Scenarios.
func Named(name string) Scenario {
	i := slices.IndexFunc(Scenarios, func(sc Scenario) bool { return sc.Name == name })
	if i < 0 {
		panic("comparetest: no story " + name)
	}
	return Scenarios[i]
}
