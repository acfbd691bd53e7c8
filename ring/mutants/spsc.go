package main

import "github.com/seda-go/seda/internal/mutants"

var spsc = []mutants.Mutant{
	{
		Rule: "SPSC", What: "a batch is published before it is copied", File: "spsc.go",
		Old: `	q.put(tail, items[:n])
	q.publish(tail+n, stamp)
`,
		New: `	q.publish(tail+n, stamp)
	q.put(tail, items[:n])
`,
		Tests: "TestStress/SPSC", Build: "race",
	},
	{
		Rule: "SPSC", What: "a single event is published before it is written", File: "spsc.go",
		Old: `	q.buf[tail&q.mask] = v
	q.publish(tail+1, stamp)
`,
		New: `	q.publish(tail+1, stamp)
	q.buf[tail&q.mask] = v
`,
		Tests: "TestStress/SPSC", Build: "race",
	},
	{
		Rule: "SPSC", What: "slots are freed before they are copied out", File: "spsc.go",
		Old: `	q.take(head, dst[:m])
	release.Store(&q.head, head+m) // pairs with the loads in room and HeadTime
`,
		New: `	release.Store(&q.head, head+m) // pairs with the loads in room and HeadTime
	q.take(head, dst[:m])
`,
		Tests: "TestStress/SPSC", Build: "race",
	},
	{
		Rule: "SPSC", What: "there is room for one more", File: "spsc.go",
		Old: `q.head.Load() + q.mask + 1
`,
		New: `q.head.Load() + q.mask + 2
`,
		Tests: "TestFull",
	},
	{
		Rule: "SPSC", What: "all or nothing takes a part", File: "spsc.go",
		Old: `	if q.room(tail, n) < n {
`,
		New: `	if q.room(tail, n) == 0 {
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "a span of an earlier lap is taken for a new one", File: "spsc.go",
		Old: `int64(end-head) <= 0 || want == 0`, New: `end == head || want == 0`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "the span behind one is believed whatever its lap", File: "spsc.go",
		Old: `		if int64(next-end) <= 0 {`, New: `		if next == end {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "the end of a span does not end it", File: "spsc.go",
		Old: `	if end-head == n {
		k++
	}
`,
		New:   ``,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "the stamp is written after the end", File: "spsc.go",
		Old: `	release.Relaxed(&s.stamp, uint64(stamp))
	release.Relaxed(&q.tail, tail) // before end: head never passes a tail that others see
	window()
`,
		New: `	release.Relaxed(&q.tail, tail)
	window()
	defer release.Relaxed(&s.stamp, uint64(stamp))
`,
		Tests: "TestSchedules/SPSC", Build: "yield",
	},
	{
		Rule: "SPSC", What: "the tail is written after the end", File: "spsc.go",
		Old: `	release.Relaxed(&q.tail, tail) // before end: head never passes a tail that others see
`,
		New: `	defer release.Relaxed(&q.tail, tail)
`,
		Tests: "TestSchedulesOfReaders/SPSC", Build: "yield",
	},
	{
		Rule: "SPSC", What: "HeadTime does not look at the head again", File: "spsc.go",
		Old: `		if q.head.Load() != head || q.spanHead.Load() != k {
`,
		New: `		if false {
`,
		Tests: "TestSchedulesOfReaders/SPSC", Build: "yield",
	},
	{
		Rule: "SPSC", What: "Len reads the tail before the head", File: "spsc.go",
		Old: `	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	return int(min(q.tail.Load()-head, q.mask+1))
`,
		New: `	tail := q.tail.Load()
	window()
	return int(min(tail-q.head.Load(), q.mask+1))
`,
		Tests: "TestSchedulesOfReaders/SPSC", Build: "yield",
	},
	{
		Rule: "release", What: "SPSC publishes by a relaxed store", File: "spsc.go",
		Old: `	release.Store(&s.end, tail)
`,
		New: `	release.Relaxed(&s.end, tail)
`,
		Model: "spsc -DPUBLISH_RELAXED",
	},
	{
		Rule: "release", What: "SPSC frees slots by a relaxed store", File: "spsc.go",
		Old: `	release.Store(&q.head, head+m) // pairs with the loads in room and HeadTime
`,
		New: `	release.Relaxed(&q.head, head+m)
`,
		Model: "spsc -DFREE_RELAXED",
	},
}
