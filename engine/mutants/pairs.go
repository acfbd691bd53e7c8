package main

// The pairs of wake.go.
var pairs = []mutant{
	{
		rule: "pair 1", what: "no fence between Submit's push and its look at sleepers", file: "inlet.go",
		old: `	if pushed {
		release.Fence()
`,
		new: `	if pushed {
`,
		model: "wake -DPUBLISH_WITHOUT_FENCE",
	},
	{
		rule: "pair 1", what: "no fence between TrySubmitBatch's push and its look", file: "inlet.go",
		old: `	if n > 0 {
		release.Fence()
`,
		new: `	if n > 0 {
`,
		model: "wake -DPUBLISH_WITHOUT_FENCE",
	},
	{
		rule: "pair 1", what: "no fence at the end of a turn", file: "worker.go",
		old: `func (w *worker) end() {
	release.Fence()
`,
		new: `func (w *worker) end() {
`,
		model: "debt -DEND_WITHOUT_FENCE",
	},
	{
		rule: "pair 1", what: "no fence before a hand-over", file: "worker.go",
		old: `			release.Fence()
			w.signalTouched()
		}
		next`,
		new: `			w.signalTouched()
		}
		next`,
		model: "debt -DEND_WITHOUT_FENCE",
	},
	{
		rule: "pair 1", what: "a publisher does not set the ready bit", file: "wake.go",
		old: `		e.ready.set(s.id)
	}
	if !e.parked`,
		new: `	}
	if !e.parked`,
		tests: "TestASleeperIsClaimedOnce",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 1", what: "a publisher wakes nobody", file: "wake.go",
		old: `	}
	e.wakeFor(s, now)
}`,
		new: `	}
}`,
		tests: "TestASleeperIsClaimedOnce",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 1", what: "the end of a turn tells nobody of events", file: "worker.go",
		old: `	release.Fence()
	w.signalTouched()
	w.turnOf`,
		new: `	w.touched = w.touched[:0]
	w.turnOf`,
		tests: "TestEdgesSetShardBits",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "pair 1", what: "others are not told before a hand-over", file: "worker.go",
		old: `			release.Fence()
			w.signalTouched()
		}
		next`,
		new: `		}
		next`,
		tests: "TestOthersAreToldBeforeTheHandOver",
		plays: "TestSchedulesOfALongHandler",
	},
	{
		rule: "pair 1", what: "sleep is announced after the last look", file: "idle.go",
		old: `	w.e.parked.set(w.id)
	if most = w.untilAlarm(); most <= 0 || !w.mayPark() {
		return 0
	}
`,
		new: `	if most = w.untilAlarm(); most <= 0 || !w.mayPark() {
		return 0
	}
	w.e.parked.set(w.id)
`,
		tests: "TestSleepIsAnnouncedBeforeTheLastLook",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 1", what: "no look at the ready stages before sleep", file: "idle.go",
		old: `		if w.couldRun(w.e.stages[i]) {
			return false
		}
`,
		new: `		_ = i
`,
		tests: "TestSleepIsAnnouncedBeforeTheLastLook",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 1", what: "the announcement is not taken back", file: "idle.go",
		old:   "\t\tw.e.parked.clear(w.id) // if one",
		new:   "\t\t_ = w.id // if one",
		tests: "TestSleepIsAnnouncedBeforeTheLastLook",
		plays: "TestSchedulesOfAMeeting",
	},
	{
		rule: "pair 1", what: "a sleeper is woken without being claimed", file: "wake.go",
		old:   "\tif !e.parked.clear(i) {",
		new:   "\tif !e.parked.has(i) {",
		tests: "TestASleeperIsClaimedOnce",
	},
	{
		rule: "pair 1", what: "a permit that comes before the sleep is lost", file: "park.go",
		old: `	if p.permit.Swap(1) == 0 {
`,
		new: `	if p.permit.Load() == 0 {
`,
		tests: "TestSleeperIgnoresWakeUpsWithoutPermit",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 1", what: "a sleeper that the kernel wakes for nothing leaves", file: "park.go",
		old: `		for !p.permit.CompareAndSwap(1, 0) {
			futexWait(&p.permit, 0, noLimit)
		}`,
		new: `		if !p.permit.CompareAndSwap(1, 0) {
			futexWait(&p.permit, 0, noLimit)
		}`,
		tests: "TestSleeperIgnoresWakeUpsWithoutPermit",
	},
	{
		rule: "pair 2", what: "a ready bit is cleared without another look", file: "wake.go",
		old: `	e.ready.clear(s.id)
	if s.run.pending() {
		e.ready.set(s.id)
	}
`,
		new: `	e.ready.clear(s.id)
`,
		tests: "TestCleanLooksAgain",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 2", what: "a shard's bit is cleared without another look", file: "serve.go",
		old: `	if s.shards[shard].pending() {
		s.active.set(shard)
`,
		new: `	if false {
		s.active.set(shard)
`,
		tests: "TestShardBitsAreSetAgain",
		plays: "TestSchedulesOfAKeyedStage",
	},
	{
		rule: "pair 2", what: "a shard's bit comes back without the stage's", file: "serve.go",
		old: `			s.e.ready.set(s.id)
`,
		new: `			_ = s.id
`,
		tests: "TestShardBitsAreSetAgain",
	},
	{
		rule: "pair 2", what: "Submit does not set the shard's bit", file: "inlet.go",
		old: `			s.active.set(shard)
		}
		s.e.signal`,
		new: `		}
		s.e.signal`,
		tests: "TestShardBitsAreSetAgain",
		plays: "TestSchedulesOfAKeyedStage",
	},
	{
		rule: "pair 2", what: "an edge does not set the shards' bits", file: "worker.go",
		old: `			s.activate(&s.fed[w.id].shards)
`,
		new: `			_ = s.fed
`,
		tests: "TestEdgesSetShardBits",
		plays: "TestSchedulesOfAKeyedStage",
	},
	{
		rule: "pair 3", what: "any worker that is awake is taken for a searcher", file: "wake.go",
		old:   "\t\tif e.workers[i].willLook(now) && !s.owes(i) {",
		new:   "\t\tif !s.owes(i) {",
		tests: "TestWhoIsLeftAlone",
		plays: "TestSchedulesOfAMeeting",
	},
	{
		rule: "pair 3", what: "a searcher is not relied on", file: "wake.go",
		old:   "\t\tif e.workers[i].willLook(now) && !s.owes(i) {",
		new:   "\t\tif e.workers[i].state.Load() > asleep && !s.owes(i) {",
		tests: "TestWhoIsLeftAlone",
	},
	{
		rule: "pair 3", what: "an event is left to a searcher that owes", file: "wake.go",
		old:   ".willLook(now) && !s.owes(i) {",
		new:   ".willLook(now) {",
		tests: "TestDebtorsAreNotWokenForWhatTheyCannotRun",
	},
	{
		rule: "pair 3", what: "a sleeper that owes is woken", file: "wake.go",
		old: `	for first >= 0 && s.owes(first) {
		first = sleepers.Next(first + 1)
	}
`,
		new:   "",
		tests: "TestDebtorsAreNotWokenForWhatTheyCannotRun",
	},
	{
		rule: "pair 3", what: "a worker in a handler says that it searches", file: "worker.go",
		old:   "\t\tw.state.Store(running) // with",
		new:   "\t\t_ = running // with",
		tests: "TestARunningWorkerIsNotReliedOn",
		plays: "TestSchedulesOfAMeeting",
	},
	{
		rule: "pair 3", what: "running is stored without a fence", file: "worker.go",
		old:   "\t\tw.state.Store(running) // with",
		new:   "\t\trelease.Store(&w.state, running) // with",
		model: "wake -DSTATE_WITHOUT_FENCE",
	},
	{
		rule: "pair 3", what: "nobody is woken for what a searcher leaves", file: "worker.go",
		old: `	if (!w.brisk || !w.whole) && w.e.parked.any() {
		w.e.spread(w.now)
	}
`,
		new:   "",
		tests: "TestWhatASearcherLeavesIsSpread",
		plays: "TestSchedulesOfAMeeting",
	},
	{
		rule: "pair 3", what: "of what a searcher leaves only the first stage is seen to", file: "wake.go",
		old: `			e.wakeFor(s, now)
		}
`,
		new: `			e.wakeFor(s, now)
			return
		}
`,
		tests: "TestWhatASearcherLeavesIsSpread",
	},
	{
		rule: "left alone", what: "a batch that takes long is trusted for ever", file: "worker.go",
		old:   "patience > 0 && h != 0 && h.since(now) <= time.Duration(patience)",
		new:   "patience > 0 && h != 0",
		tests: "TestSleeperIsLeftAlone|TestWatchRescues",
	},
	{
		rule: "left alone", what: "a worker is trusted however long its turns are", file: "idle.go",
		old:   "return d.turn/forget < d.patience()/2",
		new:   "return d.wake > 0",
		tests: "TestTurnsBesideWakeUps",
	},
	{
		rule: "left alone", what: "nobody is woken for what has waited", file: "worker.go",
		old:   "\tif w.brisk && w.now.Sub(head) > standing*w.idler.patience() {",
		new:   "\tif w.brisk && w.now.Sub(head) > never.Sub(0) {",
		tests: "TestBriskWorkerSharesWhatWaits",
	},
	{
		rule: "left alone", what: "a worker is trusted by what a wake-up took when its turns became short", file: "idle.go",
		old:   "\t\tw.beBrisk(w.brisk)\n",
		new:   "",
		tests: "TestPatienceFollowsWakeUps",
	},
	{
		rule: "left alone", what: "patience has no end", file: "idle.go",
		old:   "return min(d.wake, rescueEvery)",
		new:   "return d.wake",
		tests: "TestPatienceHasAnEnd",
	},
	{
		rule: "left alone", what: "a worker that owes is trusted", file: "worker.go",
		old:   " && len(w.debts) == 0\n",
		new:   "\n",
		tests: "TestBriskWorkerThatOwesLeavesNothingBehind",
	},
	{
		rule: "left alone", what: "nobody is woken for what was left to a worker that owes", file: "worker.go",
		old:   "\tif len(w.debts) > 0 {\n\t\tw.e.spread(w.now)",
		new:   "\tif false {\n\t\tw.e.spread(w.now)",
		tests: "TestBriskWorkerThatOwesLeavesNothingBehind",
	},
	{
		rule: "left alone", what: "nobody is told of room for what the worker does not serve", file: "worker.go",
		old:   "\tif (!w.brisk || !w.whole) && ",
		new:   "\tif !w.brisk && ",
		tests: "TestBriskWorkerTellsOfRoomItMakes",
	},
	{
		rule: "left alone", what: "the watch does not look for what is left to a batch that takes long", file: "watch.go",
		old:   "\t\tv.rescue(now)\n",
		new:   "",
		tests: "TestWatchRescuesUnasked",
	},
	{
		rule: "left alone", what: "a worker that makes a periodic event says that it searches", file: "every.go",
		old:   "\tw.state.Store(running) // with",
		new:   "\t_ = running // with",
		tests: "TestPeriodicEventsThatTakeLong",
	},
	{
		rule: "left alone", what: "a worker that makes a periodic event leaves what it was left", file: "every.go",
		old:   "\t\tw.e.spread(w.now)\n",
		new:   "",
		tests: "TestPeriodicEventsThatTakeLong",
	},
	{
		rule: "left alone", what: "two that search both leave it to the other", file: "idle.go",
		old:   " || i > w.id && v.state.Load() != running",
		new:   "",
		tests: "TestCovered",
	},
	{
		rule: "pair 4", what: "a new plan wakes nobody", file: "plan.go",
		old: `	e.wakeAll(e.parked.load(), e.now())
`,
		new:   "",
		tests: "TestPlanReachesSleepers",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 4", what: "no look at the plan before sleep", file: "idle.go",
		old: `	if w.e.plan.Load() != w.plan {
		return false
	}
	for _, d`,
		new:   "\tfor _, d",
		tests: "TestPlanReachesSleepers",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "pair 4", what: "who loses a stage does not look at it", file: "worker.go",
		old: `		if s := w.e.stages[i]; s.run.pending() {
			w.e.wakeFor(s, w.now)
		}
`,
		new: `		_ = i
`,
		tests: "TestWhoLosesAStageLooksALastTime",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "pair 4", what: "a plan is in force though a worker acts on the one before", file: "plan.go",
		old:   "\t\tif w.epoch.Load() != p.Epoch && !e.parked.has(i) {",
		new:   "\t\tif w.epoch.Load() > p.Epoch && !e.parked.has(i) {",
		tests: "TestPlanInForce",
	},
	{
		rule: "pair 4", what: "two plans in transition", file: "plan.go",
		old: `	case !e.inForce(now):
`,
		new: `	case false:
`,
		tests: "TestPlanInTransition",
	},
	{
		rule: "pair 5, rule c", what: "a worker whose stage is held up does not ask for room", file: "idle.go",
		old: `		ed.await(w, w.id)
		if`,
		new:   "\t\tif",
		tests: "TestSleeperAsksForRoom",
	},
	{
		rule: "pair 5, rule c", what: "it does not look again after asking", file: "idle.go",
		old: `		ed.await(w, w.id)
		if !ed.admits() {
			return false
		}
`,
		new: `		ed.await(w, w.id)
		return false
`,
		tests: "TestSleeperLooksForRoomAgain",
	},
	{
		rule: "pair 5, rule c", what: "a debtor does not ask for room", file: "idle.go",
		old: `		d.ed.await(w, d.hand)
`,
		new: `		_ = d
`,
		tests: "TestDebtorAsksForRoom",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "pair 5, rule c", what: "a debtor does not try again before it sleeps", file: "idle.go",
		old: `	if w.owing() && w.payDebts() {
		return false
	}
`,
		new:   "",
		tests: "TestDebtorAsksForRoom",
		plays: "TestSchedulesOfASerialStage",
	},
	{
		rule: "pair 5, rule c", what: "room is told early only", file: "worker.go",
		old: `	w.signalTouched()
	w.turnOf.relieve(w.shard, w.now)
`,
		new: `	w.signalTouched()
`,
		tests: "TestRoomIsToldAtTheEndOfTheTurn",
	},
	{
		rule: "pair 5, rule c", what: "room is told late only", file: "worker.go",
		old:   "\ts.relieve(shard, w.now) // early",
		new:   "\t// early",
		tests: "TestDebtorAsksForRoom",
	},
	{
		rule: "pair 5, rule c", what: "who was told of room stays in the list", file: "serve.go",
		old:   "s.waiting[c].take(), now",
		new:   "s.waiting[c].load(), now",
		tests: "TestSleeperAsksForRoom",
	},
	{
		rule: "pair 5, rule c", what: "a debtor stays awake for a stage it cannot run", file: "idle.go",
		old: `		if !s.blocking && ed.owed(w.id) > 0 {
			return false // a debt, asked for above
		}
`,
		new:   "",
		tests: "TestWhatAWorkerCannotRun",
	},
	{
		rule: "pair 6", what: "a worker stays awake for a stage that another one runs", file: "stage.go",
		old:   "\t\tif (!s.guarded || !s.tokens[i].taken()) && s.mayHave(i)",
		new:   "\t\tif s.mayHave(i)",
		tests: "TestWhatAWorkerCannotRun|TestATakenShardHidesNoOther",
	},
	{
		rule: "pair 6", what: "a sleeper is woken for a stage that another worker runs", file: "wake.go",
		old:   "\t\treturn // pair (6)\n",
		new:   "",
		tests: "TestOwnerLooksAfterItsStage",
	},
	{
		rule: "pair 6", what: "a stage is given up and nobody is woken for it", file: "worker.go",
		old: `	if !w.mask.Has(s.id) && s.run.pending() {
		w.e.wakeFor(s, w.now)
	}
`,
		new:   "",
		tests: "TestDebtorGivesUpAStageItLost",
		plays: "TestSchedulesOfAStageThatMoves",
	},
	{
		rule: "pair 7", what: "a batch more may be in the handler, and nobody is woken for it", file: "blocking.go",
		old: `	if s.run.runnable() {
		s.e.wakeFor(s, now)
	}
`,
		new:   "\t_ = now\n",
		tests: "TestThreadCap",
		plays: "TestSchedulesOfMoreSlots",
	},
}
