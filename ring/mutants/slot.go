package main

import "github.com/seda-go/seda/internal/mutants"

var slot = []mutants.Mutant{
	{
		Rule: "Slot", What: "an event is published before it is written", File: "slot.go",
		Old: `	q.publish(q.fill(pos, v, stamp), pos)
`,
		New: `	q.publish(q.at(pos), pos)
	q.fill(pos, v, stamp)
`,
		Tests: "TestStress/Slot", Build: "race",
	},
	{
		Rule: "Slot", What: "a batch is published by its first slot before the rest", File: "slot.go",
		Old: `	for i := uint64(len(items)) - 1; i > 0; i-- {
		s := q.fill(pos+i, items[i], stamp)
		release.Relaxed(&s.sequence, pos+i+1)
	}
	q.publish(q.fill(pos, items[0], stamp), pos)
`,
		New: `	q.publish(q.fill(pos, items[0], stamp), pos)
	window()
	for i := uint64(len(items)) - 1; i > 0; i-- {
		s := q.fill(pos+i, items[i], stamp)
		release.Relaxed(&s.sequence, pos+i+1)
	}
`,
		Tests: "TestLongBatchAppearsAtOnce", Build: "yield",
	},
	{
		Rule: "Slot", What: "a batch is published before it is written", File: "slot.go",
		Old: `	for i := uint64(len(items)) - 1; i > 0; i-- {
		s := q.fill(pos+i, items[i], stamp)
		release.Relaxed(&s.sequence, pos+i+1)
	}
	q.publish(q.fill(pos, items[0], stamp), pos)
`,
		New: `	for i := uint64(len(items)) - 1; i > 0; i-- {
		release.Relaxed(&q.at(pos+i).sequence, pos+i+1)
	}
	q.publish(q.fill(pos, items[0], stamp), pos)
	for i := uint64(len(items)) - 1; i > 0; i-- {
		q.fill(pos+i, items[i], stamp)
	}
`,
		Tests: "TestStress/Slot", Build: "race",
	},
	{
		Rule: "Slot", What: "the second slot of a batch is left out", File: "slot.go",
		Old: `	for i := uint64(len(items)) - 1; i > 0; i-- {
`,
		New: `	for i := uint64(len(items)) - 1; i > 1; i-- {
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "a slot is freed before it is taken", File: "slot.go",
		Old: `	v = q.empty(s)
	q.free(s, pos)
`,
		New: `	q.free(s, pos)
	v = q.empty(s)
`,
		Tests: "TestStress/Slot", Build: "race",
	},
	{
		Rule: "Slot", What: "a batch is freed before it is taken", File: "slot.go",
		Old: `	for i := uint64(len(dst)) - 1; i > 0; i-- {
		s := q.at(pos + i)
		dst[i] = q.empty(s)
		release.Relaxed(&s.sequence, pos+i+q.mask+1)
	}
	s := q.at(pos)
	dst[0] = q.empty(s)
	q.free(s, pos)
`,
		New: `	for i := uint64(len(dst)) - 1; i > 0; i-- {
		release.Relaxed(&q.at(pos+i).sequence, pos+i+q.mask+1)
	}
	s := q.at(pos)
	dst[0] = q.empty(s)
	q.free(s, pos)
	for i := uint64(len(dst)) - 1; i > 0; i-- {
		dst[i] = q.empty(q.at(pos + i))
	}
`,
		Tests: "TestStress/Slot", Build: "race",
	},
	{
		Rule: "Slot", What: "the last slot of a batch is not taken", File: "slot.go",
		Old: `	for i := uint64(len(dst)) - 1; i > 0; i-- {
`,
		New: `	for i := uint64(len(dst)) - 1; i > 1; i-- {
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "a slot is freed for the lap that ends", File: "slot.go",
		Old: `{ release.Store(&s.sequence, pos+q.mask+1) }`, New: `{ release.Store(&s.sequence, pos) }`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "the rest of a batch is freed for the lap that ends", File: "slot.go",
		Old: `		release.Relaxed(&s.sequence, pos+i+q.mask+1)
`,
		New: `		release.Relaxed(&s.sequence, pos+i)
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "the cursor is stored, not compared and swapped, for a batch", File: "slot.go",
		Old: `		if cursor.CompareAndSwap(pos, pos+n) {
`,
		New: `		if cursor.Store(pos + n); true {
`,
		Tests: "TestSchedules/Slot", Build: "yield",
	},
	{
		Rule: "Slot", What: "the cursor is stored, not compared and swapped, for an event", File: "slot.go",
		Old: `		if cursor.CompareAndSwap(pos, pos+1) {
`,
		New: `		if cursor.Store(pos + 1); true {
`,
		Tests: "TestSchedules/Slot", Build: "yield",
	},
	{
		Rule: "Slot", What: "a claim of an event does not look at the sequence", File: "slot.go",
		Old: `		if q.at(pos).sequence.Load() != pos+offset {`, New: `		if false {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "a claim of an event takes the sequence of the other side", File: "slot.go",
		Old: `		if q.at(pos).sequence.Load() != pos+offset {`, New: `		if q.at(pos).sequence.Load() != pos+1-offset {`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "a claim of an event gives up where another one got in between", File: "slot.go",
		Old: `			if cursor.Load() != pos {
				continue // as in claim
			}
`,
		New:   ``,
		Tests: "TestSchedules/Slot", Build: "yield",
	},
	{
		Rule: "Slot", What: "a claim of a batch gives up where another one got in between", File: "slot.go",
		Old: `			if want > 0 && cursor.Load() != pos {
				continue // somebody else claimed; what we saw was of no one time
			}
`,
		New:   ``,
		Tests: "TestSchedules/Slot", Build: "yield",
	},
	{
		Rule: "Slot", What: "a batch is claimed beyond the slots looked at", File: "slot.go",
		Old: `		if n < least {
			if want > 0`,
		New: `		if n > 0 {
			n = want
		}
		if n < least {
			if want > 0`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "all or nothing takes a part", File: "slot.go",
		Old: `q.claim(&q.tail, 0, uint64(len(items)), uint64(len(items)))`, New: `q.claim(&q.tail, 0, uint64(len(items)), 1)`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "every other slot has no stamp", File: "slot.go",
		Old: `	release.Relaxed(&s.stamp, uint64(stamp))
`,
		New: `	if pos&1 == 0 {
		release.Relaxed(&s.stamp, uint64(stamp))
	}
`,
		Tests: "TestRandomOps",
	},
	{
		Rule: "Slot", What: "HeadTime does not look at the head again", File: "slot.go",
		Old: `		if q.head.Load() != head {
`,
		New: `		if false {
`,
		Tests: "TestSchedulesOfReaders/Slot", Build: "yield",
	},
	{
		Rule: "Slot", What: "Len reads the tail before the head", File: "slot.go",
		Old: `	head := q.head.Load() // first: it cannot be past a tail read later
	window()
	return int(min(q.tail.Load()-head, q.mask+1))
`,
		New: `	tail := q.tail.Load()
	window()
	return int(min(tail-q.head.Load(), q.mask+1))
`,
		Tests: "TestSchedulesOfReaders/Slot", Build: "yield",
	},
	{
		Rule: "release", What: "Slot publishes by a relaxed store", File: "slot.go",
		Old: `{ release.Store(&s.sequence, pos+1) }`, New: `{ release.Relaxed(&s.sequence, pos+1) }`,
		Model: "slot -DWEAK -DRELAXED_FIRST",
	},
	{
		Rule: "release", What: "Slot frees by a relaxed store", File: "slot.go",
		Old: `{ release.Store(&s.sequence, pos+q.mask+1) }`, New: `{ release.Relaxed(&s.sequence, pos+q.mask+1) }`,
		Model: "slot -DWEAK -DRELAXED_FREE",
	},
}
