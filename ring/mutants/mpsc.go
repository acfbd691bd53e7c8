package main

import "github.com/seda-go/seda/internal/mutants"

var mpsc = []mutants.Mutant{
	{
		Rule: "MPSC", What: "a batch is published before it is copied", File: "mpsc.go",
		Old: `	q.put(pos, items[:n])
	q.full.publish(pos, n, stamp)
`,
		New: `	q.full.publish(pos, n, stamp)
	q.put(pos, items[:n])
`,
		Tests: "TestStress/MPSC", Build: "race",
	},
	{
		Rule: "MPSC", What: "slots are freed before they are copied out", File: "mpsc.go",
		Old: `	q.take(pos, dst[:m])
	release.Store(&q.head, word(pos+m, run-m)) // pairs with the load in claim
`,
		New: `	release.Store(&q.head, word(pos+m, run-m)) // pairs with the load in claim
	q.take(pos, dst[:m])
`,
		Tests: "TestStress/MPSC", Build: "race",
	},
	{
		Rule: "MPSC", What: "a slot more is freed than was popped", File: "mpsc.go",
		Old: `	release.Store(&q.head, word(pos+1, run-1))`, New: `	release.Store(&q.head, word(pos+2, run-1))`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPSC", What: "the remainder is lost at a partial pop", File: "mpsc.go",
		Old: `word(pos+m, run-m)`, New: `word(pos+m, 0)`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPSC", What: "all or nothing takes a part", File: "mpsc.go",
		Old: `q.claim(uint64(len(items)), uint64(len(items)))`, New: `q.claim(uint64(len(items)), 1)`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPSC", What: "a push does not look at the seal", File: "mpsc.go",
		Old: `		if w&sealBit != 0 {
`,
		New: `		if false {
`,
		Tests: "TestSeal",
	},
	{
		Rule: "MPSC", What: "the seal is stored, not or-ed", File: "mpsc.go",
		Old: `	q.tail.Or(sealBit)`, New: `	w := q.tail.Load(); window(); q.tail.Store(w | sealBit)`,
		Tests: "TestSchedules/MPSC", Build: "yield",
	},
	{
		Rule: "MPSC", What: "the tail is stored, not compared and swapped", File: "mpsc.go",
		Old: `		if q.tail.CompareAndSwap(w, word(pos+n, 0)) {
`,
		New: `		if q.tail.Store(word(pos+n, 0)); true {
`,
		Tests: "TestSchedules/MPSC", Build: "yield",
	},
	{
		Rule: "MPSC", What: "the limit is one slot too far", File: "mpsc.go",
		Old: `			limit := (q.head.Load()>>posShift + capacity) & posMask
`,
		New: `			limit := (q.head.Load()>>posShift + capacity + 1) & posMask
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPSC", What: "the limit is not wrapped to 55 bits", File: "mpsc.go",
		Old: `			room = (limit - pos) & posMask
`,
		New: `			room = limit - pos
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPSC", What: "a limit behind the tail is taken for room", File: "mpsc.go",
		Old: `		if room < want || room > capacity { // more than capacity: limit is behind pos
`,
		New: `		if room > capacity {
			room = capacity
		}
		if room < want {
`,
		Tests: "TestSchedules/MPSC", Build: "yield",
	},
	{
		Rule: "MPSC", What: "a push that falls short does not look at the head again", File: "mpsc.go",
		Old: `		if room < want || room > capacity { // more than capacity: limit is behind pos
`,
		New: `		if room == 0 || room > capacity {
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "MPSC", What: "a push gives up where another one got in between", File: "mpsc.go",
		Old: `			if q.tail.Load() != w {
				continue // somebody else pushed; what we saw was of no one time
			}
`,
		New:   ``,
		Tests: "TestOvertaken/MPSC", Build: "yield",
	},
	{
		Rule: "MPSC", What: "Len reads the tail before the head", File: "mpsc.go",
		Old: `	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	tail := q.tail.Load()
`,
		New: `	tail := q.tail.Load()
	window()
	head := q.head.Load()
`,
		Tests: "TestSchedulesOfReaders/MPSC", Build: "yield",
	},
	{
		Rule: "release", What: "MPSC frees slots by a relaxed store", File: "mpsc.go",
		Old: `	release.Store(&q.head, word(pos+m, run-m)) // pairs with the load in claim
`,
		New: `	release.Relaxed(&q.head, word(pos+m, run-m))
`,
		Model: "mpsc -DWEAK -DRELAXED_HEAD -DEVENTS=5",
	},
}
