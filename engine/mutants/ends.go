package main

// Conservation: nothing is lost, doubled or forgotten, and the end is the end.
var ends = []mutant{
	{
		rule: "conservation", what: "what a failed event emitted is not withdrawn", file: "outbox.go",
		old: `	b.items = b.items[:b.mark]
`,
		new:   "",
		tests: "TestFailureOfOneEvent",
	},
	{
		rule: "conservation", what: "an event fails twice", file: "failure.go",
		old: `		c.failed = slices.CompactFunc(c.failed, func(a, b failure) bool { return a.i == b.i })
`,
		new:   "",
		tests: "TestContextFail",
	},
	{
		rule: "conservation", what: "a batch that a handler left is not finished", file: "worker.go",
		old: `	if s := w.ctx.stage; s != nil {
		s.run.resume(w)
	}
`,
		new:   "",
		tests: "TestPanicAndGoexitInOne",
	},
	{
		rule: "conservation", what: "a worker that a handler ended is not replaced", file: "worker.go",
		old:   "\t\tgo w.main(nil) // a handler",
		new:   "\t\tw.e.running.Done() // a handler",
		tests: "TestPanicAndGoexitInOne",
	},
	{
		rule: "conservation", what: "a worker restarted where its CPU is gone ends", file: "worker.go",
		old:   "\t\tif err != nil && !w.restarted {",
		new:   "\t\tif err != nil {",
		tests: "TestRestartedWorkerGoesOnUnpinned",
	},
	{
		rule: "conservation", what: "drain does not look whether all sleep a second time", file: "drain.go",
		old: `	return e.allParked() && e.batches() == before
`,
		new: `	return e.batches() == before
`,
		tests: "TestDrainedLooksTwice",
	},
	{
		rule: "conservation", what: "drain does not look whether somebody ran", file: "drain.go",
		old: `	return e.allParked() && e.batches() == before
`,
		new: `	_ = before
	return e.allParked()
`,
		tests: "TestDrainedLooksTwice",
		plays: "TestSchedulesOfTheEnd",
	},
	{
		rule: "conservation", what: "drain does not wait for rings", file: "drain.go",
		old:   "waiting > 0 || s.run.awaited() > 0 {",
		new:   "waiting < 0 || s.run.awaited() > 0 {",
		tests: "TestDrainedLooksTwice",
		plays: "TestSchedulesOfTheEnd",
	},
	{
		rule: "conservation", what: "drain does not wait for blocking handlers", file: "drain.go",
		old:   "waiting > 0 || s.run.awaited() > 0 {",
		new:   "waiting > 0 {",
		tests: "TestDrainedWaitsForBlockingHandlers",
		plays: "TestSchedulesOfABlockingStage",
	},
	{
		rule: "conservation", what: "drain does not wait for pending timers", file: "drain.go",
		old:   "\t\t\tif ed.owedByAll()+ed.pending() > 0 {",
		new:   "\t\t\tif ed.owedByAll() > 0 {",
		tests: "TestDrainedWaitsForPendingEvents",
		plays: "TestSchedulesOfTheEnd",
	},
	{
		rule: "conservation", what: "drain is not told of sleep", file: "idle.go",
		old: `		w.e.tellDrain()
`,
		new: `		_ = w.e.quiet
`,
		tests: "TestDrainIsToldOfSleep",
		plays: "TestSchedulesOfSingleEvents",
	},
	{
		rule: "conservation", what: "what is thrown away at the end was never accepted", file: "drain.go",
		old:   "\te.Stats() // what",
		new:   "\t// what",
		tests: "TestCloseReportsWhatIsLeft",
	},
	{
		rule: "conservation", what: "one source starves the others", file: "mix.go",
		old:   "n, m.next[class] = n+got, k",
		new:   "n += got",
		tests: "TestSourcesTakeTurns",
	},
	{
		rule: "conservation", what: "sources that have events are passed by more often than others", file: "mix.go",
		old: `	k := m.next[class]
`,
		new: `	k := m.next[class]
	defer func(began int) { m.next[class] = (began + 1) % len(sources) }(k)
`,
		tests: "TestFewEventsOfManySources",
	},
	{
		rule: "conservation", what: "events are kept alive", file: "serve.go",
		old: `	if s.pointers {
		clear(h.batch[:h.n])
	}
`,
		new:   "",
		tests: "TestHandsForgetTheirEvents",
	},
	{
		rule: "conservation", what: "one lane stays open", file: "inlet.go",
		old: `	for i := range in.lanes {
		in.lanes[i].gate.Seal()
	}
`,
		new: `	in.lanes[0].gate.Seal()
`,
		tests: "TestSealClosesEveryLane",
	},
}
