package main

// Order, and direct hand-over.
var order = []mutant{
	{
		rule: "order", what: "outputs are pushed after the token is given up", file: "serve.go",
		old: `	for _, ed := range s.outs {
		if next == nil && ed.claim(w) {`,
		new: `	if s.guarded {
		s.tokens[h.shard].giveUp()
	}
	for _, ed := range s.outs {
		if next == nil && ed.claim(w) {`,
		tests: "TestOutputsArePushedBeforeTheTokenIsGivenUp",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "order", what: "a hand-over overtakes what waits in the ring", file: "handover.go",
		old:   "\tif !w.plan.loose.Has(s.id) && !s.shards[b.shard].empty() || w.e",
		new:   "\tif w.e",
		tests: "TestWhatIsHandedOver",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "order", what: "what overtakes leaves no room to what waits", file: "handover.go",
		old:   "room < n || room < 2*n && !s.shards[b.shard].empty() {",
		new:   "room < n {",
		tests: "TestWhatOvertakesLeavesRoom",
	},
	{
		rule: "order", what: "a hand-over overtakes in a serial stage", file: "plan.go",
		old:   "\t\tif !s.serial && !s.keyed && s",
		new:   "\t\tif s",
		tests: "TestWhatIsHandedOver|TestWhichStagesPromiseNoOrder",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "order", what: "a hand-over does not need the token", file: "handover.go",
		old: `	return !s.guarded || s.tokens[b.shard].take(w.id)
`,
		new: `	return true
`,
		tests: "TestWhatIsHandedOver",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "order", what: "events of several shards are handed over as one batch", file: "handover.go",
		old:   "\t\tif len(first.filled) != 1 {",
		new:   "\t\tif len(first.filled) == 0 {",
		tests: "TestOneShardIsHandedOver",
		plays: "TestSchedulesOfAKeyedStage",
	},
	{
		rule: "order", what: "a hand-over runs in another shard", file: "handover.go",
		old:   "h.n, h.i, h.shard, h.head = n, 0, b.shard,",
		new:   "h.n, h.i, h.shard, h.head = n, 0, 0,",
		tests: "TestOneShardIsHandedOver",
		plays: "TestSchedulesOfAKeyedStage",
	},
	{
		rule: "hand-over", what: "of a stage that the worker does not serve", file: "handover.go",
		old:   " || !w.mask.Has(s.id)",
		new:   "",
		tests: "TestWhatIsHandedOver",
	},
	{
		rule: "hand-over", what: "although there is a new plan", file: "handover.go",
		old:   " || w.e.plan.Load() != w.plan",
		new:   "",
		tests: "TestWhatIsHandedOver",
	},
	{
		rule: "hand-over", what: "after the end of the turn", file: "handover.go",
		old:   " || w.now >= w.turnEnd {",
		new:   " {",
		tests: "TestWhatIsHandedOver",
	},
	{
		rule: "hand-over", what: "without room for what the next stage emits", file: "handover.go",
		old:   "room < n || room < 2*n && ",
		new:   "room < 2*n && ",
		tests: "TestHandOverNeedsRoomAhead",
	},
	{
		rule: "hand-over", what: "back, round a cycle", file: "handover.go",
		old:   " || s.id >= ed.from.id",
		new:   "",
		tests: "TestNothingIsHandedBack",
	},
	{
		rule: "hand-over", what: "to a blocking stage", file: "handover.go",
		old:   " || s.blocking",
		new:   "",
		tests: "TestBlockingStageIsNotHandedOver",
		plays: "TestSchedulesOfABlockingStage",
	},
}
