package main

import "github.com/seda-go/seda/internal/mutants"

var spsc = []mutants.Mutant{
	{
		Rule: "SPSC", What: "a batch is published before it is copied", File: "spsc.go",
		Old: `	q.put(tail, items[:n])
	q.publish(tail, tail+n, stamp)
`,
		New: `	q.publish(tail, tail+n, stamp)
	q.put(tail, items[:n])
`,
		Tests: "TestStress/SPSC", Build: "race",
	},
	{
		Rule: "SPSC", What: "a single event is published before it is written", File: "spsc.go",
		Old: `	q.buf[tail&q.mask] = v
	q.publish(tail, tail+1, stamp)
`,
		New: `	q.publish(tail, tail+1, stamp)
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
		Rule: "SPSC", What: "a single slot is freed before its event is taken", File: "spsc.go",
		Old: `	v = q.takeOne(head)
	release.Store(&q.head, head+1) // pairs with the loads in room and HeadTime
`,
		New: `	release.Store(&q.head, head+1) // pairs with the loads in room and HeadTime
	window()
	v = q.takeOne(head)
`,
		Tests: "TestStress/SPSC", Build: "race",
	},
	{
		Rule: "SPSC", What: "a span of an earlier lap is taken for a new one", File: "spsc.go",
		Old: `	if int64(end-pos) <= 0 {`, New: `	if end == pos {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "a single pop takes any span for one of a single event", File: "spsc.go",
		Old: `	if span.end.Load() != head+1 {`, New: `	if int64(span.end.Load()-head) <= 0 {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "what is left of a span is forgotten", File: "spsc.go",
		Old: `	if end-head > n && end != rest {`, New: `	if false {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "what is left of one of several spans has the time of the first", File: "spsc.go",
		Old: `		if last != head {`, New: `		if false {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "what is left of a span is one event less", File: "spsc.go",
		Old: `		release.Store(&q.rest, end) // pairs`, New: `		release.Store(&q.rest, end-1) // pairs`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "the rest of a span is noted before its time", File: "spsc.go",
		Old: `		release.Relaxed(&q.restStamp, left)
		window()
`,
		New: `		defer func() { window(); release.Relaxed(&q.restStamp, left) }()
`,
		Tests: "TestSchedulesOfReaders/SPSC", Build: "yield",
	},
	{
		Rule: "SPSC", What: "HeadTime takes no notice of what is left of a span", File: "spsc.go",
		Old: `		if int64(q.rest.Load()-head) > 0 {`, New: `		if false {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "SPSC", What: "the stamp is written after the end", File: "spsc.go",
		Old: `	release.Relaxed(&span.stamp, uint64(stamp))
	release.Relaxed(&q.tail, end) // before the span's end: head never passes a tail that others see
	window()
`,
		New: `	release.Relaxed(&q.tail, end)
	window()
	defer release.Relaxed(&span.stamp, uint64(stamp))
`,
		Tests: "TestSchedules/SPSC", Build: "yield",
	},
	{
		Rule: "SPSC", What: "the tail is written after the end", File: "spsc.go",
		Old: `	release.Relaxed(&q.tail, end) // before the span's end: head never passes a tail that others see
`,
		New: `	defer release.Relaxed(&q.tail, end)
`,
		Tests: "TestSchedulesOfReaders/SPSC", Build: "yield",
	},
	{
		Rule: "SPSC", What: "HeadTime does not look at the head again", File: "spsc.go",
		Old:   `		if q.head.Load() == head { // else`,
		New:   `		if true { // else`,
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
		Old: `	release.Store(&span.end, end)
`,
		New: `	release.Relaxed(&span.end, end)
`,
		Model: "spsc -DWEAK -DRELAXED_END",
	},
	{
		Rule: "release", What: "SPSC notes the rest of a span by a relaxed store", File: "spsc.go",
		Old: `		release.Store(&q.rest, end)`, New: `		release.Relaxed(&q.rest, end)`,
		Model: "spsc -DREADER -DWEAK -DRELAXED_REST -DEVENTS=6",
	},
	{
		Rule: "release", What: "SPSC frees slots by a relaxed store", File: "spsc.go",
		Old: `	release.Store(&q.head, head+m) // pairs with the loads in room and HeadTime
`,
		New: `	release.Relaxed(&q.head, head+m)
`,
		Model: "spsc -DWEAK -DRELAXED_HEAD",
	},
}
