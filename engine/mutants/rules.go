package main

// The rules of debts, tokens and cycles.
var rules = []mutant{
	{
		rule: "rule a", what: "a batch is begun whatever room there is", file: "outbox.go",
		old: `	return min(batch, max(b.credit, 0)/ed.MaxOut)
`,
		new: `	return batch
`,
		tests: "TestPushedEventsCountAgainstTheRoom",
	},
	{
		rule: "rule a", what: "MaxOut does not bound the batch", file: "outbox.go",
		old: `	return min(batch, max(b.credit, 0)/ed.MaxOut)
`,
		new: `	return min(batch, max(b.credit, 0))
`,
		tests: "TestMaxOutBoundsTheBatch",
	},
	{
		rule: "rule a", what: "what a worker pushed does not count against the room it saw", file: "flush.go",
		old: `	b.credit -= n
`,
		new:   "",
		tests: "TestPushedEventsCountAgainstTheRoom",
	},
	{
		rule: "rule a", what: "a debt leaves the credit as it was", file: "flush.go",
		old: `		b.credit = 0 // it was wrong
`,
		new: `		_ = 0 // it was wrong
`,
		tests: "TestADebtEndsTheCredit",
	},
	{
		rule: "rule a", what: "a Fail edge goes by the room of long ago", file: "outbox.go",
		old: `		b.room = ed.source(b).free()
		return batch
`,
		new: `		b.room = b.credit
		return batch
`,
		tests: "TestFailEdgeLooksAtTheRing",
	},
	{
		rule: "rule a", what: "a stage runs although its outputs have no room", file: "outbox.go",
		old:   "\treturn !ed.blocks() || ed.parts > 1 ||",
		new:   "\treturn true || !ed.blocks() || ed.parts > 1 ||",
		tests: "TestSleeperAsksForRoom",
	},
	{
		rule: "rule a", what: "no limit to what an event emits", file: "outbox.go",
		old: `	b.limit = min(b.mark+runaway*maxOut*c.scope, b.room)
`,
		new: `	b.limit = b.room
`,
		tests: "TestRunaway",
	},
	{
		rule: "rule a", what: "MaxOut beyond the capacity is accepted", file: "check.go",
		old:   "\tif maxOut < 1 || maxOut > c.target.capacity {",
		new:   "\tif maxOut < 1 {",
		tests: "TestStartNamesWhatIsWrong",
	},
	{
		rule: "rule b", what: "a busy worker does not pay", file: "worker.go",
		old: `	if w.owing() {
		w.payDebts()
	}
	if w.timers`,
		new:   "\tif w.timers",
		tests: "TestABusyWorkerPaysItsDebts",
	},
	{
		rule: "rule b", what: "a debt is not published", file: "flush.go",
		old:   "\tif uint64(rest) != first.owed.Load() {",
		new:   "\tif uint64(rest) < first.owed.Load() {",
		tests: "TestTokenStaysWithTheDebtor",
	},
	{
		rule: "rule b", what: "a paid debt is not published", file: "flush.go",
		old:   "\tif uint64(rest) != first.owed.Load() {",
		new:   "\tif uint64(rest) > first.owed.Load() {",
		tests: "TestDebtorAsksForRoom",
	},
	{
		rule: "rule b", what: "drain does not wait for debts", file: "drain.go",
		old:   "\t\t\tif ed.owedByAll()+ed.pending() > 0 {",
		new:   "\t\t\tif ed.pending() > 0 {",
		tests: "TestDrainedLooksTwice",
	},
	{
		rule: "rule b", what: "debts are not reported as left", file: "drain.go",
		old: `			waiting += ed.owedByAll() + ed.pending()
`,
		new: `			waiting += ed.pending()
`,
		tests: "TestCloseReportsWhatIsLeft",
	},
	{
		rule: "rule b", what: "a stage runs while its worker owes for it", file: "outbox.go",
		old: `	if len(b.items) > 0 {
		return 0
	}
`,
		new:   "",
		tests: "TestADebtIsPaidFirst",
		plays: "TestSchedulesOfAFullRing",
	},
	{
		rule: "rule d", what: "a token is taken from its owner", file: "shard.go",
		old: `	return t.owner.CompareAndSwap(nobody, int32(worker)+1)
`,
		new: `	t.owner.Store(int32(worker) + 1)
	return true
`,
		tests: "TestTokenStaysWithTheDebtor",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "rule d", what: "a token is taken without compare-and-swap", file: "shard.go",
		old: `	return t.owner.CompareAndSwap(nobody, int32(worker)+1)
`,
		new: `	if t.taken() {
		return false
	}
	yield.Point()
	t.owner.Store(int32(worker) + 1)
	return true
`,
		model: "serial -DTAKE_WITHOUT_CAS",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "rule d", what: "a token is given up with a debt", file: "serve.go",
		old:   "\tif s.guarded && (len(w.debts) == 0 || !s.owes(w.id)) {",
		new:   "\tif s.guarded {",
		tests: "TestTokenStaysWithTheDebtor",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "rule d", what: "a debtor keeps its token", file: "worker.go",
		old: `			w.giveUp(s, d.hand)
`,
		new: `			_ = s
`,
		tests: "TestTokenStaysWithTheDebtor",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "rule d", what: "a stage without a worker", file: "../sched/plan.go",
		old:   "\t\tif !served.Has(s) {",
		new:   "\t\tif false {",
		tests: "TestPlanRefused",
	},
	{
		rule: "rule d", what: "a shard is run by who does not have its token", file: "serve.go",
		old: `	if s.guarded && !s.grab(hand, h) {
		return false
	}
`,
		new: `	if s.guarded {
		s.grab(hand, h)
	}
`,
		tests: "TestTokenStaysWithTheDebtor",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "rule e", what: "a cycle of blocking edges is accepted", file: "graph.go",
		old: `			case onPath:
				return cycleError(path, t)
`,
		new: `			case onPath:
`,
		tests: "TestStartNamesWhatIsWrong",
	},
	{
		rule: "rule e", what: "a Fail edge on a cycle owes", file: "flush.go",
		old:   "\tdrops := ed.Full == Drop || ed.Full == Fail && ed.cyclic",
		new:   "\tdrops := ed.Full == Drop",
		tests: "TestFailEdgesThatShareARing",
	},
	{
		rule: "rule e", what: "no edge is on a cycle", file: "outbox.go",
		old: `	ed.cyclic = ed.target.reaches(ed.from, map[*stageCore]bool{})
`,
		new:   "",
		tests: "TestFailEdgesThatShareARing",
	},
	{
		rule: "plan", what: "the cap of a batch does not hold in a ring", file: "serve.go",
		old:   "\tlimit := int(s.most.Load())\n",
		new:   "\tlimit := s.maxBatch\n",
		tests: "TestBatchCap",
	},
	{
		rule: "plan", what: "nor for what is handed over directly", file: "handover.go",
		old:   "n > int(s.most.Load())",
		new:   "n > s.maxBatch",
		tests: "TestBatchCap",
	},
	{
		rule: "admission", what: "gates that are shut stay so, for the loop sleeps", file: "admission.go",
		old:   "\tin.stage.e.controller.stir()\n",
		new:   "",
		tests: "TestGatesShutAndOpen",
	},
	{
		rule: "admission", what: "a new limit begins with a full bucket", file: "admission.go",
		old:   "\tif a == nil || a.every == 0 {\n\t\treturn 0\n",
		new:   "\tif a == nil || a.every == 0 {\n\t\treturn 1e9\n",
		tests: "TestRate",
	},
	{
		rule: "admission", what: "what waits already may wait for ever", file: "note.go",
		old:   "\t\tmost = min(most, a.age)\n",
		new:   "",
		tests: "TestAgeLimit",
	},
	{
		rule: "admission", what: "what did not fit is taken off the rate", file: "admission.go",
		old:   "\t\ta.due.Add(-int64(n) * a.every)\n",
		new:   "",
		tests: "TestRate|TestRefusalByLimit",
	},
	{
		rule: "plan", what: "an impossible plan is put in place", file: "control.go",
		old:   "\t\treturn d.Plan.Check(y)\n",
		new:   "\t\treturn nil\n",
		tests: "TestPolicyDecidesTheImpossible",
	},
	{
		rule: "ledger", what: "two sleeps are taken for one", file: "ledger.go",
		old:   "\treturn parks + 1\n",
		new:   "\t_ = parks\n\treturn 1\n",
		tests: "TestNaps",
	},
	{
		rule: "ledger", what: "a sleeper is left out that has counted since the last reading", file: "ledger.go",
		old:   "\t\tif nap > 0 && nap == n[i] {",
		new:   "\t\tif nap > 0 {",
		tests: "TestNaps|TestSamplerLeavesOutSleepers",
	},
	{
		rule: "probes", what: "a counter falls", file: "probed.go",
		old:   "\t\t*n.to = max(*n.to, n.base+n.value)\n",
		new:   "\t\t*n.to = n.base + n.value\n",
		tests: "TestProbesWhoseCountersFall",
	},
	{
		rule: "probes", what: "nobody asks whether there is room for all stages", file: "probed.go",
		old:   "p.staged && !t.AddStage(",
		new:   "p.staged && false && !t.AddStage(",
		tests: "TestProbesWithoutRoomForAllStages",
	},
	{
		rule: "probes", what: "a line for each window in which a worker lost much", file: "foreign.go",
		old:   "now.Sub(f.told) < foreignLine",
		new:   "false",
		tests: "TestForeignLinesAreRare",
	},
}
