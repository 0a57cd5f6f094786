package main

var mutants = []mutant{
	{
		name: "a recreation is told by the pod's name instead of its UID",
		file: "internal/compare/pods.go",
		old:  "		return r.Who.UID\n",
		new:  "		return r.Who.Name\n",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "an answer by the wrong pod counts as a success",
		file: "internal/compare/judge.go",
		old:  "s.judged[i].Outcome = probe.WrongPod",
		new:  "s.judged[i].Outcome = probe.OK",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "a void probe counts as lost",
		file: "internal/compare/outages.go",
		old:  "			a.Void++\n",
		new:  "			s.failure(i)\n",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "a pod that answers again stays recreated",
		file: "internal/compare/recreate.go",
		old:  "	s.withdraw()\n",
		new:  "",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "the successor at the old IP stays the wrong pod",
		file: "internal/compare/tracker.go",
		old:  "	s.correct()\n",
		new:  "",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "a new pin ends an outage as recovered",
		file: "internal/compare/recreate.go",
		old:  "o.End, o.Repinned = s.now, true",
		new:  "o.End = s.now",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "a pause counts as an outage's time",
		file: "internal/compare/tracker.go",
		old:  "				o.Paused += unseen\n",
		new:  "				_ = o\n",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "an address that means another place here is pinned",
		file: "internal/compare/pods.go",
		old:  "if confined(ip) && !confined(r.Addr.Addr()) {",
		new:  "if false {",
		test: "TestEachStoryGivesItsEvents",
	},
	{
		name: "a part of the state is forgotten",
		file: "internal/compare/state.go",
		old:  "	c.Owned = slices.Clone(s.Owned)\n",
		new:  "	c.Owned = nil\n",
		test: "TestAStateInTheMiddleContinuesTheSameStory",
	},
	{
		name: "percentiles come from the buckets' lower ends",
		file: "internal/compare/histogram.go",
		old:  "	return time.Duration(low)*time.Microsecond + time.Duration(width-1)*time.Microsecond/2\n",
		new:  "	return time.Duration(low) * time.Microsecond * time.Duration(width/width)\n",
		test: "TestAPercentileIsAtMostTwoPercentWrong",
	},
}
