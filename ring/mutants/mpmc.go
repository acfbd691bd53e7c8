package main

import "github.com/seda-go/seda/internal/mutants"

var mpmc = []mutants.Mutant{
	{
		Rule: "MPMC", What: "a batch is published before it is copied", File: "mpmc.go",
		Old: `	q.put(pos, items[:n])
	q.full.publish(pos, n, stamp)
`,
		New: `	q.full.publish(pos, n, stamp)
	q.put(pos, items[:n])
`,
		Tests: "TestStress/MPMC", Build: "race",
	},
	{
		Rule: "MPMC", What: "PushAll publishes before it copies", File: "mpmc.go",
		Old: `	q.put(pos, items)
	q.full.publish(pos, n, stamp)
`,
		New: `	q.full.publish(pos, n, stamp)
	q.put(pos, items)
`,
		Tests: "TestStress/MPMC", Build: "race",
	},
	{
		Rule: "MPMC", What: "a single event is published before it is written", File: "mpmc.go",
		Old: `	q.buf[pos&q.mask] = v
	q.full.publishSpan(pos, 1, stamp)
`,
		New: `	q.full.publishSpan(pos, 1, stamp)
	q.buf[pos&q.mask] = v
`,
		Tests: "TestStress/MPMC", Build: "race",
	},
	{
		Rule: "MPMC", What: "slots are freed before they are copied out", File: "mpmc.go",
		Old: `	q.take(pos, dst[:m])
	q.freeSpans(pos, m)
`,
		New: `	q.freeSpans(pos, m)
	q.take(pos, dst[:m])
`,
		Tests: "TestStress/MPMC", Build: "race",
	},
	{
		Rule: "MPMC", What: "a single slot is freed before it is read", File: "mpmc.go",
		Old: `	v = q.takeOne(pos)
	q.freeSpan(pos, 1)
`,
		New: `	q.freeSpan(pos, 1)
	v = q.takeOne(pos)
`,
		Tests: "TestStress/MPMC", Build: "race",
	},
	{
		Rule: "MPMC", What: "a merged run of free spans is one too long", File: "mpmc.go",
		Old: `			run += length
`,
		New: `			run += length + 1
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "free spans do not merge: a push gets what one pop freed", File: "mpmc.go",
		Old: `		for run < want {
			at`,
		New: `		for run == 0 {
			at`,
		Tests: "TestFragments/MPMC",
	},
	{
		Rule: "MPMC", What: "the remainder is lost at a partial push", File: "mpmc.go",
		Old: `q.tail.CompareAndSwap(w, word(pos+n, run-n))`, New: `q.tail.CompareAndSwap(w, word(pos+n, 0))`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "the remainder is lost at a partial pop", File: "mpmc.go",
		Old: `q.head.CompareAndSwap(w, word(pos+n, run-n))`, New: `q.head.CompareAndSwap(w, word(pos+n, 0))`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "a position is not wrapped to 55 bits", File: "mpmc.go",
		Old: `			at := (pos + run) & posMask
`,
		New: `			at := pos + run
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "slots are freed for the lap after the next", File: "mpmc.go",
		Old: `	next := (pos + q.full.mask + 1) & posMask
`,
		New: `	next := (pos + 2*(q.full.mask+1)) & posMask
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "slots are freed for the lap that ends", File: "mpmc.go",
		Old: `	next := (pos + q.full.mask + 1) & posMask
`,
		New: `	next := pos
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "all or nothing takes a part", File: "mpmc.go",
		Old: `q.claimFree(uint64(len(items)), uint64(len(items)))`, New: `q.claimFree(uint64(len(items)), 1)`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPMC", What: "a push does not look at the seal", File: "mpmc.go",
		Old: `		if w&sealBit != 0 {
`,
		New: `		if false {
`,
		Tests: "TestSeal",
	},
	{
		Rule: "MPMC", What: "the seal is stored, not or-ed", File: "mpmc.go",
		Old: `	q.tail.Or(sealBit)`, New: `	w := q.tail.Load(); window(); q.tail.Store(w | sealBit)`,
		Tests: "TestSchedules/MPMC", Build: "yield",
	},
	{
		Rule: "MPMC", What: "the tail is stored, not compared and swapped", File: "mpmc.go",
		Old: `		if q.tail.CompareAndSwap(w, word(pos+n, run-n)) {
`,
		New: `		if q.tail.Store(word(pos+n, run-n)); true {
`,
		Tests: "TestSchedules/MPMC", Build: "yield",
	},
	{
		Rule: "MPMC", What: "the head is stored, not compared and swapped", File: "mpmc.go",
		Old: `		if q.head.CompareAndSwap(w, word(pos+n, run-n)) {
`,
		New: `		if q.head.Store(word(pos+n, run-n)); true {
`,
		Tests: "TestSchedules/MPMC", Build: "yield",
	},
	{
		Rule: "MPMC", What: "a push gives up where another one got in between", File: "mpmc.go",
		Old: `			if q.tail.Load() != w {
				continue // somebody else pushed; what we saw was of no one time
			}
`,
		New:   ``,
		Tests: "TestOvertaken/MPMC", Build: "yield",
	},
	{
		Rule: "MPMC", What: "a pop gives up where another one got in between", File: "mpmc.go",
		Old: `			if q.head.Load() != w {
				continue // somebody else popped; what we saw was of no one time
			}
`,
		New:   ``,
		Tests: "TestOvertaken/MPMC", Build: "yield",
	},
	{
		Rule: "MPMC", What: "a long batch is freed from the front, and the rest is forgotten", File: "mpmc.go",
		Old: `	q.freeSpan(pos, n)
}

func (q *mpmcCursors) freeSpan(`,
		New: `	if n <= 200 {
		q.freeSpan(pos, n)
	}
}

func (q *mpmcCursors) freeSpan(`,
		Tests: "TestBatchesAroundMaxSpan",
	},
	{
		Rule: "MPMC", What: "Len reads the tail before the head", File: "mpmc.go",
		Old: `	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	tail := q.tail.Load()
`,
		New: `	tail := q.tail.Load()
	window()
	head := q.head.Load()
`,
		Tests: "TestSchedulesOfReaders/MPMC", Build: "yield",
	},
	{
		Rule: "release", What: "MPMC frees a span by a relaxed store", File: "mpmc.go",
		Old: `	release.Store(&q.free[pos&q.full.mask], header(next, n, q.full.spanMask))
`,
		New: `	release.Relaxed(&q.free[pos&q.full.mask], header(next, n, q.full.spanMask))
`,
		Model: "mpmc -DWEAK -DRELAXED_FREE",
	},
}
