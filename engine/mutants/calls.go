package main

// The line of waiting Submit calls, and Call.
var calls = []mutant{
	{
		rule: "line", what: "calls that wait are not sent home", file: "inlet.go",
		old: `		l.tell(0)
`,
		new: `		_ = l
`,
		tests: "TestSealClosesEveryLane",
		plays: "TestSchedulesOfTheEnd",
	},
	{
		rule: "line", what: "who leaves tells nobody", file: "line.go",
		old: `	if told || l.roomy() {
		l.tell(l.room())
	}
`,
		new: `	_ = told
`,
		tests: "TestLeavingTheLine",
		plays: "TestSchedulesOfWaitingSubmits",
	},
	{
		rule: "line", what: "who was told and leaves does not pass it on", file: "line.go",
		old:   "\tif told || l.roomy() {",
		new:   "\tif l.roomy() {",
		tests: "TestLeavingTheLine",
	},
	{
		rule: "line", what: "who leaves does not look for room", file: "line.go",
		old:   "\tif told || l.roomy() {",
		new:   "\tif told {",
		tests: "TestLeavingTheLine",
		plays: "TestSchedulesOfTheEnd",
	},
	{
		rule: "line", what: "of a closed inlet is like any other", file: "line.go",
		old: `	if l.sealed() {
		n = l.queue.Len()
	}
`,
		new:   "",
		tests: "TestSealedLine|TestSealClosesEveryLane",
		plays: "TestSchedulesOfTheEnd",
	},
	{
		rule: "line", what: "a worker that finds it locked is not seen at the last moment", file: "line.go",
		old: `		if !l.again.Load() || !l.mu.TryLock() {
			return
		}
`,
		new: `		return
`,
		tests: "TestWorkerFindsTheLineLockedAtTheLastMoment",
		plays: "TestSchedulesOfWaitingSubmits",
	},
	{
		rule: "line", what: "a worker that finds it locked is forgotten", file: "line.go",
		old: `		if l.again.Swap(false) {
			l.tell(l.room())
		}
`,
		new: `		l.again.Store(false)
`,
		tests: "TestWorkerFindsTheLineLocked",
		plays: "TestSchedulesOfWaitingSubmits",
	},
	{
		rule: "line", what: "who was told stands at the end of it next time", file: "line.go",
		old:   "l.queue.PushFront(w)",
		new:   "l.queue.PushBack(w)",
		tests: "TestLineIsBounded",
		plays: "TestSchedulesOfWaitingSubmits",
	},
	{
		rule: "line", what: "the first in it waits to be told", file: "line.go",
		old: `	w.first = l.queue.Front() == w.place
`,
		new: `	w.first = again
`,
		tests: "TestFirstInLineTriesAgain",
		plays: "TestSchedulesOfWaitingSubmits",
	},
	{
		rule: "line", what: "everybody in it tries", file: "line.go",
		old: `	w.first = l.queue.Front() == w.place
`,
		new: `	w.first = true
`,
		tests: "TestLineIsBounded",
	},
	{
		rule: "line", what: "it has no end", file: "line.go",
		old:   "!again && int(waiting) > l.most",
		new:   "!again && int(waiting) < 0",
		tests: "TestLineIsBounded",
	},
	{
		rule: "line", what: "Submit overtakes it", file: "inlet.go",
		old: `	if in.lines[shard].waiting.Load() == 0 {
		err = in.push(v, shard, n)`,
		new: `	{
		err = in.push(v, shard, n)`,
		tests: "TestSubmitDoesNotOvertake",
	},
	{
		rule: "line", what: "TrySubmit overtakes it", file: "inlet.go",
		old: `	if in.lines[shard].waiting.Load() == 0 {
		err = in.push(v, shard, noNote)`,
		new: `	{
		err = in.push(v, shard, noNote)`,
		tests: "TestSubmitDoesNotOvertake",
	},
	{
		rule: "line", what: "TrySubmitBatch overtakes it", file: "inlet.go",
		old: `	if len(in.lines) == 1 && in.lines[0].waiting.Load() > 0 {
		return 0, nil
	}
`,
		new:   "",
		tests: "TestSubmitDoesNotOvertake",
	},
	{
		rule: "call", what: "a slot is used again while its wake-up is on the way", file: "call.go",
		old: `	return k.value, k.err, true
}`,
		new: `	v, err = k.value, k.err
	p.put(k, gen)
	return v, err, true
}`,
		tests: "TestAnsweredSlotIsNotReused",
		plays: "TestSchedulesOfCalls",
	},
	{
		rule: "call", what: "a slot is used again in the same generation", file: "call.go",
		old:   "callState(gen+1, open)) // a late",
		new:   "callState(gen, open)) // a late",
		tests: "TestSlotsHaveGenerations",
		plays: "TestSchedulesOfCalls",
	},
	{
		rule: "call", what: "a slot that a caller left stays in its generation", file: "call.go",
		old:   "k.state.CompareAndSwap(callState(gen, open), callState(gen+1, open))",
		new:   "k.state.CompareAndSwap(callState(gen, open), callState(gen, open))",
		tests: "TestSlotsHaveGenerations",
		plays: "TestSchedulesOfCalls",
	},
	{
		rule: "call", what: "a second answer counts", file: "call.go",
		old: `	return k.state.CompareAndSwap(callState(gen, open), callState(gen, writing))
`,
		new: `	return k.state.Load()>>phaseBits == gen
`,
		tests: "TestSlotsHaveGenerations",
		plays: "TestSchedulesOfCalls",
	},
	{
		rule: "call", what: "nobody answers at the end", file: "call.go",
		old: `			Reply[R]{k, k.state.Load() >> phaseBits}.Lost(err)
`,
		new: `			_ = k
`,
		tests: "TestCallWithoutReply",
	},
	{
		rule: "call", what: "a dropped event is not answered", file: "flush.go",
		old: `			lose(&rest[i], fmt.Errorf("edge %s: %w", ed.name(), ErrDropped))
`,
		new: `			_ = fmt.Errorf("edge %s, event %d: %w", ed.name(), i, ErrDropped)
`,
		tests: "TestFailureEdgeOverflow",
	},
	{
		rule: "call", what: "a swept event is not answered", file: "stage.go",
		old: `				lose(&h.batch[i], err)
`,
		new: `				_, _ = i, err
`,
		tests: "TestSubmitAllClose",
	},
	{
		rule: "call", what: "an event that is owed at the end is not answered", file: "outbox.go",
		old: `			lose(&b.items[k], err)
`,
		new: `			_ = err
`,
		tests: "TestSubmitAllClose",
	},
	{
		rule: "call", what: "an event that is pending at the end is not answered", file: "after.go",
		old: `		lose(&l.ripe[i], err)
`,
		new: `		_ = err
`,
		tests: "TestCloseTellsWhatIsPending",
	},
}
