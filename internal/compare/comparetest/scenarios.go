package comparetest

import "slices"

// Scenarios are all stories there are.
var Scenarios = slices.Concat(recreations, sameIP, strangers, withdrawn, replicas, drain, pins, unknown, names, unseen)
