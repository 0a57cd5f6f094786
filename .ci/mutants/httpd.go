package main

// serving are mutants of httpd.
var serving = []mutant{
	{
		name: "a client makes labels of its own",
		file: "internal/metrics/answers/answers.go",
		old:  "	return len(methods) - 1\n",
		new:  "	methods = append(methods, name)\n	return len(methods) - 1\n",
		test: "TestNoClientMakesSeriesWithoutEnd",
	},
	{
		name: "100 Continue is taken for the answer",
		file: "internal/echo/conn.go",
		old:  "if stage == begun || interim(p) {",
		new:  "if stage == begun {",
		test: "TestEachAnswerOnAConnectionSaysWhoGaveIt",
	},
	{
		name: "an answer says how ready the pod is when it is sent",
		file: "internal/echo/conn.go",
		old:  "stage, ready := c.stage.Load(), c.ready",
		new:  "stage, ready := c.stage.Load(), c.server != nil && c.server.Ready()",
		test: "TestReadinessIsToldAsItWasWhenTheRequestCameIn",
	},
	{
		name: "who has the fewest connections loses one",
		file: "internal/echo/crowd.go",
		old:  "return a.waiting > b.waiting",
		new:  "return a.waiting < b.waiting",
		test: "TestWhoOpensManyConnectionsTakesSeatsFromItself",
	},
	{
		name: "who has just asked loses its seat",
		file: "internal/echo/seats.go",
		old:  "if sat := c.sat(); sat > patience ||",
		new:  "if sat := c.sat(); true || sat > patience ||",
		test: "TestWhoHasJustAskedKeepsItsSeatHoweverLongItWasIdle",
	},
	{
		name: "who has few connections is asked to close them",
		file: "internal/echo/seats.go",
		old:  "c.seat.caller.connections*len(s.callers) >= s.taken-s.shares[streams]-s.shares[delays]",
		new:  "c.seat.caller.connections > 0",
		test: "TestWhoHasLessThanItsShareIsNotAskedToMakeRoom",
	},
}
